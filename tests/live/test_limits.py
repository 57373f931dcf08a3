"""Requests that are too large, too slow or too many neither stall the server nor cost other
answers.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from mock_server.web.serving.asgi_app import FLASK_THREADS
from tests.support.live import Live, live
from tests.support.wire import AUTHORIZED, SUBMIT, Wire, exchange, request, submit, wire

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server with ordinary limits."""
    with live() as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[Live]:
    """A server with a short time limit for requests."""
    with live(request_timeout=0.3) as running:
        yield running


def send_all(connection: Wire, data: bytes) -> threading.Thread:
    """Send on another thread, so that the test can read an early answer."""

    def send() -> None:
        with suppress(OSError):
            connection.send(data)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


@pytest.mark.claim("limit-head")
@pytest.mark.parametrize(
    "data",
    [
        request("/submitTask?" + "a" * 9_000, SUBMIT, *AUTHORIZED),
        request("/submitTask", SUBMIT, *AUTHORIZED, "X-Long: " + "a" * 9_000),
        request("/submitTask", SUBMIT, *AUTHORIZED, "X-Long: " + "a" * 70_000),
        request("/submitTask?" + "a" * 700_000, SUBMIT, *AUTHORIZED),
        request("/submitTask", SUBMIT, *AUTHORIZED, *(f"X-{n}: {'a' * 90}" for n in range(9_000))),
    ],
)
def test_a_head_over_the_limit_is_refused_and_the_answer_arrives(server: Live, data: bytes) -> None:
    with wire(server.url) as connection:
        sending = send_all(connection, data)
        reply = connection.reply()

        assert (reply.status, reply.one("X-Ca-Error-Code")) == (413, "I413UL")
        assert reply.body == b""
        sending.join(10)
        assert not sending.is_alive()


def test_a_head_that_never_ends_is_cut_off(server: Live) -> None:
    with wire(server.url) as connection:
        connection.send(b"POST /submitTask HTTP/1.1\r\n" + b"X-A: " + b"a" * 100_000)

        assert connection.reply().one("X-Ca-Error-Code") == "I413UL"
        assert connection.is_closed()


def body_by_length(size: int) -> bytes:
    """Return a submit with a body of so many bytes."""
    return request("/submitTask", b"a" * size, *AUTHORIZED)


