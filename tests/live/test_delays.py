"""A delay is a timer of the event loop: it blocks no thread, and a disconnect ends it."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.support.live import Buyer, Live, live
from tests.support.processes import until
from tests.support.raw import Answer, answers_in, connect, exchange, read_all, read_one, request

MANY = 1000
LONG_MS = 60_000


@pytest.fixture
def server() -> Iterator[Live]:
    with live() as running:
        yield running


def asking(buyer: Buyer, body: bytes = b"page=1", *more: bytes) -> bytes:
    """Return the bytes of a list call."""
    whole = request("/taskList", body, headers=more)
    return whole.replace(b"APPCODE mock-demo", b"APPCODE " + buyer.app_code.encode())


def hits(buyer: Buyer) -> int:
    """Return how often the only rule of a buyer has fired."""
    (rule,) = buyer.world.get("/faults")["faults"]
    found: int = rule["hits"]
    return found


@contextmanager
def waiting(buyer: Buyer, number: int) -> Iterator[list[socket.socket]]:
    """Send so many requests, each on its own connection, and do not wait for the answers."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(buyer.url)) for _ in range(number)]
        for each in sockets:
            each.sendall(asking(buyer))
        until(lambda: hits(buyer) == number, seconds=30)
        yield sockets


def reset(connection: socket.socket) -> None:
    """Disconnect with a reset, so that the server notices at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("commit", ["after", "before"])
def test_a_thousand_delayed_answers_leave_the_server_to_others(server: Live, commit: str) -> None:
    late, other = server.buyer(), server.buyer()
    late.world.post("/faults", {"kind": "delay", "for_ms": LONG_MS, "commit": commit})
    other.submit()
    threads = threading.active_count()

    with waiting(late, MANY) as sockets:
        since = time.monotonic()
        for _ in range(20):
            other.submit()
        assert time.monotonic() - since < 5
        assert threading.active_count() - threads < 40  # Flask's threads serve the admin API
        for each in sockets[:: MANY // 10]:
            each.setblocking(False)
            with pytest.raises(BlockingIOError):
                each.recv(1)
        charges = late.world.get("/bill")["charges"]
        assert charges == (MANY if commit == "after" else 0)


def test_who_hangs_up_before_the_commit_has_called_nothing(server: Live) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": "delay", "for_ms": LONG_MS, "commit": "before"})

    with waiting(buyer, 3) as sockets:
        assert buyer.world.calls() == []
        for each in sockets:
            reset(each)
        until(lambda: len(buyer.world.calls()) == 3)

    for call in buyer.world.calls():
        assert (call["status"], call["charged"], call["answer"]["length"]) == (None, False, 0)
        assert call["sent"]["what"] == "nothing"
        assert 0 <= call["sent"]["left_after_ms"] < LONG_MS
        assert call["reason"] == "anything but HTTP 200 is free"
    assert buyer.world.get("/bill")["charges"] == 0


def test_who_hangs_up_after_the_commit_has_paid(server: Live) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": "delay", "for_ms": LONG_MS})

    with waiting(buyer, 1) as (connection,):
        (call,) = buyer.world.calls()
        assert (call["status"], call["charged"]) == (200, True)
        assert (call["sent"]["late_ms"], call["sent"]["left_after_ms"]) == (LONG_MS, None)
        reset(connection)
        until(lambda: buyer.world.calls()[0]["sent"]["left_after_ms"] is not None)


def test_who_closes_the_connection_is_noted_before_the_delay_is_over(server: Live) -> None:
    """To the server it looks like a client that has said everything, and may go on waiting."""
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": "delay", "for_ms": LONG_MS})

    with waiting(buyer, 1) as (connection,):
        connection.close()
        until(lambda: buyer.world.calls()[0]["sent"]["left_after_ms"] is not None)


def test_who_hangs_up_in_the_middle_of_a_dribble_is_noted(server: Live) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": "dribble", "pause_ms": LONG_MS})

    with connect(buyer.url) as connection:
        connection.sendall(asking(buyer))
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")  # the head arrives at once
        reset(connection)

    until(lambda: buyer.world.calls()[0]["sent"]["left_after_ms"] is not None)


def test_who_has_said_everything_still_gets_a_late_answer(server: Live) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": "delay", "for_ms": 50})

    (answer,) = exchange(buyer.url, asking(buyer), half_close=True)

    assert answer.status == 200


def test_a_late_answer_can_be_broken_as_well(server: Live) -> None:
    buyer = server.buyer()
    for order in ({"kind": "reset"}, {"kind": "delay", "for_ms": 300}, {"kind": "close"}):
        buyer.world.post("/faults", order)

    with connect(buyer.url) as connection:
        since = time.monotonic()
        connection.sendall(asking(buyer))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        assert time.monotonic() - since >= 0.3

    (call,) = buyer.world.calls()
    assert {fault["kind"] for fault in call["faults"]} == {"reset", "delay"}
    assert (call["sent"]["what"], call["sent"]["late_ms"]) == ("nothing", 300)
    assert [rule["hits"] for rule in buyer.world.get("/faults")["faults"]] == [1, 1, 0]


def test_answers_of_a_connection_keep_their_order(server: Live) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": "delay", "for_ms": 100, "nth": 1})
    buyer.world.post("/faults", {"kind": "html_page", "nth": 2})

    with connect(buyer.url) as connection:
        connection.sendall(asking(buyer) * 3)
        answers = [read_one(connection) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 502, 200]


@pytest.mark.parametrize("fault", [
    {"kind": "delay", "for_ms": 50},
    {"kind": "delay", "for_ms": 50, "commit": "before"},
    {"kind": "dribble", "chunk_bytes": 100, "pause_ms": 1},
])  # fmt: skip
@pytest.mark.parametrize("long_way", ["large", "continue"])
def test_calls_on_the_ordinary_way_are_late_too(
    server: Live, fault: dict[str, object], long_way: str
) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", fault)
    large = b"page=1&x=" + b"x" * 100_000
    asked = asking(buyer, large if long_way == "large" else b"page=1")
    if long_way == "continue":
        asked = asking(buyer, b"page=1", b"Expect: 100-continue")

    assert _last_answer(buyer, asked).status == 200
    (call,) = buyer.world.calls()
    assert call["faults"][0]["kind"] == fault["kind"]


def _last_answer(buyer: Buyer, asked: bytes) -> Answer:
    with connect(buyer.url) as connection:
        connection.sendall(asked)
        first = read_one(connection)
        return first if first.status != 100 else read_one(connection)


@pytest.mark.parametrize("kind", ["reset", "close"])
def test_calls_on_the_ordinary_way_are_cut_off_too(server: Live, kind: str) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": kind})

    with connect(buyer.url) as connection:
        connection.sendall(asking(buyer, b"page=1&x=" + b"x" * 100_000))
        assert read_all(connection) == b""

    assert buyer.world.get("/bill")["charges"] == 1


def test_a_server_that_stops_waits_for_no_delay() -> None:
    with ExitStack() as stack:
        with live() as running:
            buyer = running.buyer()
            buyer.world.post("/faults", {"kind": "delay", "for_ms": LONG_MS, "nth": 1})
            buyer.world.post("/faults", {"kind": "dribble", "pause_ms": 60_000, "every": 2})
            for _ in range(2):
                connection = stack.enter_context(connect(running.url))
                connection.sendall(asking(buyer))
                until(lambda: sum(len(call["faults"]) for call in buyer.world.calls()) >= 1)
            until(lambda: len(buyer.world.calls()) == 2)
            since = time.monotonic()
        assert time.monotonic() - since < 4


def test_a_length_that_is_too_small_leaves_bytes_before_the_next_answer(server: Live) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": "wrong_length", "by_bytes": -7, "nth": 1})

    with connect(buyer.url) as connection:
        connection.sendall(asking(buyer))
        first = read_one(connection)
        connection.sendall(asking(buyer).replace(b"Host", b"Connection: close\r\nHost"))
        rest = read_all(connection)

    assert rest[:7] + b"HTTP/1.1 200" == rest[:19]
    assert first.body + rest[:7] == buyer.world.calls()[0]["answer"]["body"].encode()
    assert [answer.status for answer in answers_in(rest[7:])] == [200]
