"""`artqr-mock probe` over real sockets: budgets, bounds, files, and the way to `serve`."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mock_server.actions.accounts import readings
from mock_server.cli.main import main
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.urls import parse_server
from mock_server.probe.http_transport import MOST_BYTES, HttpTransport
from mock_server.probe.request import ProbeRequest
from mock_server.probe.transport import LostError
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.stubs import answering

TRUTH = {"envelope": "bare", "refusal.status": "200", "task.words": "numbers"}


@contextmanager
def hidden(values: dict[str, str]) -> Iterator[tuple[str, list[bytes]]]:
    """Serve a world behind a plain proxy that hides the admin API; gives its address."""
    with running(Settings(port=0, database=":memory:", seed=5)) as server:
        server.simulator.database.run(
            lambda tx: readings.change(tx, server.simulator, DEFAULT_ID, values)
        )
        place = HttpTransport(parse_server(server.url))
        seen: list[bytes] = []

        def relay(handler: BaseHTTPRequestHandler) -> None:
            if handler.path.startswith("/_mock"):
                handler.send_error(404)
                return
            body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
            path, _, query = handler.path.partition("?")
            seen.append(body)
            answer = place.send(ProbeRequest(
                method=handler.command, path=path, query=query, body=body,
                headers=tuple((k, v) for k, v in handler.headers.items()
                              if k.lower() not in ("content-length", "connection")),
            ))  # fmt: skip
            handler.send_response(answer.status)
            for name, value in answer.headers.items():
                if name not in ("content-length", "connection", "date", "server"):
                    handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)

        with answering(relay, ["GET", "POST"]) as url:
            yield url, seen


def answer_empty(handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str]) -> None:
    """Answer without a body."""
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": "0"}.items():
        handler.send_header(name, value)
    handler.end_headers()


def refuse(handler: BaseHTTPRequestHandler, status: int, code: str, message: str) -> None:
    """Answer as the gateway does where it refuses a call."""
    headers = {"X-Ca-Error-Code": code, "X-Ca-Error-Message": message}
    answer_empty(handler, status, headers)


def probe(folder: Path, url: str, *words: str) -> Result:
    """Run the command in a folder."""
    files = ["--file", str(folder / "p.jsonl"), "--observed", str(folder / "o.toml")]
    return CliRunner().invoke(main, ["probe", url, *files, "--patience", "0s", *words])


def test_observed_readings_are_true_and_served(tmp_path: Path) -> None:
    """What the probe finds is what the world is, and a server with the file answers like it."""
    with hidden(TRUTH) as (url, _):
        done = probe(tmp_path, url, "--max-yuan", "3", "--yes")
    assert done.exit_code == 0, done.output
    content = tomllib.loads((tmp_path / "o.toml").read_text("utf-8"))
    found = {row["reading"]: row["value"] for row in content["observed"]}
    assert found["envelope"] == "bare"
    assert found["refusal.status"] == "200"
    assert len(found) > 15
    assert all(row["why"] for row in content["open"])
    settings = Settings(port=0, database=":memory:", observed=(str(tmp_path / "o.toml"),))
    with running(settings) as server:
        assert server.default.readings.envelope == "bare"
        answer = HttpTransport(parse_server(server.url)).send(_empty_query("mock-demo"))
    assert answer.status == 200
    assert "showapi_res_body" not in answer.body.decode()


def _empty_query(code: str) -> ProbeRequest:
    return ProbeRequest(
        path="/queryTask", headers=(("Host", "x"), ("Authorization", f"APPCODE {code}"))
    )


def test_files_have_no_credential(tmp_path: Path) -> None:
    """Neither the file of the probe nor observed.toml shows the app code."""
    with hidden({"appcode.in_query": "accepted"}) as (url, _):
        done = probe(tmp_path, url, "--max-yuan", "1", "--yes", "--app-code", "mock-demo")
    text = (tmp_path / "p.jsonl").read_text("utf-8") + (tmp_path / "o.toml").read_text("utf-8")
    assert done.exit_code == 0, done.output
    assert "mock-demo" not in text + done.output


def test_a_dry_run_makes_no_call(tmp_path: Path) -> None:
    """It prints the plan and the highest price, and writes nothing."""
    with hidden({}) as (url, seen):
        done = probe(tmp_path, url, "--max-yuan", "1", "--dry-run")
    assert "The highest possible price is 0.90 yuan: 3 credits at 0.30 yuan" in done.output
    assert "list the tasks" in done.output
    assert seen == []
    assert list(tmp_path.iterdir()) == []


def test_it_asks_before_the_first_call(tmp_path: Path) -> None:
    """Whoever says no pays nothing."""
    with hidden({}) as (url, seen):
        done = CliRunner().invoke(
            main, ["probe", url, "--max-yuan", "1", "--file", str(tmp_path / "p.jsonl"),
                   "--observed", str(tmp_path / "o.toml")], input="n\n",
        )  # fmt: skip
    assert done.exit_code == 1
    assert seen == []


def test_continue_pays_for_nothing_twice(tmp_path: Path) -> None:
    """A second run knows what the first one found, and makes none of its calls again."""
    with hidden({}) as (url, seen):
        probe(tmp_path, url, "--max-yuan", "1", "--yes")
        first = list(seen)
        again = probe(tmp_path, url, "--continue", "--yes")
        assert again.exit_code == 0, again.output
        assert seen == first
        refused = probe(tmp_path, url, "--max-yuan", "1", "--yes")
    assert "is there already" in refused.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--max-yuan"),
        (["--max-yuan", "1", "--app-key", "1"], "--app-key needs --app-secret"),
        (["--max-yuan", "1", "--query-path", "no path"], "is no path"),
        (["--max-yuan", "1", "--credit-price", "0"], "costs more than nothing"),
        (["--continue"], "cannot read"),
    ],
)
def test_wrong_use(tmp_path: Path, words: list[str], says: str) -> None:
    """The message says what to do; no call is made."""
    done = probe(tmp_path, "http://127.0.0.1:9", *words, "--yes")
    assert done.exit_code == 2
    assert says in done.output


def test_no_network(tmp_path: Path) -> None:
    """A server that is not there costs nothing, and is exit code 3."""
    done = probe(tmp_path, "http://127.0.0.1:9", "--max-yuan", "1", "--yes")
    assert done.exit_code == 3
    assert "no call was answered" in done.output


def test_an_app_code_that_is_refused(tmp_path: Path) -> None:
    """The probe stops, says why, and a script can see it."""
    with hidden({}) as (url, _):
        done = probe(tmp_path, url, "--max-yuan", "1", "--yes", "--app-code", "0123456789abcdef")
    assert done.exit_code == 3
    assert "stopped: the gateway refuses the account: A400AC Invalid AppCode" in done.output
    assert "at most 0.00 yuan" in done.output


def test_a_changed_file(tmp_path: Path) -> None:
    """A file that is no probe's is refused."""
    (tmp_path / "p.jsonl").write_text(
        '{"kind": "probe", "url": "http://127.0.0.1:9/"}\nnonsense\n{}\n'
    )
    done = probe(tmp_path, "http://127.0.0.1:9", "--continue", "--yes")
    assert done.exit_code == 2
    assert "line 2 is not JSON" in done.output