def body_in_chunks(size: int) -> bytes:
    """Return a submit with a body of so many bytes in chunks."""
    head = request("/submitTask", b"", *AUTHORIZED, "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    return head.replace(b"Content-Length: 0\r\n", b"") + chunk * (size // 65536) + b"0\r\n\r\n"


@pytest.mark.claim("limit-body")
@pytest.mark.parametrize("make", [body_by_length, body_in_chunks])
def test_a_body_over_the_limit_is_refused_and_the_connection_goes_on(
    server: Live, make: Callable[[int], bytes]
) -> None:
    with wire(server.url) as connection:
        send_all(connection, make(9 * MIB))
        reply = connection.reply()
        assert (reply.status, reply.one("X-Ca-Error-Code")) == (413, "I413RL")

        connection.send(submit())
        assert connection.reply().status == 200


def test_a_body_at_the_limit_is_taken(server: Live) -> None:
    padded = SUBMIT + b"&more=" + b"a" * (8 * MIB - len(SUBMIT) - len(b"&more="))

    assert exchange(server.url, request("/submitTask", padded, *AUTHORIZED)).status == 200


def test_who_waits_for_100_continue_is_refused_before_the_body(server: Live) -> None:
    data = body_by_length(9 * MIB).partition(b"\r\n\r\n")[0]
    with wire(server.url) as connection:
        connection.send(data + b"\r\nExpect: 100-continue\r\n\r\n")
        reply = connection.reply()

        assert (reply.status, reply.one("X-Ca-Error-Code")) == (413, "I413RL")
        assert connection.is_closed()


@pytest.mark.parametrize("size", [2 * MIB, 9 * MIB])
def test_an_admin_body_over_the_limit_is_refused_and_does_nothing(server: Live, size: int) -> None:
    before = len(server.admin.get("/accounts")["accounts"])
    with wire(server.url) as connection:
        send_all(connection, request("/_mock/accounts", b" " * size))

        assert connection.reply().status == 413
    assert len(server.admin.get("/accounts")["accounts"]) == before


@pytest.mark.parametrize(
    "part",
    [b"", b"POST /sub", submit()[:60], submit()[:-5], request("/_mock/accounts", b"{}")[:-1]],
)
def test_a_request_that_takes_too_long_is_dropped(hasty: Live, part: bytes) -> None:
    with wire(hasty.url) as connection:
        connection.send(part)

        assert connection.is_closed()


@pytest.mark.parametrize("part", [b"POST /sub", submit()[:-5]])
def test_a_second_request_has_its_own_time_and_no_more(hasty: Live, part: bytes) -> None:
    with wire(hasty.url) as connection:
        connection.send(submit())
        assert connection.reply().status == 200
        connection.send(submit() + part)

        assert connection.reply().status == 200
        assert connection.is_closed()


def test_a_connection_that_rests_between_requests_is_kept(hasty: Live) -> None:
    with wire(hasty.url) as resting, wire(hasty.url) as slow:
        resting.send(submit())
        resting.reply()
        slow.send(b"POST /sub")
        assert slow.is_closed()  # more than the time limit of a request has passed

        resting.send(submit())
        assert resting.reply().status == 200


def test_slow_admin_bodies_stall_nobody(server: Live) -> None:
    partial = request("/_mock/accounts", b'{"name":"slow"}')[:-1]
    with ExitStack() as stack:
        slow = [stack.enter_context(wire(server.url)) for _ in range(100)]
        for connection in slow:
            connection.send(partial)

        with wire(server.url) as connection:
            connection.socket.settimeout(2)
            connection.send(submit())
            assert connection.reply().status == 200
            connection.send(request("/_mock/health", method="GET"))
            assert connection.reply().status == 200
        slow[0].send(b"}")
        assert slow[0].reply().status == 201


def test_clients_that_do_not_read_stall_nobody(server: Live) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            deaf = stack.enter_context(wire(server.url))
            deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.send(request("/_mock/openapi.json", method="GET") * 50)

        with wire(server.url) as connection:
            connection.socket.settimeout(2)
            connection.send(submit())
            assert connection.reply().status == 200


def test_many_idle_connections_stall_nobody(server: Live) -> None:
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(wire(server.url))

        assert exchange(server.url, submit()).status == 200


def test_a_settle_that_waits_stalls_nobody(server: Live) -> None:
    with live(callback_timeout=600) as patient, socket.socket() as silent, ExitStack() as stack:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for _ in range(8):
            buyer = patient.buyer()
            buyer.submit(call_back=f"http://127.0.0.1:{silent.getsockname()[1]}/")
            settling = stack.enter_context(wire(patient.url))
            path = f"/_mock/accounts/{buyer.id}/clock"
            settling.send(request(path, b'{"advance":"1m","settle":true}'))

        assert exchange(patient.url, submit()).status == 200
        assert exchange(patient.url, request("/_mock/health", method="GET")).status == 200


@pytest.mark.parametrize("again", ["/clock", "/callbacks/{}/resend"], ids=["clock", "resend"])
def test_more_calls_that_wait_than_threads_stall_nobody(again: str) -> None:
    with live(callback_timeout=600) as patient, socket.socket() as silent, ExitStack() as stack:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        buyer = patient.buyer()
        buyer.submit(call_back=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        buyer.clock(advance="1m")
        path = f"/_mock/accounts/{buyer.id}{again.format(buyer.callback()['id'])}"
        for _ in range(FLASK_THREADS + 8):
            waiting = stack.enter_context(wire(patient.url))
            waiting.send(request(path, b'{"settle":true}'))

        assert exchange(patient.url, request("/_mock/livez", method="GET")).status == 200
        looked = request(f"/_mock/accounts/{buyer.id}/clock", method="GET")
        assert exchange(patient.url, looked).status == 200
        assert exchange(patient.url, submit()).status == 200
