"""`artqr-mock check`: generated calls against a running server, within the budget."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from requests import PreparedRequest, Request

from mock_server.admin_client import AdminClient
from mock_server.checker.budget import Budget
from mock_server.checker.order import CheckCredentials
from mock_server.checker.transport import Who, Wire, authenticate
from mock_server.contract import load_catalogue
from mock_server.domain.auth.signatures import verify
from mock_server.domain.call.calls import Call
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.observed import toml
from tests.support.live import Live, live
from tests.support.processes import run, serving
from tests.support.stubs import answering


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


def account(server: Live, **wish: Any) -> dict[str, Any]:
    with AdminClient(server.url) as admin:
        made: dict[str, Any] = admin.post("/accounts", {"credits": 1000, **wish})
    return made


def calls(server: Live, made: dict[str, Any]) -> list[dict[str, Any]]:
    with AdminClient(server.url) as admin:
        return admin.account(made["id"]).calls()


def failures(junit: Path) -> int:
    """Return the failures of a JUnit report."""
    found = re.search(r'failures="([0-9]+)"', junit.read_text("utf-8"))
    assert found
    return int(found[1])


@contextmanager
def stub(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """Run a server with one answer for everything; yields its address and the requested paths."""
    asked: list[str] = []

    def answer(self: BaseHTTPRequestHandler) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        asked.append(self.path)
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    methods = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
    with answering(answer, methods) as url:
        yield url, asked


@pytest.mark.slow
@pytest.mark.parametrize("way", ["app code", "signature"])
def test_the_simulator_keeps_its_contract_under_both_ways_of_authentication(
    server: Live, tmp_path: Path, way: str
) -> None:
    made = account(server)
    named = ["--app-code", made["app_code"]]
    if way == "signature":
        named = ["--key", made["app_key"], "--secret", made["app_secret"]]
    reports = ["--junit", "junit.xml", "--har", "calls.har"]

    limits = ["--max-calls", "40", "--mode", "positive"]
    done = run("check", server.url, *named, *limits, *reports, cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "stopped: 40 calls were made" in done.stdout
    met = calls(server, made)
    assert 30 <= len(met) <= 40
    errors = {call["error_code"] for call in met if call["operation"]}
    assert errors == {None}, "the gateway has nothing against what fits the document"
    assert failures(tmp_path / "junit.xml") == 0
    recorded = (tmp_path / "calls.har").read_text("utf-8")
    assert len(json.loads(recorded)["log"]["entries"]) >= 30
    for secret in (made["app_code"], made["app_secret"]):
        assert secret not in recorded + done.stdout + done.stderr


@pytest.mark.slow
def test_the_money_is_never_overspent(server: Live, tmp_path: Path) -> None:
    made = account(server)

    done = run("check", server.url, "--app-code", made["app_code"], "--max-yuan", "0.90",
               "--offer", "1000", "--mode", "positive", cwd=tmp_path)  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "stopped: one more call could cost more than 0.90 yuan" in done.stdout
    charged = [call for call in calls(server, made) if call["charged"]]
    assert len(charged) == 3
    assert sum(call["fen"] for call in charged) <= 90


@pytest.mark.slow
@pytest.mark.parametrize("way", ["app code", "signature"])
def test_a_server_is_checked_at_the_paths_that_were_observed(way: str, tmp_path: Path) -> None:
    file = tmp_path / "observed.toml"
    paths = {"query_task": "/getTask", "list_tasks": "/task/list"}
    file.write_text(toml([("paths", paths)]), "utf-8")
    with live(observed=(str(file),)) as moved:
        made = account(moved)
        named = ["--app-code", made["app_code"]]
        if way == "signature":
            named = ["--key", made["app_key"], "--secret", made["app_secret"]]
        limits = ["--max-calls", "40", "--mode", "positive"]

        told = run("check", moved.url, *named, *limits, "--observed", str(file), cwd=tmp_path)
        met = calls(moved, made)
        alone = run("check", moved.url, *named, *limits, cwd=tmp_path)

    assert told.returncode == 0, told.stdout + told.stderr
    assert {call["path"] for call in met} == {"/submitTask", "/getTask", "/task/list"}
    assert {call["error_code"] for call in met} == {None}
    assert alone.returncode == 1, alone.stdout
    assert "POST /queryTask" in alone.stdout


@pytest.mark.slow
def test_a_server_that_breaks_the_contract_is_found(tmp_path: Path) -> None:
    with stub(200, b'{"task": 1}') as (url, asked):
        done = run("check", url, "--max-calls", "20", "--junit", "j.xml", cwd=tmp_path)

    assert done.returncode == 1, done.stdout
    assert len(asked) <= 20
    assert failures(tmp_path / "j.xml") > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "fails"),
    [
        ({}, False),
        ({"envelope": "bare", "charge.polls": "submit-only"}, False),
        ({"envelope": "showapi"}, True),
        ({"envelope": "bare", "task_id.form": "digits-19"}, True),
        ({"gateway.profile": "vpc"}, False),
        ({"body.type": "any"}, True),
    ],
    ids=str,
)
def test_a_server_is_held_to_the_words_that_are_named_and_to_no_others(
    server: Live, tmp_path: Path, words: dict[str, str], *, fails: bool
) -> None:
    readings = {"envelope": "bare", "charge.polls": "submit-only", "body.type": "form-only"}
    made = account(server, readings=readings)
    named = [f"--reading={reading}={word}" for reading, word in words.items()]

    done = run("check", server.url, "--app-code", made["app_code"], "--max-calls", "25",
               "--mode", "positive", *named, cwd=tmp_path)  # fmt: skip

    assert done.returncode == int(fails), done.stdout + done.stderr


@pytest.mark.slow
def test_an_older_gateway_is_taken_where_it_is_named_or_left_open(
    server: Live, tmp_path: Path
) -> None:
    made = account(server, readings={"gateway.profile": "classic"})
    codes = {}

    for words in ([], ["--reading=gateway.profile=classic"], ["--reading=gateway.profile=vpc"]):
        done = run("check", server.url, "--app-code", made["app_code"], "--max-calls", "40",
                   "--mode", "negative", *words, cwd=tmp_path)  # fmt: skip
        codes[" ".join(words)[-7:]] = done.returncode

    assert codes == {"": 0, "classic": 0, "ile=vpc": 1}


@pytest.mark.slow
def test_a_server_of_this_machine_is_trusted_by_its_own_authority(tmp_path: Path) -> None:
    nothing = {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}

    with serving(tmp_path, "--tls") as running:
        done = run("check", running.url, "--max-calls", "5", cwd=tmp_path, **nothing)

    assert done.returncode == 0, done.stdout
    assert running.url.startswith("https:")


def test_a_report_that_cannot_be_written_costs_no_call(server: Live, tmp_path: Path) -> None:
    made = account(server)

    for option in ("--junit", "--har"):
        done = run("check", server.url, "--app-code", made["app_code"], option, "none/x",
                   cwd=tmp_path)  # fmt: skip
        assert done.returncode == 3
        assert "none/x: No such file or directory" in done.stderr

    assert calls(server, made) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["http://api.example.com"], "set the most they may cost with --max-yuan"),
        (["http://api.example.com", "--max-yuan", "1"], "name the credentials"),
        (["ftp://127.0.0.1"], "is not an address"),
        (["nothing"], "is not an address"),
        (["http://127.0.0.1:99999"], "is not an address"),
        (["http://127.0.0.1:1", "--key", "k"], "--key needs --secret"),
        (["http://127.0.0.1:1", "--offer", "51"], "valid: 1, 50, 200"),
        (["http://127.0.0.1:1", "--max-yuan", "0.005"], "is not an amount of yuan"),
        (["http://127.0.0.1:1", "--max-yuan", "-1"], "is not an amount of yuan"),
        (["http://127.0.0.1:1", "--max-yuan", "nan"], "is not an amount of yuan"),
        (["http://127.0.0.1:1", "--max-calls", "0"], "--max-calls"),
        (["http://127.0.0.1:1", "--reading", "envelop=bare"], "did you mean 'envelope'?"),
        (["http://127.0.0.1:1", "--reading", "envelope=none"], "takes 'showapi' or 'bare'"),
        (["http://127.0.0.1:1", "--reading", "envelope"], "write ID=WORD"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_sent(
    tmp_path: Path, words: list[str], says: str
) -> None:
    done = run("check", *words, cwd=tmp_path)

    assert done.returncode == 2
    assert says in done.stderr


def test_where_nobody_answers_nothing_could_run(tmp_path: Path) -> None:
    done = run("check", "http://127.0.0.1:1", cwd=tmp_path)

    assert done.returncode == 3
    assert "no server answers at 127.0.0.1:1" in done.stderr


DEAD_PROXY = "http://user:s3cret@127.0.0.1:1"
PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104 - a place to call
def test_a_server_of_this_machine_is_reached_without_the_proxy(tmp_path: Path, host: str) -> None:
    with stub(404, b"{}") as (url, asked):
        place = url.replace("127.0.0.1", host)
        done = run(
            "check", place, "--max-calls", "3", "--max-yuan", "1", "--app-code", "x", cwd=tmp_path,
            **dict.fromkeys(PROXIES, DEAD_PROXY),
        )  # fmt: skip

    assert len(asked) == 3, done
    assert "proxy" not in done.stdout + done.stderr


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_where_a_proxy_is_on_the_way_the_message_names_it_without_its_password(
    tmp_path: Path, scheme: str
) -> None:
    done = run(
        "check", f"{scheme}://qr.test", "--max-yuan", "1", "--app-code", "x", cwd=tmp_path,
        **dict.fromkeys(PROXIES, DEAD_PROXY),
    )  # fmt: skip

    assert done.returncode == 3
    assert "no server answers at qr.test" in done.stderr
    assert "(through the proxy http://user:***@127.0.0.1:1)" in done.stderr


def test_what_goes_through_a_proxy_and_has_no_answer_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, DEAD_PROXY)
    wire = Wire(
        credentials=CheckCredentials(app_code="x"),
        budget=Budget(most_calls=2, most_fen=None, price_fen=1),
    )
    far = wire.call(Request("POST", "http://qr.test/submitTask").prepare())
    near = wire.call(Request("POST", "http://127.0.0.1:1/submitTask").prepare())

    assert far.error.endswith("(through the proxy http://user:***@127.0.0.1:1)")
    assert "proxy" not in near.error


def test_credentials_in_the_address_are_refused(tmp_path: Path) -> None:
    done = run("check", "http://u:密码@127.0.0.1:1", cwd=tmp_path)

    assert done.returncode == 2
    assert "leave user and password out" in done.stderr


def prepared(body: Any = None, **headers: str) -> PreparedRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = "http://127.0.0.1:3040/submitTask?b=2&a=%E7%A0%81"
    return Request("POST", url, headers=named, data=body).prepare()


@pytest.mark.parametrize(
    "request_",
    [
        prepared({"text": "码 +", "style_id": ""}),
        prepared(b'{"text":"x"}', Content_Type="application/json"),
        prepared({"text": "x"}, X_Ca_Signature_Headers="x"),
        prepared(),
    ],
)
def test_what_leaves_is_signed_as_the_gateway_checks_it(request_: PreparedRequest) -> None:
    own = CheckCredentials(key="200000001", secret="a secret")
    authenticate(request_, own, Who.OWN)
    body = request_.body
    _, _, query = str(request_.url).partition("?")

    call = Call(
        method="POST",
        path="/submitTask",
        query=query,
        headers=tuple((name.lower(), str(value)) for name, value in request_.headers.items()),
        body=body if isinstance(body, bytes) else str(body or "").encode(),
    )

    verify(call, "a secret", DEFAULT_READINGS)


def test_the_prices_are_those_of_the_list() -> None:
    assert {each.credits for each in load_catalogue().offers.values()} >= {1, 50, 1000}
