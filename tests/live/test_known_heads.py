"""A head that came before is not parsed again, and nobody can tell: not the client, not the
journal.
"""

from typing import Any

import pytest

from mock_server.web.serving.fast_path import FastPathProtocol
from mock_server.web.serving.known_heads import LONGEST_HEAD, MOST_HEADS, KnownHeads, head_of
from tests.support.live import live
from tests.support.wire import AUTHORIZED, SUBMIT, Reply, Wire, request

PLAIN = request("/submitTask", SUBMIT, *AUTHORIZED)
OTHER = request("/submitTask", SUBMIT.replace(b"food", b"Food"), *AUTHORIZED)
QUERY = request("/queryTask", b"task_id=0123456789abcdef01234567", *AUTHORIZED)
EXPECTING = request("/submitTask", SUBMIT, *AUTHORIZED, "Expect: 100-continue")
UPGRADING = request("/submitTask", SUBMIT, *AUTHORIZED, "Connection: upgrade", "Upgrade: h2c")
CLOSING = request("/submitTask", SUBMIT, *AUTHORIZED, "Connection: close")
OLD = PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0")
# The body of a chunk begins after the head: the same bytes could be another request's.
CHUNKED = request("/submitTask", b"", *AUTHORIZED, "Transfer-Encoding: chunked").replace(
    b"Content-Length: 0\r\n", b""
) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(SUBMIT), SUBMIT)
GET = request("/_mock/no-such-route", method="GET")
HALF = len(PLAIN) - 9

# Packets, each with the number of answers to read after it.
TALKS: dict[str, list[tuple[bytes, int]]] = {
    "the same again": [(PLAIN, 1)] * 4,
    "other bodies of the same length": [(PLAIN, 1), (OTHER, 1), (PLAIN, 1)],
    "two requests take turns": [(PLAIN, 1), (QUERY, 1)] * 3,
    "two in one packet": [(PLAIN, 1), (PLAIN + PLAIN, 2), (PLAIN, 1)],
    "one and a half": [(PLAIN, 1), (PLAIN + PLAIN[:HALF], 1), (PLAIN[HALF:], 1), (PLAIN, 1)],
    "half a body": [(PLAIN, 1), (PLAIN[:HALF], 0), (PLAIN[HALF:], 1), (PLAIN, 1)],
    "half a head": [(PLAIN, 1), (PLAIN[:30], 0), (PLAIN[30:], 1), (PLAIN, 1)],
    "an empty line before it": [(PLAIN, 1), (b"\r\n" + PLAIN, 1), (PLAIN, 1)],
    "empty lines in a packet": [(PLAIN, 1), (b"\r\n\r\n", 0), (PLAIN, 1), (PLAIN, 1)],
    "one that expects": [(EXPECTING, 1), (PLAIN, 1), (EXPECTING, 1), (PLAIN, 1)],
    "one that would upgrade": [(UPGRADING, 1), (UPGRADING, 1), (PLAIN, 1)],
    "chunks": [(CHUNKED, 1), (CHUNKED, 1), (PLAIN, 1)],
    "another route between": [(PLAIN, 1), (GET, 1), (PLAIN, 1)],
    "its last": [(PLAIN, 1), (CLOSING, 1)],
    "an old client": [(OLD, 1)],
    "nonsense after it": [(PLAIN, 1), (PLAIN, 1), (b"nonsense\r\n\r\n", 1)],
}  # fmt: skip


def told(reply: Reply) -> Any:
    changing = {"Date", "X-Ca-Request-Id", "Content-Length"}
    kept = [(name, value) for name, value in reply.headers if name not in changing]
    return reply.status_line, kept, reply.body


def talk(packets: list[tuple[bytes, int]]) -> tuple[list[Any], list[Any]]:
    """Return the answers to what is said on two connections, one after the other, and the
    journal.
    """
    said: list[Any] = []
    with live() as server:
        for _ in range(2):
            wire = Wire(server.url)
            for packet, answers in packets:
                wire.send(packet)
                said += [told(wire.reply()) for _ in range(answers)]
            wire.socket.close()
        calls = server.default.world.get("/calls")["calls"]
    names = ("method", "path", "status", "request_headers", "request_body", "findings", "task_id")
    return said, [[call.get(name) for name in names] for call in calls]


@pytest.mark.parametrize("name", TALKS)
def test_a_talk_is_the_same_whether_its_heads_are_known_or_not(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[bytes] = []
    begin = FastPathProtocol._begin_known

    def spied(self: FastPathProtocol, head: Any, body: bytes) -> None:
        known.append(body)
        begin(self, head, body)

    monkeypatch.setattr(FastPathProtocol, "_begin_known", spied)
    remembered = talk(TALKS[name])
    monkeypatch.setattr(KnownHeads, "get", lambda _self, _head: None)
    taken = len(known)

    assert talk(TALKS[name]) == remembered
    assert len(known) == taken
    assert bool(taken) == (name != "an old client")


def test_few_heads_are_kept_and_none_that_is_long() -> None:
    heads = KnownHeads()
    scope = dict.fromkeys(
        ("type", "method", "path", "raw_path", "query_string", "headers", "scheme"), b""
    )
    for number in range(3 * MOST_HEADS):
        heads.keep(b"%d\r\n\r\n" % number, scope, b"/", (), 0)

    assert len(heads._heads) <= MOST_HEADS
    assert head_of(PLAIN).endswith(b"\r\n\r\n")
    assert head_of(b"x" * LONGEST_HEAD + PLAIN) == b""
    assert head_of(PLAIN[:30]) == b""
