"""The ASGI application of `serve`: bytes -> `Call` -> gateway -> `Answer` -> bytes.

Rule 1: it answers every call of the gateway itself, without a thread or a route, and every fetch
of a picture; the Flask app answers the rest, through a2wsgi.
Rule 2: a body is read here, bounded, before any thread is taken.
"""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from mock_server.actions import bugs
from mock_server.actions.commit import commit
from mock_server.actions.gateway import pipeline
from mock_server.actions.gateway.exchange import Work, exchange, run_with_callbacks
from mock_server.actions.gateway.pipeline import Hold
from mock_server.actions.operations.pictures import PictureAddress
from mock_server.domain.call.calls import MAX_BODY_BYTES, Answer, Call, Defect
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import DatabaseClosedError
from mock_server.web.keys import FEED, LEFT_AFTER_MS
from mock_server.web.paths import is_ours
from mock_server.web.serving.event_streams import EventStreams
from mock_server.web.serving.picture_path import (
    address_of,
    answer_picture,
    submit_picture,
)
from mock_server.web.serving.protocol import call_of, comes_to_look, incomplete_body
from mock_server.web.serving.response_writer import (
    EXTENSION,
    disconnected_after_ms,
    hang_up,
    hold,
    write_answer,
)

if TYPE_CHECKING:
    from a2wsgi import WSGIMiddleware
    from flask import Flask

    from mock_server.web.inspector.live import Feed

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# A body over the gateway's limit is read and dropped up to here, so that its sender gets to the
# answer; beyond it the connection is cut.
MAX_DRAIN_BYTES = 8 * MAX_BODY_BYTES
FLASK_THREADS = 32
# A call that settles waits for callbacks, whose receivers may fetch pictures before they answer:
# those who wait and those who are waited for never share threads.
WAITING_THREADS = 256
WAITING_ROUTES = ("/clock", "/resend")

log = logging.getLogger(__name__)


class ClientGoneError(Exception):
    """The peer hung up before its request was whole: there is nobody to answer.

    `size` bytes of its body came, of which `body` is kept.
    """

    def __init__(self, body: bytes, size: int) -> None:
        super().__init__(f"after {size} bytes")
        self.body = body
        self.size = size


