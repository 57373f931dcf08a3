"""Server-Sent Events: what a feed has that is new, on the connection of the request.

Rule 1: a stream asks its feed on a thread of its own few, never on the loop, and then rests: for
REST_MS, or so much longer that all streams together take at most SHARE of the time.
Rule 2: streams are bounded in number, and what is written but not read is bounded: a browser that
does not read gets nothing new until it does.
Rule 3: a stream rests on the timer of its connection, which the protocol cuts off when the server
stops; so it ends at once.
"""

import asyncio
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mock_server.domain.call.calls import Answer
from mock_server.domain.usage_errors import UsageError
from mock_server.store.engine.transaction import DatabaseClosedError, log_failure
from mock_server.web.serving.response_writer import (
    EXTENSION,
    disconnected_after_ms,
    hold,
    render_head,
)

if TYPE_CHECKING:
    from mock_server.web.inspector.live import Event, Feed

MOST_STREAMS = 32
THREADS = 2
REST_MS = 250
MOST_REST_MS = 5_000
SHARE = 0.04
# After so long without news a comment is sent, so that a browser that has gone is noticed.
SILENCE_MS = 15_000
MOST_UNREAD = 64 * 1024
RETRY_MS = 1000

_HEADERS = (
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Accel-Buffering", "no"),
)
_LINE_END = re.compile("\r\n|\r|\n")

log = logging.getLogger(__name__)


class EventStreams:
    """The streams of a server."""

    def __init__(self) -> None:
        self._open = 0
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="event-streams")

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def refusal(self) -> Answer | None:
        """Return the answer to a request for one stream too many; None: there is room."""
        if self._open < MOST_STREAMS:
            return None
        from mock_server.web.problems import problem  # noqa: PLC0415 - it needs Flask

        refused = problem(
            503, "Too many pages", f"{MOST_STREAMS} pages are open and live already: close some"
        )
        headers = (*refused.headers, ("Retry-After", "5"))
        return Answer(status=503, headers=headers, body=refused.get_data())

    async def send(self, scope: Any, feed: "Feed") -> None:
        """Send what a feed has until the browser leaves, or the server stops."""
        cycle: RequestResponseCycle = scope["extensions"][EXTENSION]["cycle"]
        cycle.keep_alive = False
        cycle.response_started = True
        # Who says that nothing more will come has gone, here: nobody asks for two things.
        scope["extensions"][EXTENSION]["connection"].on_leave = cycle.transport.abort
        cycle.transport.write(
            render_head(Answer(status=200, headers=_HEADERS), keep_alive=False)
            + f"retry: {RETRY_MS}\n\n".encode()
        )
        self._open += 1
        try:
            await self._go_on(scope, cycle, feed)
        finally:
            self._open -= 1
            cycle.response_complete = True
            cycle.disconnected = True
            cycle.transport.close()

    async def _go_on(self, scope: Any, cycle: RequestResponseCycle, feed: "Feed") -> None:
        loop = asyncio.get_running_loop()
        silent_ms = 0.0
        while not _is_gone(scope, cycle):
            rest_ms: float = REST_MS
            if cycle.transport.get_write_buffer_size() <= MOST_UNREAD:
                news = await self._news(loop, feed)
                if news is None or _is_gone(scope, cycle):
                    return
                events, took_ms = news
                rest_ms = min(MOST_REST_MS, max(rest_ms, took_ms * self._open / SHARE))
                silent_ms = 0 if events else silent_ms + rest_ms
                if events or silent_ms >= SILENCE_MS:
                    silent_ms = 0
                    cycle.transport.write(b"".join(map(written, events)) or b":\n\n")
            await hold(scope, round(rest_ms))

    async def _news(
        self, loop: asyncio.AbstractEventLoop, feed: "Feed"
    ) -> "tuple[list[Event], float] | None":
        """Return what is new, and how much time of the processor it took to find out, in ms.

        None: nothing will be new any more.
        """
        try:
            return await loop.run_in_executor(self._executor, _timed, feed)
        except (UsageError, DatabaseClosedError):  # the account is gone, or the server stops
            return None
        except Exception as error:  # noqa: BLE001 - it is logged, and the stream ends
            if not (isinstance(error, RuntimeError) and self._executor._shutdown):
                log_failure(log, "a page could not be told what is new", error)
            return None


def _timed(feed: "Feed") -> "tuple[list[Event], float]":
    # Of the processor: on a busy machine a stream waits as others do, which is no work of its own.
    began = time.thread_time()
    events = feed.events()
    return events, (time.thread_time() - began) * 1000


def written(event: "Event") -> bytes:
    """Return an event as it goes over the wire."""
    lines = [f"event: {event.name}", f"id: {event.mark}"]
    lines += [f"data: {line}" for line in _LINE_END.split(event.html)]
    return ("\n".join(lines) + "\n\n").encode()


def _is_gone(scope: Any, cycle: RequestResponseCycle) -> bool:
    has_left = disconnected_after_ms(scope) is not None
    return has_left or cycle.disconnected or cycle.transport.is_closing()
