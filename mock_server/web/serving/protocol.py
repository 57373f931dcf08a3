"""uvicorn's httptools protocol, made safe and exact; `wire.py` writes the answers.

Rule 1: what is no body (head, trailers) is bounded in size, the whole request in time, and so is
the reading of an answer; a peer that is too slow is dropped.
Rule 2: what cannot be parsed is answered as the gateway answers bad requests, after whatever was
asked before it on the same connection, and then closed.
Rule 3: a request that never becomes whole, or whose turn never comes, is journalled all the same.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mock_server.domain.call import defects
from mock_server.domain.call.calls import Answer, Call, Defect
from mock_server.domain.records import dataclass
from mock_server.web.paths import is_ours, opens_inspector
from mock_server.web.serving.response_writer import EXTENSION, disconnected_after_ms, render
from mock_server.web.serving.script_player import reset

# Far above the gateway's own limit, which is answered; this one only protects memory.
MAX_HEAD_BYTES = 64 * 1024
# How long a refused peer may go on sending: closed at once, it could lose the answer to a reset.
LINGER_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """`request_timeout` is the seconds a peer has to send one whole request.

    `record_disconnect(call_id, ms)` hears of a client that hung up before it had its answer,
    `record_unanswered(call, ms)` of a call that gets none; ms is None where we hung up.
    """

    request_timeout: float
    answer_defect: Callable[[Call], Awaitable[Answer]]
    record_disconnect: Callable[[int, int], None]
    record_unanswered: Callable[[Call, int | None], None]


class ArtqrProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, limits: RequestLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._since: float | None = None  # when the request that is coming in has begun
        self._extra_bytes = 0  # that came since the last byte of a body
        self._begun = False
        self._broken = False
        self._refusing = False
        self._upgrading: list[tuple[bytes, bytes]] = []
        self.record_disconnect = limits.record_disconnect
        self.left_at: float | None = None
        self.on_leave: Callable[[], None] | None = None
        self.timed_out = False
        self._unread = 0  # bytes of answers that a slow peer had not taken when we last looked
        self._reading: asyncio.TimerHandle | None = None
        self._stopping = False
        # Called if the peer hangs up before it has taken what was written to it.
        self._untaken: list[Callable[[], None]] = []
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
        """Stop the clocks, and journal what gets no answer."""
        self._stop_deadline()
        for timer in (self._deadline, self._reading):
            if timer is not None:
                timer.cancel()
        self._leave()
        if isinstance(exc, ConnectionError):  # its system threw away what the peer had not read
            self._tell_untaken()
        if not self._stopping:
            self._record_unanswered()
        super().connection_lost(exc)
        self._go_on()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The peer has said everything; it still gets the answers to what it asked."""
        self._leave()
        self._watch_reading()
        if not self._unread:
            self._untaken.clear()  # it has read everything, or it would have reset the connection
        last: RequestResponseCycle | None = self.cycle
        if last is None or last.response_complete or last.more_body:
            return self._refusing
        last.keep_alive = False
        return self.scheme == "http"  # TLS has no half-closed connections

    def data_received(self, data: bytes) -> None:
        """Take bytes of one or more requests."""
        if self._broken:
            return
        self._extra_bytes += len(data)
        self._parse(data)
        if self._extra_bytes > MAX_HEAD_BYTES and not self._broken:
            self._refuse(defects.head_too_large(MAX_HEAD_BYTES))

    def pause_writing(self) -> None:
        """The peer reads too slowly: it has so long to take something of its answer."""
        super().pause_writing()
        self._watch_reading()

    def watch_taking(self, not_taken: Callable[[], None]) -> None:
        """Call `not_taken` if the peer hangs up before it has taken what is written next."""
        if self.left_at is not None or self.transport.is_closing():
            not_taken()
            return
        if not self.transport.get_write_buffer_size():
            self._untaken.clear()
        self._untaken.append(not_taken)

    def _tell_untaken(self) -> None:
        untaken, self._untaken = self._untaken, []
        for not_taken in untaken:
            not_taken()

    def finish(self) -> None:
        """End the connection after its last answer."""
        is_watched = self._untaken and self.left_at is None and not self._stopping
        if is_watched and not self.pipeline and self.transport.can_write_eof():
            self._broken = True  # closed at once, nobody would hear whether it took its answer
        if self._broken:
            self._linger()
        else:
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked in time."""
        super().timeout_keep_alive_handler()
        self._watch_reading()

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
        self._untaken.clear()  # nobody asks on before it has its answer
        self._begun = True
        if self._since is None:
            self._start_deadline()

    def on_headers_complete(self) -> None:
        """The head is there: hand the application the cycle that it answers on."""
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._upgrading = list(self.headers)
            return
        self._extra_bytes = 0
        super().on_headers_complete()
        if self._upgrading:
            self.headers[:] = self._upgrading  # what the client sent, for the journal
            self._upgrading = []
        if not self.parser.should_keep_alive():
            self.cycle.keep_alive = False  # uvicorn 0.34 looks for `Connection: close` later
        self.headers = []  # what comes from now on are trailers, which are no headers of the call
        self.scope["extensions"] = {
            EXTENSION: {"cycle": self.cycle, "connection": self, "asked_at": self.loop.time()}
        }

    def on_body(self, body: bytes) -> None:
        """Some of the body is there."""
        self._extra_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._upgrading:
            return
        if self.headers and sum(len(n) + len(v) for n, v in self.headers) > MAX_HEAD_BYTES:
            raise _TrailersTooLargeError
        self._stop_deadline()
        self._begun = False
        self._extra_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The next request of the connection may begin; nothing is read while some are waiting."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()
        if self.transport.is_closing():
            self._watch_reading()

    def _leave(self) -> None:
        if self.left_at is None:
            self.left_at = self.loop.time()
            if self.on_leave is not None:
                self.on_leave()

    def _parse(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        rest: bytes | memoryview = data
        try:
            while True:
                try:
                    self.parser.feed_data(rest)
                except httptools.HttpParserUpgrade as upgrade:
                    # An upgrade may be ignored (RFC 9110, 7.8), but the parser takes what follows
                    # for the other protocol, the body too: it is given the head again, without the
                    # wish.
                    rest = memoryview(rest)[upgrade.args[0] :]
                    self.parser.feed_data(self._head_without_upgrade())
                else:
                    return
        except (httptools.HttpParserInvalidURLError, httptools.HttpParserCallbackError) as error:
            # The one callback that can fail otherwise takes the target apart.
            too_large = isinstance(error.__context__, _TrailersTooLargeError)
            defect = defects.head_too_large(MAX_HEAD_BYTES) if too_large else None
            self._refuse(defect or defects.bad_target(data))
        except httptools.HttpParserError as error:
            self._refuse(
                defects.unparsable(
                    str(error), data, follows=self.cycle is not None, in_body=self._is_in_body()
                )
            )

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % pair for pair in self._upgrading if pair[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _is_in_body(self) -> bool:
        last: RequestResponseCycle | None = self.cycle
        return last is not None and last.more_body

    def _refuse(self, defect: Defect) -> None:
        self._broken = True
        self._begun = False
        self._stop_deadline()
        last: RequestResponseCycle | None = self.cycle
        if last is not None and not last.response_complete:
            # Requests of this connection are still being answered: let them, then close.
            last.keep_alive = False
            if last.more_body:  # it is the last one's own body that is broken
                last.scope["extensions"][EXTENSION]["defect"] = defect
                last.more_body = False
                last.message_event.set()
            else:
                self._limits.record_unanswered(self._unparsed(defect), None)
            return
        self._refusing = True
        task = self.loop.create_task(self._answer_defect(defect))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer_defect(self, defect: Defect) -> None:
        answer = await self._limits.answer_defect(self._unparsed(defect))
        self._refusing = False
        if not self.transport.is_closing():
            self.transport.write(render(answer, keep_alive=False))
            self._linger()

    def _linger(self) -> None:
        """Close once the peer had time to read: closed at once, a reset could take the answer."""
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_S, self._too_slow)

    def _unparsed(self, defect: Defect) -> Call:
        """Return as much of a request as was read of its head."""
        url: bytes = getattr(self, "url", b"")[:1024]
        return Call(
            method=self.parser.get_method().decode() if url else "",
            path=url.decode("latin-1"),
            headers=_texts(self.headers or []),
            scheme=self.scheme or "http",
            defect=defect,
        )

    def _record_unanswered(self) -> None:
        """Journal what the end of the connection cuts off; a body is left to whoever reads it."""
        for waiting, _ in self.pipeline:
            if is_ours(waiting.scope["path"]):
                continue
            body = bytes(waiting.body)
            defect = incomplete_body(waiting.scope, len(body)) if waiting.more_body else None
            call = call_of(waiting.scope, body, defect or defects.NEVER_BEGUN)
            self._limits.record_unanswered(call, disconnected_after_ms(waiting.scope))
        if self._begun and not self._is_in_body():
            began = self.left_at if self._since is None else self._since
            ms = round(((self.left_at or 0) - (began or 0)) * 1000)
            call = self._unparsed(defects.incomplete_head(self._extra_bytes))
            if not is_ours(call.path):
                self._limits.record_unanswered(call, None if self.timed_out else ms)

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
        self.timed_out = self._begun
        self.transport.close()
        self._watch_reading()

    def _watch_reading(self) -> None:
        """Cut a peer off that takes nothing of what it is sent for as long as a request may last.

        Nothing is left out by this: closing waits until all is sent.
        """
        self._unread = self.transport.get_write_buffer_size()
        if self._unread and self._reading is None:
            self._reading = self.loop.call_later(self._limits.request_timeout, self._look_at_reader)

    def _look_at_reader(self) -> None:
        self._reading = None
        before, self._unread = self._unread, self.transport.get_write_buffer_size()
        if self._unread >= before:
            self._leave()
            self._tell_untaken()
            reset(self.transport)  # or the system would go on trying to send
        else:
            self._watch_reading()


class _TrailersTooLargeError(Exception):
    """The trailers of a request are longer than a head may be."""


def incomplete_body(scope: Any, size: int) -> Defect:
    """Return the defect of a request of which so many bytes of its body came."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return defects.incomplete_body(size, int(value))
    return defects.incomplete_body(size, None)


def comes_to_look(scope: Any) -> bool:
    """Whether a person opens the address of the server in a browser."""
    if scope["path"] != "/":  # as every call of the API
        return False
    accept = b", ".join(value for name, value in scope["headers"] if name == b"accept")
    return opens_inspector(scope["method"], scope["path"], accept.decode("latin-1"))


def _texts(headers: list[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        [(name.decode("latin-1"), value.decode("latin-1").strip(" \t")) for name, value in headers]
    )


def call_of(scope: Any, body: bytes, defect: Defect | None = None) -> Call:
    """Return a request as a call."""
    return Call(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=_texts(scope["headers"]),
        body=body,
        scheme=scope["scheme"],
        defect=defect,
    )
