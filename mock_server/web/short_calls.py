"""The shortest way in: a small, whole call of the gateway needs no task of its own.

uvicorn starts an ASGI task for each request; for a call that is answered within one turn of the
loop that is half of the work. A call that is large, slow, pipelined or waits for a `100 Continue`
goes the ordinary way, through ASGI. So does every call where uvicorn has no hook for this one.
"""

import inspect
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mock_server.actions.gateway import Hold
from mock_server.domain.calls import Answer, Call, Defect
from mock_server.web.express import Held, Take
from mock_server.web.protocol import ArtqrProtocol, call_of
from mock_server.web.routing import is_ours
from mock_server.web.wire import left_ms, write_answer, write_now

# Below uvicorn's own mark, from which on it waits for somebody to read.
MAX_BODY_BYTES = 32 * 1024
# The private method of uvicorn that starts a request, and its parameters.
HOOK = "_start_asgi_task"
HOOK_TAKES = ["self", "cycle", "app"]


def missing_hook() -> str | None:
    """Return why calls cannot come in by this way with the installed uvicorn; None: they can."""
    hook = getattr(HttpToolsProtocol, HOOK, None)
    is_called = HOOK in HttpToolsProtocol.on_headers_complete.__code__.co_names
    if hook is not None and is_called and [*inspect.signature(hook).parameters] == HOOK_TAKES:
        return None
    return (
        f"uvicorn {uvicorn.__version__} does not start requests with HttpToolsProtocol.{HOOK}"
        f"({', '.join(HOOK_TAKES[1:])}): each call takes the slower way, through an ASGI task"
    )


class ShortCallProtocol(ArtqrProtocol):
    """One connection; `take(call, reply, held)` answers a call and calls `reply` on the loop."""

    def __init__(self, *args: Any, take: Take, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._take = take
        self._short: RequestResponseCycle | None = None
        self._starting = False

    def on_headers_complete(self) -> None:
        """The head is there: what would be started now, rather than queued, may be short."""
        self._starting = True
        try:
            super().on_headers_complete()
        finally:
            self._starting = False

    def on_body(self, body: bytes) -> None:
        """Some of the body is there."""
        if self._short is not None and len(self._short.body) + len(body) > MAX_BODY_BYTES:
            self._go_the_ordinary_way()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        super().on_message_complete()
        short, self._short = self._short, None
        if short is not None:
            call = call_of(short.scope, bytes(short.body))
            self._take(call, partial(self._reply, short, call), None)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        is_short = self._starting and not cycle.waiting_for_100_continue
        if is_short and not is_ours(cycle.scope["path"]):
            self._short = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def _refuse(self, defect: Defect) -> None:
        self._go_the_ordinary_way()
        super()._refuse(defect)

    def _go_the_ordinary_way(self) -> None:
        short, self._short = self._short, None
        if short is not None:
            super()._start_asgi_task(short, self.app)

    def _reply(self, cycle: RequestResponseCycle, call: Call, outcome: Answer | Hold) -> None:
        if isinstance(outcome, Hold):
            self.wait(outcome.ms, partial(self._take_again, cycle, call, outcome))
        elif not cycle.flow.write_paused:
            write_now(cycle, outcome)
        else:
            task = self.loop.create_task(write_answer(cycle.scope, outcome))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def _take_again(self, cycle: RequestResponseCycle, call: Call, hold: Hold) -> None:
        held = Held(hold=hold, left_ms=left_ms(cycle.scope))
        self._take(call, partial(self._reply, cycle, call), held)
