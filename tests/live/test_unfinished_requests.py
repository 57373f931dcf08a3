"""A request that never becomes whole gets no answer, and a row in the journal that says why."""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from click.testing import CliRunner

from mock_server.cli.main import main
from mock_server.web.serving.protocol import MAX_HEAD_BYTES
from tests.support.live import Live, live
from tests.support.processes import until
from tests.support.raw import connect, exchange, read_all, request

FORM = b"text=https://example.com&style_id=food_fryrice"
CHUNKED = b"Transfer-Encoding: chunked"
NOBODY = b"POST /submitTask HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server that gives a request little time."""
    with live(request_timeout=0.4) as running:
        yield running


def rows(server: Live, account: str | None) -> list[dict[str, Any]]:
    """The calls of an account, or of nobody; a thousand of them at most."""
    path = f"/accounts/{account}/calls" if account else "/calls"
    found: list[dict[str, Any]] = server.admin.get(f"{path}?limit=1000")["calls"]
    return found


def next_row(server: Live, account: str | None, data: bytes, **how: Any) -> dict[str, Any]:
    """Send bytes that get no answer; return the one row that they leave."""
    before = len(rows(server, account))
    assert exchange(server.url, data, **how) == []
    until(lambda: len(rows(server, account)) > before)
    (row,) = rows(server, account)[before:]
    return row


def head(*lines: bytes, body: bytes = b"") -> bytes:
    return request(b"/submitTask", body, headers=lines, length=False)


UNFINISHED: dict[str, tuple[bytes, str, str]] = {
    "a length too long": (head(b"Content-Length: 60", body=FORM), "default", "46 of 60 bytes came"),
    "one byte short": (request()[:-1], "default", "45 of 46 bytes came"),
    "no body": (head(b"Content-Length: 60"), "default", "0 of 60 bytes came"),
    "a length in characters": (
        head(b"Content-Length: 9", body=b"text=%E7"), "default", "8 of 9 bytes came",
    ),
    "a large body": (
        head(b"Content-Length: 90000", body=b"x" * 70_000), "default", "70000 of 90000 bytes came",
    ),
    "chunks without an end": (
        head(CHUNKED, body=b"5\r\ntext=\r\n"), "default", "5 bytes came",
    ),
    "half a chunk": (head(CHUNKED, body=b"9\r\ntext="), "default", "5 bytes came"),
    "no last line": (head(CHUNKED, body=b"0\r\n"), "default", "0 bytes came"),
    "half a trailer": (head(CHUNKED, body=b"0\r\nX-A: b"), "default", "0 bytes came"),
    "half a head": (request()[:90], "default", "90 bytes came"),
    "a letter": (b"P", "", "1 byte came"),
    "a request line": (b"POST /submitTask HTTP/1.1\r\n", "", "27 bytes came"),
    "a head of nobody": (NOBODY + b"Content-Length: 9\r\n\r\n", "", "0 of 9 bytes came"),
}  # fmt: skip


@pytest.mark.parametrize("half_close", [True, False], ids=["and goes", "and waits"])
@pytest.mark.parametrize("name", UNFINISHED)
def test_a_request_that_never_completes_has_a_row_that_says_what_came(
    server: Live, name: str, *, half_close: bool
) -> None:
    data, account, came = UNFINISHED[name]

    row = next_row(server, account or None, data, half_close=half_close)

    (finding,) = row["findings"]
    assert (finding["id"], finding["severity"]) == ("request-incomplete", "error")
    assert finding["sent"] == came
    assert came in finding["says"]
    assert finding["instead"]
    assert (row["status"], row["charged"], row["operation"]) == (None, False, None)
    assert (row["sent"]["what"], row["sent"]["status"]) == ("nothing", None)
    assert (row["sent"]["left_after_ms"] is None) is not half_close