def transport(url: str, most_s: float = 20) -> HttpTransport:
    """Return the way to a stub."""
    return HttpTransport(parse_server(url), most_s)


REQUEST = ProbeRequest(path="/queryTask", headers=(("Host", "x"),), body=b"a=b")


def test_answers_without_end_are_cut() -> None:
    """An answer over the bound is lost, however it is sent."""

    def large(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100 * MOST_BYTES // 65536):
            handler.wfile.write(b"x" * 65536)

    with answering(_quietly(large), ["POST"]) as url, pytest.raises(LostError, match="larger than"):
        transport(url).send(REQUEST)


def test_answers_that_drip_are_cut() -> None:
    """An answer that takes too long is lost, even if it never pauses for long."""
    import threading  # noqa: PLC0415

    over = threading.Event()

    def drips(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.02):
            handler.wfile.write(b"x")

    with answering(_quietly(drips), ["POST"]) as url:
        with pytest.raises(LostError, match=r"no whole answer within 0.5 s"):
            transport(url, most_s=0.5).send(REQUEST)
        over.set()


def test_redirects_are_not_followed() -> None:
    """The server that was named is asked, and no other."""
    elsewhere: list[str] = []

    def other(handler: BaseHTTPRequestHandler) -> None:
        elsewhere.append(handler.path)

    with answering(other, ["GET", "POST"]) as target:

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            answer_empty(handler, 302, {"Location": target})

        with answering(redirect, ["POST"]) as url:
            answer = transport(url).send(REQUEST)
    assert answer.status == 302
    assert elsewhere == []


def test_pictures_of_other_machines_are_not_fetched() -> None:
    """A server on this machine names no address elsewhere that is then fetched."""
    with pytest.raises(LostError, match="another machine"):
        transport("http://127.0.0.1:9").fetch("http://pictures.invalid/1.png")


def _quietly(answer: Any) -> Any:
    def answered(handler: BaseHTTPRequestHandler) -> None:
        try:
            answer(handler)
        except OSError:
            handler.close_connection = True

    return answered


def test_each_call_is_written_before_it_is_sent(tmp_path: Path) -> None:
    """At the moment of each call its line is in the file."""
    lines: list[int] = []

    def count(handler: BaseHTTPRequestHandler) -> None:
        written = (tmp_path / "p.jsonl").read_text("utf-8").splitlines()
        lines.append(sum(json.loads(line)["kind"] == "call" for line in written))
        refuse(handler, 404, "I404NF", "API not found")

    with answering(count, ["GET", "POST"]) as url:
        known = ("--query-path", "/q", "--list-path", "/l")
        probe(tmp_path, url, "--max-yuan", "1", "--yes", *known)
    assert lines == list(range(1, len(lines) + 1))


def test_diff(tmp_path: Path) -> None:
    """The command shows the claims by verdict, and writes a page."""
    (tmp_path / "o.toml").write_text('[[observed]]\nreading = "ret_code.type"\nvalue = "string"\n')
    done = CliRunner().invoke(
        main, ["diff", str(tmp_path / "o.toml"), "--markdown", str(tmp_path / "page.md")]
    )
    assert done.exit_code == 0
    assert "ret-code-type  ret_code.type (string, not integer)" in done.output
    assert "Refuted: 1" in (tmp_path / "page.md").read_text("utf-8")


def test_unknown_paths_are_found_for_free(tmp_path: Path) -> None:
    """A query at another path is found among the likely ones, and written down."""
    paths: list[str] = []

    def gateway(handler: BaseHTTPRequestHandler) -> None:
        paths.append(handler.path)
        is_right = handler.path in ("/taskQuery", "/queryTaskList", "/submitTask")
        code, status = ("A400AC", 400) if is_right else ("I404NF", 404)
        refuse(handler, status, code, "no")

    with answering(gateway, ["GET", "POST"]) as url:
        probe(tmp_path, url, "--max-yuan", "1", "--yes")
    content = tomllib.loads((tmp_path / "o.toml").read_text("utf-8"))
    assert content["paths"]["query_task"] == "/taskQuery"
    assert content["paths"]["list_tasks"] == "/queryTaskList"
    assert content["probe"]["at_most_yuan"] == "0.00"


def test_no_likely_path(tmp_path: Path) -> None:
    """If no likely path is one, the probe names the options, and makes no paid call."""

    def gateway(handler: BaseHTTPRequestHandler) -> None:
        answer_empty(handler, 404, {"X-Ca-Error-Code": "I404NF"})

    with answering(gateway, ["GET", "POST"]) as url:
        done = probe(tmp_path, url, "--max-yuan", "1", "--yes")
    assert done.exit_code == 2
    assert "--query-path and --list-path" in done.output
    assert "the last answer was: HTTP 404 I404NF" in done.output


@pytest.mark.parametrize("words", [(), ("--query-path", "/q", "--list-path", "/l")])
def test_a_redirect_to_another_host_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Nobody else is called, and the message says where it would have gone."""

    def redirect(handler: BaseHTTPRequestHandler) -> None:
        answer_empty(handler, 301, {"Location": "https://elsewhere.invalid/\x1b[31m"})

    with answering(redirect, ["GET", "POST"]) as url:
        done = probe(tmp_path, url, "--max-yuan", "1", "--yes", *words)
    assert "a redirect to https://elsewhere.invalid/" in done.output
    assert "\x1b" not in done.output
    assert done.exit_code == (3 if words else 2)
