"""The listener of a probe over real sockets: its tunnel, its bounds, and what strangers send."""

import json
import socket
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mock_server.actions import clock
from mock_server.actions.accounts import readings
from mock_server.actions.clock import Change
from mock_server.cli.main import main
from mock_server.delivery import qr_reader
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.urls import parse_server
from mock_server.domain.usage_errors import UsageError
from mock_server.probe import moves
from mock_server.probe.callbacks import ADDRESS, LOGIN, SENT, Heard
from mock_server.probe.http_transport import HttpTransport, RealClock
from mock_server.probe.listener import MOST_ATTEMPTS, MOST_BYTES, HttpListener, listening
from mock_server.probe.request import ProbeRequest
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.stubs import answering

HERE = ("127.0.0.1", 0)
TRUTH = {"callback.delivery": "at-least-once", "address.login": "ignored"}


@contextmanager
def listener(url: str = "") -> Iterator[HttpListener]:
    """Listen on a free port."""
    with listening(HERE, url, "token", RealClock()) as opened:
        yield opened


def way(url: str) -> HttpTransport:
    return HttpTransport(parse_server(url))


def post(opened: HttpListener, path: str, body: bytes, *headers: tuple[str, str]) -> int:
    request = ProbeRequest(path=path, headers=(("Host", "x"), *headers), body=body)
    return way(opened.here).send(request).status


def test_the_first_attempt_is_refused_and_the_next_is_acknowledged() -> None:
    """So a service shows whether it sends again."""
    body = b'{"task_id": "a", "resList": []}'
    with listener() as opened:
        path = "/token" + moves.CALLBACK_PATH
        login = ("Authorization", moves.CALLBACK_AUTHORIZATION)
        assert [post(opened, path, body, login) for _ in range(3)] == [500, 200, 200]
        heard = opened.hear(0)
        assert heard is not None
        assert (heard.target, heard.login) == (moves.CALLBACK_PATH, SENT)
        assert (heard.task_id, heard.body) == ("a", body)


def test_strangers_are_not_heard() -> None:
    """Without the token nothing is kept; what is too large is not read."""
    with listener() as opened:
        assert post(opened, "/odd/", b'{"task_id": "a"}') == 404
        assert post(opened, "/token/", b"x" * (MOST_BYTES + 1)) == 413
        assert opened.hear(0) is None
        for number in range(MOST_ATTEMPTS + 1):
            opened.take(_heard(number))
        assert opened.take(_heard(0)) == 429
        assert post(opened, "/token/", b"[" * 60_000) == 429


def _heard(number: int) -> Heard:
    body = b'{"task_id": %d}' % number
    return Heard(at=0, target="/", login="absent", content_type="", body=body)


def test_a_body_in_pieces_is_read() -> None:
    """Some clients send the body in chunks."""
    with listener() as opened, closing(socket.create_connection(_place(opened))) as sock:
        sock.sendall(b"POST /token/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"5\r\n{\"tas\r\nc\r\nk_id\": \"b\"} \r\n0\r\n\r\n")  # fmt: skip
        assert b" 500 " in sock.recv(100)
        heard = opened.hear(0)
    assert heard is not None
    assert heard.task_id == "b"


def _place(opened: HttpListener) -> tuple[str, int]:
    place = parse_server(opened.here)
    return place.host, place.port


def test_the_source_image_says_what_the_model_takes_it_for() -> None:
    """Its text is in GB18030."""
    with listener() as opened:
        request = ProbeRequest(method="GET", path="/token" + moves.IMAGE_PATH,
                               headers=(("Host", "x"),))  # fmt: skip
        answer = way(opened.url).send(request)
    read, said = qr_reader.read(answer.body), moves.submit(moves.IMAGE).image_read
    assert (read.content, read.charset) == (said.content, said.charset)


def test_a_tunnel_is_tried_before_anything_is_paid() -> None:
    """One that changes something is known, and one that leads elsewhere is refused."""
    with listener() as opened:
        assert opened.check(way(opened.url)) == []

    def relay(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        post(opened, "/token/~probe/", body)
        handler.send_response(200)
        handler.end_headers()

    with answering(relay, ["POST"]) as tunnel, listener(tunnel) as opened:
        assert opened.check(way(tunnel)) == [ADDRESS, LOGIN]
    with (
        answering(lambda handler: handler.send_error(502), ["POST"]) as tunnel,
        listener(tunnel) as opened,
        pytest.raises(UsageError, match=r"does not reach the listener \(HTTP 502\)"),
    ):
        opened.check(way(tunnel))


def probe(folder: Path, url: str, *words: str) -> Result:
    files = ["--file", str(folder / "p.jsonl"), "--observed", str(folder / "o.toml")]
    return CliRunner().invoke(main, ["probe", url, *files, "--yes", "--max-yuan", "6", *words])


def test_callbacks_of_a_real_server_are_settled(tmp_path: Path) -> None:
    """What the service calls arrives, is written down, and settles what it shows."""
    with running(Settings(port=0, database=":memory:", seed=5)) as server:
        simulator = server.simulator

        def hide(tx: object) -> None:
            readings.change(tx, simulator, DEFAULT_ID, TRUTH)  # type: ignore[arg-type]
            clock.change(tx, simulator, DEFAULT_ID, Change(rate=1000))  # type: ignore[arg-type]

        simulator.database.run(hide)
        done = probe(
            tmp_path, server.url, "--callback-listen", "127.0.0.1:0", "--patience", "100ms"
        )
    assert done.exit_code == 0, done.output
    content = tomllib.loads((tmp_path / "o.toml").read_text("utf-8"))
    found = {row["reading"]: row for row in content["observed"]}
    assert {name: found[name]["value"] for name in TRUTH} == TRUTH
    assert found["address.target"]["value"] == "as-written"
    assert "listen for the callback" in found["callback.delivery"]["request"]
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert kinds.count("listener") == 1
    assert kinds.count("callback") >= 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--callback-listen", "nonsense"], "write HOST:PORT"),
        (["--callback-url", "ftp://x"], "--callback-url: not an http://"),
        (["--callback-url", "http://a:b@x/"], "leave out user, password"),
        (["--callback-url", "http://127.0.0.1:9/", "--callback-listen", "127.0.0.1:0"],
         "no callback can arrive"),
    ],
)  # fmt: skip
def test_wrong_use(tmp_path: Path, words: list[str], says: str) -> None:
    """The message says what to do; no call is made."""
    done = probe(tmp_path, "http://127.0.0.1:9", *words)
    assert done.exit_code == 2
    assert says in done.output


def test_silence_of_a_moment_means_nothing(tmp_path: Path) -> None:
    """Callbacks of a service elsewhere need patience."""
    done = probe(tmp_path, "http://vendor.invalid", "--app-code", "x", "--dry-run", "--patience",
                 "1s", "--callback-url", "https://tunnel.invalid")  # fmt: skip
    assert done.exit_code == 2
    assert "--patience: callbacks need 10s or more" in done.output


def test_a_remote_service_cannot_call_this_machine(tmp_path: Path) -> None:
    """A tunnel is needed."""
    done = probe(tmp_path, "http://vendor.invalid", "--app-code", "x", "--dry-run",
                 "--callback-listen", "127.0.0.1:3041")  # fmt: skip
    assert done.exit_code == 2
    assert "name the public address of your tunnel" in done.output