def test_a_body_that_is_announced_and_never_sent_has_a_row(server: Live) -> None:
    before = len(rows(server, "default"))
    with connect(server.url) as connection:
        connection.sendall(head(b"Content-Length: 60", b"Expect: 100-continue"))
        assert read_all(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"

    until(lambda: len(rows(server, "default")) > before)
    (row,) = rows(server, "default")[before:]
    assert [each["sent"] for each in row["findings"]] == ["0 of 60 bytes came"]


def test_a_request_that_was_reset_has_a_row(server: Live) -> None:
    before = len(rows(server, "default"))
    with connect(server.url) as connection:
        connection.sendall(request()[:-5])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    until(lambda: len(rows(server, "default")) > before)
    (row,) = rows(server, "default")[before:]
    assert row["findings"][0]["sent"] == "41 of 46 bytes came"


@pytest.mark.parametrize("size", [60, 70_000])
def test_a_whole_request_is_carried_out_even_if_its_client_has_gone(
    server: Live, size: int
) -> None:
    buyer = server.buyer()
    data = request(b"/submitTask", FORM + b"&x=" + b"y" * size).replace(
        b"mock-demo", buyer.app_code.encode()
    )
    with connect(server.url) as connection:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    until(lambda: bool(rows(server, buyer.id)))
    (row,) = rows(server, buyer.id)
    # A reset can take bytes away that were sent; then they never came.
    came = row["request"]["length"] == size + len(FORM) + 3
    assert row["operation"] == ("submit_task" if came else None)
    assert (row["status"] == 200) is came


@pytest.mark.parametrize("part", [b"", b"\r\n", b"\r\n" * 50], ids=repr)
def test_a_connection_on_which_nothing_was_asked_has_no_row(server: Live, part: bytes) -> None:
    before = len(rows(server, None))

    assert exchange(server.url, part) == []

    exchange(server.url, b"POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    assert [row["path"] for row in rows(server, None)[before:]] == ["/none"]


@pytest.mark.parametrize("target", [b"/_mock/accounts", b"/pictures/default/x/1.png"])
def test_what_is_no_call_of_the_vendor_has_no_row(server: Live, target: bytes) -> None:
    before = len(rows(server, None)), len(rows(server, "default"))

    assert exchange(server.url, request(target, b"{}")[:-1]) == []

    assert (len(rows(server, None)), len(rows(server, "default"))) == before


def test_a_broken_request_behind_one_that_is_answered_has_a_row(server: Live) -> None:
    before = len(rows(server, "default"))

    answers = exchange(server.url, request() + request(headers=(b"X-A : b",)))

    assert [answer.status for answer in answers] == [200]
    until(lambda: len(rows(server, "default")) > before + 1)
    findings = [row["findings"] for row in rows(server, "default")[before:]]
    assert "request-unparsable" in {each["id"] for found in findings for each in found}


def test_requests_whose_turn_never_comes_have_rows(server: Live) -> None:
    buyer = server.buyer()
    server.admin.post(
        f"/accounts/{buyer.id}/faults", {"kind": "delay", "for_ms": 60_000, "calls": 1}
    )
    submit = request().replace(b"mock-demo", buyer.app_code.encode())
    with connect(server.url) as connection:
        connection.sendall(submit * 2 + request(b"/_mock/livez", b"") + submit[:-1])
        until(lambda: server.admin.get(f"/accounts/{buyer.id}/faults")["faults"][0]["hits"] == 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    until(lambda: len(rows(server, buyer.id)) == 3)
    found = sorted(
        each["says"] for row in rows(server, buyer.id) for each in row["findings"]
        if each["id"] == "request-incomplete"
    )  # fmt: skip
    assert len(found) == 2
    assert "of its body, 45 of 46 bytes came" in found[0]
    assert "an earlier request on it was still being answered" in found[1]
    tasks = server.admin.get(f"/accounts/{buyer.id}/tasks")["tasks"]
    assert len(tasks) <= 1


UNPARSABLE: dict[str, tuple[bytes, str]] = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64, "tls-to-plain-port"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", "http2-prior-knowledge"),
    "LF everywhere": (request().replace(b"\r\n", b"\n"), "bare-line-feed"),
    "LF in a header": (request(headers=(b"X-A: b\nX-B: c",)), "bare-line-feed"),
    "letters in the query": (request("/taskList?名=值".encode()), "target-unencoded"),
    "letters in the path": (request("/任务".encode()), "target-unencoded"),
    "no slash": (request(b"submitTask"), "target-unencoded"),
    "no hexadecimal number": (head(CHUNKED, body=b"zz\r\ntext=\r\n0\r\n\r\n"), "chunks-broken"),
    "a chunk that is longer": (head(CHUNKED, body=b"2\r\nabc\r\n"), "chunks-broken"),
    "chunks with LF": (head(CHUNKED, body=b"2\nab\n0\n\n"), "chunks-broken"),
    "a header without a colon": (request(headers=(b"X-A",)), "request-unparsable"),
    "a name beyond ASCII": (request(headers=("名: b".encode(),)), "request-unparsable"),
    "two lengths": (request(headers=(b"Content-Length: 4",)), "request-unparsable"),
    "gzip": (head(b"Transfer-Encoding: gzip", body=FORM), "request-unparsable"),
    "JSON alone": (b'{"text": "x"}', "request-unparsable"),
    "a PROXY line": (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + request(), "request-unparsable"),
    "an endless head": (NOBODY + b"X-A: " + b"a" * 200_000, "head-too-large"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNPARSABLE)
def test_a_refusal_while_parsing_has_a_finding(server: Live, name: str) -> None:
    data, expected = UNPARSABLE[name]
    before = {each["id"] for each in rows(server, "default") + rows(server, None)}

    (answer,) = exchange(server.url, data)

    assert answer.code in ("I400HD", "I400RU", "I413UL")
    new = [row for row in rows(server, "default") + rows(server, None) if row["id"] not in before]
    (row,) = new
    assert [each["id"] for each in row["findings"]] == [expected]
    assert row["status"] == answer.status


def test_the_rest_of_a_body_that_was_cut_is_explained(server: Live) -> None:
    before = len(rows(server, None))
    with connect(server.url) as connection:
        connection.sendall(head(b"Content-Length: 30", body=FORM[:30]))
        assert b"HTTP/1.1 " in connection.recv(65536)
        connection.sendall(FORM[30:])
        read_all(connection)

    (row,) = rows(server, None)[before:]
    assert [each["id"] for each in row["findings"]] == ["body-length-short"]


def test_a_preflight_is_told_what_a_web_page_gives_away(server: Live) -> None:
    before = len(rows(server, None))
    asked = (
        b"OPTIONS /submitTask HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n"
        b"Access-Control-Request-Method: POST\r\n"
        b"Access-Control-Request-Headers: authorization\r\n\r\n"
    )

    (answer,) = exchange(server.url, asked)

    assert answer.status == 404
    (row,) = rows(server, None)[before:]
    (finding,) = row["findings"]
    assert finding["id"] == "browser-preflight"
    assert "app code is public" in finding["says"]
    assert "https://shop.example" in finding["sent"]


ENDLESS = {
    "trailers": (head(CHUNKED, body=b"0\r\n"), b"X-A: b\r\n" * 8_000),
    "one trailer": (head(CHUNKED, body=b"0\r\nX-A: "), b"a" * 64_000),
    "the name of a trailer": (head(CHUNKED, body=b"0\r\n"), b"a" * 64_000),
    "a chunk's extension": (head(CHUNKED, body=b"1;"), b"a" * 64_000),
    "zeros of a chunk's length": (head(CHUNKED), b"0" * 64_000),
    "headers": (NOBODY, b"X-A: b\r\n" * 8_000),
    "one header": (NOBODY + b"X-A: ", b"a" * 64_000),
    "the name of a header": (NOBODY, b"a" * 64_000),
    "a target": (b"POST /", b"a" * 64_000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_answered_after_64_kib_and_closed(name: str) -> None:
    first, more = ENDLESS[name]
    sent = 0
    with live() as server, connect(server.url) as connection:
        connection.sendall(first)
        while not select.select([connection], [], [], 0)[0]:
            sent += connection.send(more)
            assert sent < 1024 * MAX_HEAD_BYTES
        received = read_all(connection)

    assert received.startswith(b"HTTP/1.1 4")
    assert b"I413UL" in received or b"I400HD" in received
    assert b"Connection: close" in received


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES + 1, 3 * MAX_HEAD_BYTES])
def test_trailers_that_came_at_once_are_bounded_too(server: Live, size: int) -> None:
    data = head(CHUNKED, body=b"2e\r\n" + FORM + b"\r\n0\r\nX-A: " + b"a" * size + b"\r\n\r\n")

    (answer,) = exchange(server.url, data)

    assert (answer.status, answer.code) == (413, "I413UL")


def test_trailers_are_no_headers_of_the_call(server: Live) -> None:
    body = b"2e\r\n" + FORM + b"\r\n0\r\nAuthorization: APPCODE mock-demo\r\n\r\n"

    (answer,) = exchange(server.url, NOBODY + CHUNKED + b"\r\n\r\n" + body)

    assert answer.code == "A400MA"


def test_a_thousand_pipelined_upgrades_are_answered_a_thousand_times() -> None:
    upgrade = request(headers=(b"Connection: Upgrade", b"Upgrade: h2c"))
    answers: list[Any] = []
    with live() as server:
        answers += exchange(server.url, upgrade * 1_000)

    assert [answer.status for answer in answers] == [200] * 1_000


def test_a_peer_that_never_reads_its_answers_is_cut_off(server: Live) -> None:
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 200
    with connect(server.url) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        threading.Thread(target=_send_all, args=(deaf, asked), daemon=True).start()
        watch = select.poll()
        watch.register(deaf, 0)

        assert watch.poll(10_000), "it was left open"


def _send_all(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        connection.sendall(data)


def test_a_half_request_is_shown_as_one_that_got_no_answer(server: Live) -> None:
    row = next_row(server, "default", request()[:-1])

    shown = CliRunner().invoke(main, ["explain", str(row["id"]), "--url", server.url])

    assert "no answer" in shown.output
    assert "of its body, 45 of 46 bytes came" in shown.output
    assert "None" not in shown.output
