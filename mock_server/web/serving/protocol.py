"""uvicorn's httptools protocol, made safe and exact; `wire.py` writes the answers.

Rule 1: the head is bounded in size, the whole request in time; a peer that is too slow is dropped.
Rule 2: what cannot be parsed is answered as the gateway answers bad requests, after whatever was
asked before it on the same connection, and then closed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mock_server.domain.call.calls import Answer, Call, Defect
from mock_server.web.serving.response_writer import EXTENSION, render

# Far above the gateway's own limit, which is answered; this one only protects memory.
MAX_HEAD_BYTES = 64 * 1024
# How long a refused peer may go on sending: closed at once, it could lose the answer to a reset.
LINGER_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """`request_timeout` is the seconds a peer has to send one whole request.

    `record_disconnect(call_id, ms)` hears of a client that hung up before it had its answer.
    """

    request_timeout: float
    answer_defect: Callable[[Call], Awaitable[Answer]]
    record_disconnect: Callable[[int, int], None]


class ArtqrProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, limits: RequestLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._since: float | None = None  # when the request that is coming in has begun
        self._head_bytes = 0
        self._in_head = True
        self._broken = False
        self._refusing = False
        self._upgrading: list[tuple[bytes, bytes]] = []
        self.record_disconnect = limits.record_disconnect
        self.left_at: float | None = None
        self._stopping = False
        self._waiting: tuple[asyncio.TimerHandle, Callable[[], None]] | None = None

    def wait(self, ms: int, then: Callable[[], None]) -> None:
        """Go on with the request at hand after so long, or as soon as the peer has gone."""
        self._waiting = (self.loop.call_later(ms / 1000, self._go_on), then)
        if self._stopping:
            self.transport.abort()
        if self.transport.is_closing():
            self._go_on()

    def _go_on(self) -> None:
        if self._waiting is not None:
            (timer, then), self._waiting = self._waiting, None
            timer.cancel()
            then()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request."""
        super().connection_made(transport)
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_deadline()
        if self._deadline is not None:
            self._deadline.cancel()
        self._leave()
        super().connection_lost(exc)
        self._go_on()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The peer has said everything; it still gets the answers to what it asked."""
        self._leave()
        last: RequestResponseCycle | None = self.cycle
        if last is None or last.response_complete or last.more_body:
            return self._refusing
        last.keep_alive = False
        return self.scheme == "http"  # TLS has no half-closed connections

    def data_received(self, data: bytes) -> None:
        """Take bytes of one or more requests."""
        if self._broken:
            return
        if self._in_head:
            self._head_bytes += len(data)
        self._parse(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self._broken:
            self._refuse(Defect(code="I413UL", reason=""))

    def shutdown(self) -> None:
        """The server stops: an idle peer is cut off, one that is being answered gets its answer."""
        super().shutdown()
        self._stopping = True
        if self._waiting is not None:  # nobody waits for what is only delayed
            self.transport.abort()
        if self.scheme == "https" and self.transport.is_closing():
            # Closing TLS waits for the peer to agree, which an idle one does not.
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A request has begun: it has to be whole in time."""
        super().on_message_begin()
        self._in_head = True
        if self._since is None:
            self._start_deadline()

    def on_headers_complete(self) -> None:
        """The head is there: hand the application the cycle that it answers on."""
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._upgrading = list(self.headers)
            return
        self._in_head = False
        self._head_bytes = 0
        super().on_headers_complete()
        if self._upgrading:
            self.headers[:] = self._upgrading  # what the client sent, for the journal
            self._upgrading = []
        if not self.parser.should_keep_alive():
            self.cycle.keep_alive = False  # uvicorn 0.34 looks for `Connection: close` later
        self.scope["extensions"] = {
            EXTENSION: {"cycle": self.cycle, "connection": self, "asked_at": self.loop.time()}
        }

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._upgrading:
            return
        self._stop_deadline()
        self._in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The next request of the connection may begin; nothing is read while some are waiting."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def _leave(self) -> None:
        if self.left_at is None:
            self.left_at = self.loop.time()

    def _parse(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # An upgrade may be ignored (RFC 9110, 7.8), but the parser takes what follows for the
            # other protocol, the body too: it is given the head again, without the wish.
            self._parse(self._head_without_upgrade() + data[upgrade.args[0] :])
        except (httptools.HttpParserInvalidURLError, httptools.HttpParserCallbackError):
            # The one callback that can fail takes the target apart.
            self._refuse(Defect(code="I400RU", reason="it cannot be parsed"))
        except httptools.HttpParserError:
            self._refuse(Defect(code="I400HD", reason="the request cannot be parsed"))

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % pair for pair in self._upgrading if pair[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _refuse(self, defect: Defect) -> None:
        self._broken = True
        self._stop_deadline()
        last: RequestResponseCycle | None = self.cycle
        if last is not None and not last.response_complete:
            # Requests of this connection are still being answered: let them, then close.
            last.keep_alive = False
            if last.more_body:  # it is the last one's own body that is broken
                last.scope["extensions"][EXTENSION]["defect"] = defect
                last.more_body = False
                last.message_event.set()
            return
        self._refusing = True
        task = self.loop.create_task(self._answer_defect(defect))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer_defect(self, defect: Defect) -> None:
        path = getattr(self, "url", b"")[:1024].decode("latin-1")
        answer = await self._limits.answer_defect(Call(method="", path=path, defect=defect))
        self._refusing = False
        if not self.transport.is_closing():
            self.transport.write(render(answer, keep_alive=False))
            self.transport.write_eof()
            self.loop.call_later(LINGER_S, self._too_slow)

    def _start_deadline(self) -> None:
        # One timer for the connection, armed again when it fires: a timer for each of its
        # requests would cost more than reading them.
        self._since = self.loop.time()
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.request_timeout, self._look)

    def _stop_deadline(self) -> None:
        self._since = None

    def _look(self) -> None:
        self._deadline = None
        if self._since is None:
            return
        left = self._since + self._limits.request_timeout - self.loop.time()
        if left > 0:
            self._deadline = self.loop.call_later(left, self._look)
        else:
            self._too_slow()

    def _too_slow(self) -> None:
        self._broken = True
        self.transport.close()


def call_of(scope: Any, body: bytes, defect: Defect | None = None) -> Call:
    """Return a request as a call."""
    return Call(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(
            [
                (name.decode("latin-1"), value.decode("latin-1").strip(" \t"))
                for name, value in scope["headers"]
            ]
        ),
        body=body,
        scheme=scope["scheme"],
        defect=defect,
    )
