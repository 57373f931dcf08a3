"""Bytes that no client library sends: each gets a well-formed answer or a closed connection.

Never HTTP 500, never a hang, never an error in the log, and the next call is answered.
"""

import logging
import select
import socket
import time
from collections.abc import Iterator

import pytest

from mock_server.server import running
from mock_server.settings import Settings
from tests.support.raw import (
    answers_in,
    connect,
    exchange,
    read_all,
    read_one,
    request,
)

FORM = b"text=https://example.com&style_id=food_fryrice"
CHUNKED = b"Transfer-Encoding: chunked"
WHOLE = b"%x\r\n%s\r\n0\r\n\r\n" % (len(FORM), FORM)
BAD_HEADER, BAD_TARGET, NOT_FOUND, OK = "I400HD", "I400RU", "I404NF", None


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with a short time limit for requests."""
    with running(Settings(port=0, database=":memory:", seed=1, request_timeout=0.5)) as server:
        yield server.url


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which the server logged an error."""
    yield
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert said == []


def assert_alive(url: str) -> None:
    assert [answer.status for answer in exchange(url, request())] == [200]


def head(*lines: bytes, body: bytes = b"", target: bytes = b"/submitTask") -> bytes:
    """Return a POST with these header lines and without a Content-Length of our own."""
    return request(target, body, headers=lines, length=False)


def sent(*lines: bytes, target: bytes = b"/submitTask", method: bytes = b"POST") -> bytes:
    """Return a whole request with these header lines."""
    return request(target, FORM, headers=lines, method=method)


LENGTH = b"Content-Length: %d" % len(FORM)

