"""The fast path: a small, whole call of the gateway needs no task of its own.

uvicorn starts an ASGI task for each request; for a call that is answered within one turn of the
loop, or the fetch of a picture that is drawn already, that is half of the work. A call that is
large, slow, pipelined or waits for a `100 Continue` goes through ASGI. So does every call where
uvicorn has no hook for this one. A call that came in one packet, with a head that was read before,
needs neither the parser nor uvicorn's cycle (known_heads.py).
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mock_server.actions.operations.pictures import PictureAddress
from mock_server.domain.call.calls import Answer, Call, Defect
from mock_server.web.paths import is_ours
from mock_server.web.serving.known_heads import KnownCycle, KnownHead, KnownHeads, head_of
from mock_server.web.serving.picture_path import address_of
from mock_server.web.serving.protocol import ArtqrProtocol, call_of, comes_to_look
from mock_server.web.serving.response_writer import (
    EXTENSION,
    disconnected_after_ms,
    write_answer,
    write_now,
)

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


_SIGNATURE = "x-ca-signature"


class FastPathProtocol(ArtqrProtocol):
    """One connection; `submit(call, hold, reply)` answers a call, see AsgiApp.submit, and
    `submit_picture(call, address, reply, otherwise)` a fetch, see AsgiApp.submit_picture.
    """

    def __init__(
        self,
        *args: Any,
        submit: Callable[..., None],
        submit_picture: Callable[..., None],
        heads: KnownHeads,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._heads = heads
        # The head that the packet at hand begins with, and the length of the packet.
        self._packet: tuple[bytes, int] | None = None
        self._submit = submit
        self._submit_picture = submit_picture
        self._picture: PictureAddress | None = None  # what the short request fetches, if it does
        self._short: RequestResponseCycle | None = None
        self._starting = False

    def data_received(self, data: bytes) -> None:
        """Take bytes of one or more requests; nothing is parsed of one whose head is known."""
        if self._waits_for_a_request():
            head = head_of(data)
            known = self._heads.get(head)
            if known is not None and len(data) == len(head) + known.body_length:
                self._begin_known(known, data[len(head) :])
                return
            self._packet = (head, len(data)) if head else None
        super().data_received(data)
        self._packet = None

    def _waits_for_a_request(self) -> bool:
        """Whether the next byte is the first of a request, which may begin at once."""
        last: RequestResponseCycle | None = self.cycle
        return (
            not (self._begun or self._extra_bytes or self._broken or self._refusing)
            and (last is None or last.response_complete)
            and not self.pipeline
            and self.left_at is None
            and not self.transport.is_closing()
        )

    def _begin_known(self, known: KnownHead, body: bytes) -> None:
        """Answer a request as if the parser had read it."""
        self._unset_keepalive_if_required()
        self._stop_deadline()
        self._untaken.clear()  # nobody asks on before it has its answer
        here: dict[str, Any] = {"connection": self, "asked_at": self.loop.time()}
        scope = {**known.scope, "extensions": {EXTENSION: here}}
        cycle: Any = KnownCycle(scope, self.transport, self.flow)
        cycle.on_response = self.on_response_complete
        self.cycle = cycle
        self.url, self.headers, self.scope = known.url, [], scope  # type: ignore[assignment]
        call = Call(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=known.headers,
            body=body,
            scheme=scope["scheme"],
        )
        self._submit(call, partial(self._hold, cycle), partial(self._reply, cycle))

    def _keep_head(self, cycle: RequestResponseCycle, call: Call) -> None:
        """Remember the head of a call that was the whole packet, if the connection goes on.

        A signed head, with its nonce and its time, does not come again.
        """
        head, length = self._packet or (b"", 0)
        is_whole = length == len(head) + len(call.body)
        if is_whole and cycle.keep_alive and _SIGNATURE not in call.named:
            self._heads.keep(head, cycle.scope, self.url, call.headers, len(call.body))

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
            self._fall_back_to_asgi()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        super().on_message_complete()
        short, self._short = self._short, None
        if short is not None:
            call = call_of(short.scope, bytes(short.body))
            reply = partial(self._reply, short)
            if self._picture is None:
                if self._packet is not None:
                    self._keep_head(short, call)
                self._submit(call, partial(self._hold, short), reply)
            else:
                otherwise = partial(super()._start_asgi_task, short, self.app)
                self._submit_picture(call, self._picture, reply, otherwise)

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer has gone: half a body is the ordinary way's to journal."""
        self._fall_back_to_asgi()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        is_short = self._starting and not cycle.waiting_for_100_continue
        self._picture = None
        if is_short and is_ours(cycle.scope["path"]):
            self._picture = address_of(cycle.scope)
            is_short = self._picture is not None
        elif is_short and comes_to_look(cycle.scope):
            is_short = False
        if is_short:
            self._short = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def _refuse(self, defect: Defect) -> None:
        self._fall_back_to_asgi()
        super()._refuse(defect)

    def _fall_back_to_asgi(self) -> None:
        short, self._short = self._short, None
        if short is not None:
            super()._start_asgi_task(short, self.app)

    def _hold(
        self, cycle: RequestResponseCycle, ms: int, then: Callable[[int | None], None]
    ) -> None:
        self.wait(ms, lambda: then(disconnected_after_ms(cycle.scope)))

    def _reply(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        if not cycle.flow.write_paused:
            write_now(cycle, answer)
        else:
            cycle.scope["extensions"][EXTENSION]["cycle"] = cycle
            task = self.loop.create_task(write_answer(cycle.scope, answer))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
