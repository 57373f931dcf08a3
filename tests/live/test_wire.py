"""The wire, byte by byte: what the server sends, and what it accepts."""

from collections.abc import Iterator

import pytest

from mock_server.actions.gateway import pipeline
from mock_server.domain.call.calls import Answer
from tests.support.live import Live, live
from tests.support.wire import AUTHORIZED, SUBMIT, Reply, exchange, request, submit, wire

SERVER = "Kaede/3.5.3.523(simulator)"


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server."""
    with live() as running:
        yield running


def chunked(target: str, *chunks: bytes) -> bytes:
    """Return a request with a chunked body."""
    head = request(target, b"", *AUTHORIZED, "Transfer-Encoding: chunked")
    framed = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b"")]
    return head.replace(b"Content-Length: 0\r\n", b"") + b"".join(framed)


def is_refused(reply: Reply, status: int, code: str) -> bool:
    """Whether an answer is the gateway's error with an empty body."""
    assert (reply.status, reply.one("X-Ca-Error-Code"), reply.body) == (status, code, b"")
    assert reply.one("Content-Length") == "0"
    assert reply.one("X-Ca-Request-Id")
    return True


@pytest.mark.claim("header-case")
def test_headers_leave_with_the_names_the_case_and_the_order_of_the_answer(
    server: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[Answer] = []
    handle = pipeline.handle

    def spied(*args: object) -> Answer:
        decided.append(handle(*args))  # type: ignore[arg-type]
        return decided[-1]

    monkeypatch.setattr(pipeline, "handle", spied)
    with wire(server.url) as connection:
        for body in (SUBMIT, b"no=thing", b""):
            connection.send(request("/submitTask", body, *AUTHORIZED))
            reply = connection.reply()

            kept = (("Connection", "keep-alive"), ("Keep-Alive", "timeout=25"))
            assert reply.headers == (*decided[-1].headers, *kept)
            assert reply.body == decided[-1].body


@pytest.mark.claim("server-header")
@pytest.mark.parametrize("target", ["/submitTask", "/nothing", "/submitTask?" + "a" * 9000])
def test_an_answer_of_the_gateway_has_one_date_and_one_server(server: Live, target: str) -> None:
    reply = exchange(server.url, request(target, SUBMIT, *AUTHORIZED))

    names = [name.lower() for name, _ in reply.headers]
    assert (names.count("date"), names.count("server")) == (1, 1)
    assert reply.one("Server") == SERVER


@pytest.mark.parametrize("target", ["/_mock/livez", "/_mock/nothing", "/pictures/a/b/1.png"])
def test_our_own_answers_are_whole_too(server: Live, target: str) -> None:
    with wire(server.url) as connection:
        for _ in range(2):
            connection.send(request(target, method="GET"))
            reply = connection.reply()
            assert len(reply.body) == int(reply.one("Content-Length"))
            assert reply.all("Server") == []


def test_a_status_without_a_standard_phrase_has_one_all_the_same(server: Live) -> None:
    reply = exchange(server.url, request("/submitTask", b"no=thing", *AUTHORIZED))

    version, status, phrase = reply.status_line.split(" ", 2)
    assert (version, status) == ("HTTP/1.1", "450")
    assert phrase.strip()


def test_a_connection_serves_one_request_after_the_other(server: Live) -> None:
    with wire(server.url) as connection:
        for _ in range(3):
            for data, status in (
                (submit(), 200),
                (request("/_mock/livez", method="GET"), 200),
                (request("/nothing"), 404),
            ):
                connection.send(data)
                assert connection.reply().status == status


def test_requests_sent_ahead_are_answered_in_order(server: Live) -> None:
    health = request("/_mock/health", method="GET")
    ahead = [
        (submit(), 200),
        (health, 200),
        (request("/nothing"), 404),
        (health, 200),
        (chunked("/submitTask", b"no=", b"thing"), 450),
        (submit("Connection: close"), 200),
    ]
    with wire(server.url) as connection:
        connection.send(b"".join(data for data, _ in ahead))
        replies = [connection.reply() for _ in ahead]

        assert connection.is_closed()
    assert [reply.status for reply in replies] == [status for _, status in ahead]
    assert b"database" in replies[1].body
    assert b"database" in replies[3].body


def test_a_request_in_single_bytes_is_understood(server: Live) -> None:
    with wire(server.url) as connection:
        for byte in submit():
            connection.send(bytes([byte]))
        assert connection.reply().status == 200


def test_a_form_in_chunks_is_understood_by_both_surfaces(server: Live) -> None:
    chunks = [SUBMIT[:5], SUBMIT[5:]]
    assert exchange(server.url, chunked("/submitTask", *chunks)).status == 200
    made = exchange(server.url, chunked("/_mock/accounts", b'{"name"', b':"chunks"}'))
    assert (made.status, b'"name":"chunks"' in made.body) == (201, True)


def test_an_older_http_gets_its_answer_and_the_end_of_the_connection(server: Live) -> None:
    with wire(server.url) as connection:
        connection.send(request("/submitTask", SUBMIT, *AUTHORIZED, version="1.0"))

        assert connection.reply().status == 200
        assert connection.is_closed()


@pytest.mark.claim("wrong-path-or-method")
@pytest.mark.parametrize("target", ["/submitTask", "/_mock/livez", "/_mock/accounts"])
def test_head_has_no_body_and_leaves_the_connection_usable(server: Live, target: str) -> None:
    with wire(server.url) as connection:
        connection.send(request(target, b"", *AUTHORIZED, method="HEAD") + submit())
        connection.reply(head_only=True)

        assert connection.reply().status == 200


def test_a_client_may_wait_for_100_continue(server: Live) -> None:
    with wire(server.url) as connection:
        data = submit("Expect: 100-continue")
        connection.send(data.removesuffix(SUBMIT))
        assert connection.reply().status_line == "HTTP/1.1 100 Continue"
        connection.send(SUBMIT)

        assert connection.reply().status == 200


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_a_wish_to_upgrade_is_ignored_and_the_body_still_read(server: Live, protocol: str) -> None:
    wish = (f"Upgrade: {protocol}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMA")
    before = len(server.default.world.calls())
    with wire(server.url) as connection:
        connection.send(submit(*wish) + submit(*wish))
        connection.send(chunked("/submitTask", SUBMIT) + submit())

        assert [connection.reply().status for _ in range(4)] == [200] * 4
    first = server.default.world.calls()[before]
    assert ["upgrade", protocol] in first["request"]["headers"]


def test_a_target_in_absolute_form_is_understood(server: Live) -> None:
    data = request(f"{server.url}/submitTask", SUBMIT, *AUTHORIZED)

    assert exchange(server.url, data).status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS on a plain port
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"HELLO /submitTask HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /submit Task HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /submitTask HTTP/9.9\r\nHost: a\r\n\r\n",
        b"POST /submitTask HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /submitTask HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /submitTask HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0",
        b"POST /submitTask HTTP/1.1\r\nA: b\x00c\r\n\r\n",
        b"POST /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT example.test:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /a\rX-Split:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_cannot_be_parsed_is_a_bad_request_of_the_gateway_and_the_end(
    server: Live, garbage: bytes
) -> None:
    with wire(server.url) as connection:
        connection.send(garbage)
        reply = connection.reply()

        assert reply.status == 400
        assert reply.one("X-Ca-Error-Code").startswith("I400")
        assert reply.all("Connection") == ["close"]
        assert reply.all("X-Split") == []
        assert connection.is_closed()
    assert exchange(server.url, submit()).status == 200


