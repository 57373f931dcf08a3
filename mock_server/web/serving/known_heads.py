"""Heads of requests that were read before: a client repeats its own, and need not be read again.

Rule 1: nothing is parsed here. A head is kept once the parser has read a whole request that came
in one packet; the same bytes before a body of the same length are the same request but for it.
Rule 2: only the first bytes of a request are looked up, on a connection that waits for one.
"""

from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

from mock_server.domain.call.calls import Headers
from mock_server.domain.records import dataclass

MOST_HEADS = 256
LONGEST_HEAD = 2048
_END = b"\r\n\r\n"
_IN_SCOPE = ("type", "method", "path", "raw_path", "query_string", "headers", "scheme")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHead:
    """What the parser made of a head: the scope of its request, the headers of its call."""

    scope: dict[str, Any]
    url: bytes
    headers: Headers
    body_length: int


class KnownHeads:
    """The heads that the clients of a server repeat, bounded."""

    def __init__(self) -> None:
        self._heads: dict[bytes, KnownHead] = {}

    def get(self, head: bytes) -> KnownHead | None:
        """Return what is known of a head."""
        return self._heads.get(head)

    def keep(self, head: bytes, scope: Any, url: bytes, headers: Headers, length: int) -> None:
        """Remember a head that came with a body of this length."""
        if len(self._heads) >= MOST_HEADS:
            self._heads.clear()
        kept = {name: scope[name] for name in _IN_SCOPE}
        self._heads[head] = KnownHead(scope=kept, url=url, headers=headers, body_length=length)


def head_of(data: bytes) -> bytes:
    """Return the head that a packet begins with; empty: it has no whole one, or a long one."""
    end = data.find(_END, 0, LONGEST_HEAD)
    return b"" if end < 0 else data[: end + len(_END)]


class _Unheard:
    """The event of a cycle that no task waits for."""

    def set(self) -> None:
        """Nobody waits."""


class KnownCycle:
    """A request whose head is known and whose body is there: what uvicorn's protocol, and whoever
    writes the answer, need of its cycle.
    """

    __slots__ = (
        "disconnected", "flow", "keep_alive", "on_response", "response_complete",
        "response_started", "scope", "transport",
    )  # fmt: skip

    body = b""
    more_body = False
    waiting_for_100_continue = False
    message_event = _Unheard()

    def __init__(self, scope: dict[str, Any], transport: Any, flow: FlowControl) -> None:
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.keep_alive = True
        self.disconnected = self.response_started = self.response_complete = False
        self.on_response: Any = None