# The sent bytes, and the error code of the only answer; OK for a 200, 450 for a refusal.
SHAPES: dict[str, tuple[bytes, str | int | None]] = {
    # Two contradictory lengths of a body.
    "length and chunked": (head(LENGTH, CHUNKED, body=WHOLE), BAD_HEADER),
    "chunked and length": (head(CHUNKED, LENGTH, body=WHOLE), BAD_HEADER),
    "two lengths": (sent(b"Content-Length: 5"), BAD_HEADER),
    "the same length twice": (sent(LENGTH), BAD_HEADER),
    "a list of lengths": (head(b"Content-Length: 46, 46", body=FORM), BAD_HEADER),
    "a length with a sign": (head(b"Content-Length: +46", body=FORM), BAD_HEADER),
    "a negative length": (head(b"Content-Length: -1"), BAD_HEADER),
    "a length in hex": (head(b"Content-Length: 0x2e", body=FORM), BAD_HEADER),
    "a length past all numbers": (head(b"Content-Length: " + b"9" * 30), BAD_HEADER),
    "an empty length": (head(b"Content-Length:"), BAD_HEADER),
    "chunked, identity": (head(CHUNKED + b", identity", body=WHOLE), BAD_HEADER),
    "identity, chunked": (
        head(b"Transfer-Encoding: identity, chunked", body=WHOLE), OK),
    "gzip": (head(b"Transfer-Encoding: gzip", body=WHOLE), BAD_HEADER),
    "chunked twice": (head(CHUNKED, CHUNKED, body=WHOLE), BAD_HEADER),
    "xchunked": (head(b"Transfer-Encoding: xchunked", body=WHOLE), BAD_HEADER),
    "a tab before chunked": (head(b"Transfer-Encoding:\x0bchunked", body=WHOLE), BAD_HEADER),
    "CHUNKED": (head(b"transfer-encoding: CHUNKED", body=WHOLE), OK),
    # Header lines.
    "a space before the colon": (sent(b"X-A : b"), BAD_HEADER),
    "a length with a space before the colon": (
        head(b"Content-Length : 46", body=FORM), BAD_HEADER),
    "a folded line": (sent(b"X-A: b\r\n c"), BAD_HEADER),
    "a folded first line": (sent().replace(b"\r\nHost", b"\r\n Host", 1), BAD_HEADER),
    "no name": (sent(b": b"), BAD_HEADER),
    "no colon": (sent(b"X-A"), BAD_HEADER),
    "a control character in a name": (sent(b"X\x01A: b"), BAD_HEADER),
    "a high byte in a name": (sent(b"X\xe4: b"), BAD_HEADER),
    "NUL in a value": (sent(b"X-A: a\x00b"), BAD_HEADER),
    "a bare CR in a value": (sent(b"X-A: a\rX-B: c"), BAD_HEADER),
    "bare LFs": (sent().replace(b"\r\n", b"\n"), BAD_HEADER),
    "high bytes in a value": (sent(b"X-A: \xe4\xbd\xa0\xff"), OK),
    "an empty value": (sent(b"X-A:"), OK),
    "1,500 headers": (sent(*[b"a:"] * 1500), OK),
    "9,000 headers": (sent(*[b"X-%d: a" % n for n in range(9000)]), "I413UL"),
    "one endless header": (sent(b"X-A: " + b"a" * 200_000), "I413UL"),
    # Chunks.
    "chunked": (head(CHUNKED, body=WHOLE), OK),
    "chunked, one byte each": (
        head(CHUNKED, body=b"".join(b"1\r\n%c\r\n" % c for c in FORM) + b"0\r\n\r\n"), OK),
    "chunk extensions": (
        head(CHUNKED, body=WHOLE.replace(b"\r\n", b";a=b;c=\"d\"\r\n", 1)), OK),
    "a line break in a chunk extension": (
        head(CHUNKED, body=WHOLE.replace(b"\r\n", b";a=\"\r\n\"\r\n", 1)), BAD_HEADER),
    "trailers": (
        head(CHUNKED, body=WHOLE[:-2] + b"X-T: 1\r\nAuthorization: APPCODE x\r\n\r\n"), OK),
    "no number": (head(CHUNKED, body=b"zz\r\ntext=\r\n0\r\n\r\n"), BAD_HEADER),
    "a negative chunk": (head(CHUNKED, body=b"-5\r\ntext=\r\n0\r\n\r\n"), BAD_HEADER),
    "a chunk of 0x5": (head(CHUNKED, body=b"0x5\r\ntext=\r\n0\r\n\r\n"), BAD_HEADER),
    "a chunk past all numbers": (head(CHUNKED, body=b"f" * 17 + b"\r\ntext="), BAD_HEADER),
    "a chunk longer than it says": (head(CHUNKED, body=b"5\r\ntext=x\r\n0\r\n\r\n"), BAD_HEADER),
    # Request lines.
    "a target that is not ASCII": (sent(target="/submitTask\u4f60".encode()), BAD_TARGET),
    "a query that is not ASCII": (sent(target=b"/submitTask?a=\xff"), BAD_TARGET),
    "NUL in the target": (sent(target=b"/submit\x00Task"), BAD_TARGET),
    "a space in the target": (sent(target=b"/submit Task"), BAD_HEADER),
    "no slash": (sent(target=b"submitTask"), BAD_TARGET),
    "only a query": (sent(target=b"?a=1"), BAD_TARGET),
    "host and port": (sent(target=b"aiart.market.alicloudapi.com:443"), BAD_TARGET),
    "CONNECT": (sent(target=b"a.test:443", method=b"CONNECT"), BAD_TARGET),
    "an absolute target without a host": (sent(target=b"http:///submitTask"), BAD_TARGET),
    "an absolute target with a wrong port": (sent(target=b"http://a:99999/submitTask"), BAD_TARGET),
    "an unknown method": (sent(method=b"BREW"), BAD_HEADER),
    "a method in lower case": (sent(method=b"post"), BAD_HEADER),
    "HTTP/1.0": (sent().replace(b"HTTP/1.1", b"HTTP/1.0"), OK),
    "HTTP/0.9": (b"GET /submitTask\r\n\r\n", NOT_FOUND),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD_HEADER),
    "HTTP/9.9": (sent().replace(b"HTTP/1.1", b"HTTP/9.9"), BAD_HEADER),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64, BAD_HEADER),
    "empty lines first": (b"\r\n\r\n\r\n" + sent(), OK),
    "something after the body": (sent() + b"GE", OK),
    "an upgrade": (sent(b"Connection: Upgrade", b"Upgrade: websocket"), OK),
    "an upgrade to HTTP/2": (
        sent(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AA"), OK),
    "an expectation we do not know": (sent(b"Expect: 200-ok"), OK),
    "a body of nothing": (request(body=b""), 450),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_answered_once_and_the_server_goes_on(url: str, shape: str) -> None:
    data, expected = SHAPES[shape]

    (answer,) = exchange(url, data)

    if isinstance(expected, str):
        assert answer.code == expected
        assert answer.body == b""
        assert answer.header("Connection") in ("close", "keep-alive")
    else:
        assert (answer.status, answer.code) == (expected or 200, None)
    assert_alive(url)


@pytest.mark.parametrize(
    "shape",
    ["length and chunked", "two lengths", "chunked, identity", "a folded line", "no number"],
)
def test_what_stands_behind_a_doubtful_request_is_never_taken_for_another(
    url: str, shape: str
) -> None:
    data, code = SHAPES[shape]

    answers = exchange(url, data + sent(target=b"/taskList"))

    assert [answer.code for answer in answers] == [code]
    assert answers[0].header("Connection") == "close"


@pytest.mark.parametrize(
    "data",
    [b"", b"P", b"POST /submitTask HTTP/1.1\r\n", sent()[:-1], head(LENGTH),
     head(CHUNKED, body=b"5\r\nte"), head(CHUNKED, body=b"0\r\n"), b"\r\n" * 50],
    ids=["nothing", "a letter", "a line", "all but a byte", "a head", "half a chunk",
         "no last line", "empty lines"],
)  # fmt: skip
@pytest.mark.parametrize("half_close", [True, False], ids=["and goes", "and waits"])
def test_half_a_request_gets_a_closed_connection(
    url: str, data: bytes, *, half_close: bool
) -> None:
    assert exchange(url, data, half_close=half_close) == []
    assert_alive(url)


def test_pipelined_requests_are_answered_in_order(url: str) -> None:
    targets = [b"/taskList", b"/nowhere", b"/queryTask", b"/_mock/livez", b"/submitTask"] * 20
    answers = exchange(url, b"".join(sent(target=target) for target in targets))

    assert [answer.status for answer in answers] == [200, 404, 450, 403, 200] * 20


def test_after_a_broken_request_in_a_pipeline_nothing_more_is_answered(url: str) -> None:
    answers = exchange(url, sent() * 2 + sent(b"X-A : b") + sent())

    assert [answer.status for answer in answers] == [200, 200]


@pytest.mark.parametrize("body_now", [True, False])
def test_who_expects_100_is_told_to_go_on_unless_it_already_has(
    url: str, *, body_now: bool
) -> None:
    lines = (LENGTH, b"Expect: 100-continue")
    with connect(url) as connection:
        connection.sendall(head(*lines, body=FORM if body_now else b""))
        answer = read_one(connection)
        if not body_now:
            assert (answer.status, answer.headers) == (100, ())
            connection.sendall(FORM)
            answer = read_one(connection)
        assert answer.status == 200
    assert_alive(url)


def test_a_client_that_has_said_everything_still_gets_its_answers(url: str) -> None:
    with connect(url) as connection:
        connection.sendall(sent() + sent(target=b"/taskList"))
        connection.shutdown(socket.SHUT_WR)
        answers = answers_in(read_all(connection))

    assert [answer.status for answer in answers] == [200, 200]


def test_a_slow_sender_is_cut_off_however_steadily_it_sends(url: str) -> None:
    with connect(url) as connection:
        deadline = time.monotonic() + 10
        for byte in head(LENGTH, *[b"X-Slow: 1"] * 1000):
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                break
            # Waits for the end of the connection, and sends more if it does not come yet.
            if select.select([connection], [], [], 0.02)[0]:
                break
            assert time.monotonic() < deadline
        assert read_all(connection) == b""
    assert_alive(url)