@pytest.mark.parametrize("earlier", [submit(), request("/_mock/health", method="GET")])
def test_garbage_after_a_good_request_takes_nothing_from_its_answer(
    server: Live, earlier: bytes
) -> None:
    broken = chunked("/submitTask", b"no=thing").replace(b"0\r\n\r\n", b"what?\r\n")
    with wire(server.url) as connection:
        connection.send(earlier + broken)

        assert connection.reply().status == 200
        assert is_refused(connection.reply(), 400, "I400HD")
        assert connection.is_closed()


@pytest.mark.parametrize("target", ["/a%0d%0aX-Split:%201", "/%E4%BD%A0%0A", "/a%00b"])
def test_a_path_that_is_echoed_cannot_split_the_headers(server: Live, target: str) -> None:
    reply = exchange(server.url, request(target, b"", *AUTHORIZED))

    assert is_refused(reply, 404, "I404NF")
    assert target in reply.one("X-Ca-Error-Message")
    assert reply.all("X-Split") == []


def test_a_request_line_without_a_version_is_answered_and_is_the_last(server: Live) -> None:
    with wire(server.url) as connection:
        connection.send(b"POST /a\nX-Split:1 HTTP/1.1\r\nHost: a\r\n\r\n" + submit())

        assert is_refused(connection.reply(), 404, "I404NF")
        assert connection.is_closed()


def test_half_a_request_and_then_nothing_is_not_carried_out(server: Live) -> None:
    def answered() -> int:
        return len([call for call in server.default.world.calls() if call["status"]])

    before = answered()
    for data in (submit()[:20], submit()[:-5], chunked("/submitTask", SUBMIT)[:-6]):
        with wire(server.url) as connection:
            connection.send(data)

    assert exchange(server.url, submit()).status == 200
    assert answered() == before + 1