class AsgiApp:
    """The ASGI application of `serve`."""

    def __init__(self, simulator: Simulator, build: Callable[[], "Flask"]) -> None:
        """`build` makes the Flask app that answers the rest, on a thread."""
        self._simulator = simulator
        self._flask = FlaskBridge(build)
        self._streams = EventStreams()

    def load_soon(self) -> None:
        """Load what the rest needs, on a thread, before somebody asks for it."""
        self._flask.load_soon()

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Answer one request."""
        try:
            if not is_ours(scope["path"]) and not comes_to_look(scope):
                answer = await self._exchange(await read_call(scope, receive), scope)
            elif (address := address_of(scope)) is not None:
                answer = await self._picture(scope, receive, address)
            else:
                answer, feed = await self._flask.answer(scope, receive)
                if feed is not None and (answer := self._streams.refusal() or answer).status == 200:
                    await self._streams.send(scope, feed)
                    return
        except ClientGoneError as gone:
            self._record_incomplete(scope, gone)
            return
        except asyncio.CancelledError:  # the server stops, and its grace is over: nobody's bug
            hang_up(scope)
            return
        await write_answer(scope, answer)

    async def answer(self, call: Call) -> Answer:
        """Answer a call that is not held for anybody, such as a request that cannot be parsed."""
        return await self._exchange(call, None)

    def submit(
        self,
        call: Call,
        hold: Callable[[int, Callable[[int | None], None]], None],
        reply: Callable[[Answer], None],
    ) -> None:
        """Answer a call through the gateway without a task; `reply` is called on the loop."""
        run_with_callbacks(self._simulator, call, hold, reply)

    def submit_picture(
        self,
        call: Call,
        address: PictureAddress,
        reply: Callable[[Answer], None],
        otherwise: Callable[[], None],
    ) -> None:
        """Answer the fetch of a drawn picture without a task, see picture_path.submit_picture."""
        submit_picture(self._simulator, call, address, reply, otherwise)

    def record_disconnect(self, call_id: int, ms: int) -> None:
        """Journal that a client hung up before it had all of its answer."""

        def done(_: None, error: BaseException | None) -> None:
            if error is not None:
                bugs.report(self._simulator, error, call_id)

        self._simulator.database.submit(
            lambda tx: pipeline.record_disconnect(tx, call_id, ms), done
        )

    def record_unanswered(self, call: Call, ms: int | None) -> None:
        """Journal a call that gets no answer: its client hung up after so long, or we did."""

        def done(_: None, error: BaseException | None) -> None:
            if error is not None:
                bugs.report(simulator, error)

        simulator = self._simulator
        with contextlib.suppress(DatabaseClosedError):  # the server is stopping
            simulator.database.submit(
                lambda tx: pipeline.record_unanswered(tx, simulator, call, ms), done
            )

    def record_refused(self, defect: Defect) -> None:
        """Journal a handshake that failed because of its client."""
        self.record_unanswered(Call(method="", path="", scheme="https", defect=defect), None)

    def _record_incomplete(self, scope: Scope, gone: ClientGoneError) -> None:
        if not is_ours(scope["path"]):
            connection = scope["extensions"][EXTENSION]["connection"]
            ms = None if connection.timed_out else disconnected_after_ms(scope)
            self.record_unanswered(call_of(scope, gone.body, incomplete_body(scope, gone.size)), ms)

    async def _picture(self, scope: Scope, receive: Receive, address: PictureAddress) -> Answer:
        body, defect = await read_body(scope, receive)
        if defect is not None:
            return _refused(defect)
        return await answer_picture(self._simulator, scope, call_of(scope, body), address)

    async def _exchange(self, call: Call, scope: Scope | None) -> Answer:
        """Run an exchange in this task; `scope` is the request that may be held."""
        steps = exchange(self._simulator, call)
        step: Callable[[Any], Work | Hold] = steps.send
        value: Any = None
        while True:
            try:
                wanted = step(value)
            except StopIteration as end:
                return cast("Answer", end.value)
            step, value = steps.send, None
            if isinstance(wanted, Hold):
                if scope is not None:
                    await hold(scope, wanted.ms)
                    value = disconnected_after_ms(scope)
                continue
            try:
                value = await commit(self._simulator.database, wanted)
            except Exception as error:  # noqa: BLE001 - the exchange logs it and answers for it
                step, value = steps.throw, error

    def close(self) -> None:
        """End the threads of the Flask app, once they have answered."""
        self._streams.close()
        self._flask.close()


class FlaskBridge:
    """Runs the Flask app in threads for everything that is not the gateway's.

    Flask and the admin routes load longer than all else: the gateway answers before they have.
    """

    def __init__(self, build: Callable[[], "Flask"]) -> None:
        self._build = build
        self._loading: asyncio.Future[tuple[WSGIMiddleware, WSGIMiddleware]] | None = None
        self._ready: tuple[WSGIMiddleware, ...] = ()

    def load_soon(self) -> None:
        """Load the app on a thread, unless that has begun; on the loop."""
        if self._loading is None:
            self._loading = asyncio.get_running_loop().run_in_executor(None, self._load)
            self._loading.add_done_callback(self._loaded)

    def close(self) -> None:
        """End the threads, once they have answered."""
        for app in self._ready:
            app.executor.shutdown(wait=True)

    def _load(self) -> "tuple[WSGIMiddleware, WSGIMiddleware]":
        from a2wsgi import WSGIMiddleware  # noqa: PLC0415 - a server starts without it

        app = _keep_headers(self._build())
        gc.freeze()  # as for what was there at the start, see server.py
        self._ready = apps = (
            WSGIMiddleware(app, workers=FLASK_THREADS),
            WSGIMiddleware(app, workers=WAITING_THREADS),
        )
        return apps

    def _loaded(self, loading: asyncio.Future[Any]) -> None:
        """Let the next request try again if it failed."""
        if loading.cancelled():
            return
        if (error := loading.exception()) is not None:
            log.error("the admin routes could not be loaded", exc_info=error)
            self._loading = None

    async def _apps(self) -> "tuple[WSGIMiddleware, WSGIMiddleware]":
        self.load_soon()
        assert self._loading is not None  # noqa: S101 - it has begun
        return await asyncio.shield(self._loading)

    async def answer(self, scope: Scope, receive: Receive) -> "tuple[Answer, Feed | None]":
        """Return what Flask answers, with the header names as it spelt them, and the feed that the
        answer goes on with, if it is the head of a stream.
        """
        body, defect = await read_body(scope, receive)
        if defect is not None:
            return _refused(defect), None
        headers = [pair for pair in scope["headers"] if pair[0] not in _BODY_HEADERS]
        headers.append((b"content-length", str(len(body)).encode()))
        inner = {**scope, "headers": headers, "root_path": ""}
        inner[LEFT_AFTER_MS] = lambda: disconnected_after_ms(scope)
        answer: dict[str, Any] = {"body": b""}

        async def whole() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: dict[str, Any]) -> None:
            answer["status"] = message.get("status", answer.get("status"))
            answer["body"] += message.get("body", b"")

        quick, waiting = await self._apps()
        app = waiting if _may_wait(scope, body) else quick
        await app(inner, whole, keep)  # type: ignore[arg-type]
        whole_answer = Answer(status=answer["status"], headers=inner[_HEADERS], body=answer["body"])
        return whole_answer, inner.get(FEED)


def _may_wait(scope: Scope, body: bytes) -> bool:
    """Whether a call asks to wait for callbacks; a name in JSON can be spelt in escapes."""
    return scope["path"].endswith(WAITING_ROUTES) and (b"settle" in body or b"\\u" in body)


def _refused(defect: Defect) -> Answer:
    from mock_server.web.problems import problem  # noqa: PLC0415 - it needs Flask

    if defect.code == "I413RL":
        refused = problem(413, "Too large", f"a body has at most {MAX_BODY_BYTES} bytes")
    else:
        refused = problem(400, "Bad request", defect.reason)
    return Answer(status=refused.status_code, headers=(*refused.headers,), body=refused.get_data())


async def read_call(scope: Scope, receive: Receive) -> Call:
    """Return a request as a call. Raises ClientGoneError."""
    body, defect = await read_body(scope, receive)
    return call_of(scope, body, defect)


async def read_body(scope: Scope, receive: Receive) -> tuple[bytes, Defect | None]:
    """Return the whole body, or what is wrong with it. Raises ClientGoneError."""
    connection = scope["extensions"][EXTENSION]
    cycle = connection["cycle"]
    too_large = Defect(code="I413RL", reason="")
    announced = _content_length(scope)
    if announced > MAX_BODY_BYTES and (
        announced > MAX_DRAIN_BYTES or cycle.waiting_for_100_continue
    ):
        cycle.keep_alive = False
        return b"", too_large
    parts: list[bytes] = []
    size = 0
    while True:
        try:
            part, more = await _next_part(cycle, receive)
        except ClientGoneError as gone:
            whole = b"".join([*parts, gone.body])
            raise ClientGoneError(whole[:MAX_BODY_BYTES], size + gone.size) from None
        size += len(part)
        if size <= MAX_BODY_BYTES:
            parts.append(part)
        else:
            parts.clear()
        if size > MAX_DRAIN_BYTES:
            cycle.keep_alive = False
            return b"", too_large
        if "defect" in connection:
            return b"", connection["defect"]
        if not more:
            return (b"".join(parts), None) if size <= MAX_BODY_BYTES else (b"", too_large)


async def _next_part(cycle: Any, receive: Receive) -> tuple[bytes, bool]:
    """Return more of a body and whether there is still more. Raises ClientGoneError."""
    if not cycle.more_body:
        # It is all there, even if its sender has gone: to receive would be to read on, into
        # requests that have to wait.
        part, cycle.body = bytes(cycle.body), bytearray()
        return part, False
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError(bytes(cycle.body), len(cycle.body))
    return message["body"], message["more_body"]


_HEADERS = "artqr_mock.headers"
_BODY_HEADERS = frozenset({b"content-length", b"transfer-encoding"})


def _keep_headers(flask: "Flask") -> Callable[..., Any]:
    """Note the headers as Flask spells them: a2wsgi makes them lower case."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            environ["asgi.scope"][_HEADERS] = tuple(headers)
            return start_response(status, headers, exc_info)

        scope = environ["asgi.scope"]
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1")
        environ["RAW_URI"] = f"{path}?{query}" if query else path
        environ["wsgi.errors"] = _LogStream()
        return flask(environ, start)

    return app


class _LogStream:
    """Where a WSGI application writes what goes wrong: our log, not standard output."""

    def write(self, text: str) -> None:
        if text.strip():
            log.error("%s", text.rstrip())

    def flush(self) -> None:
        """Nothing is held back."""


def _content_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return 0
