"""`serve`: runs the simulator on uvicorn, with a deliverer, until a signal stops it."""

import asyncio
import contextlib
import functools
import gc
import logging
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import uvicorn

from mock_server.actions.accounts import accounts, scenarios
from mock_server.deliverer import Deliverer
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import Account
from mock_server.domain.call.calls import Defect
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.listening import BACKLOG, listen
from mock_server.real_clock import wall_clock
from mock_server.settings import Settings
from mock_server.simulator import Front, LogCall, Simulator, build_simulator, with_recorder
from mock_server.store import accounts as account_rows
from mock_server.store import probe
from mock_server.store.engine.files import unreadable, unwritable
from mock_server.store.engine.schedulers import LoopScheduler
from mock_server.tls import server_context
from mock_server.trimmer import Trimmer
from mock_server.web.keys import SERVING
from mock_server.web.serving.asgi_app import AsgiApp
from mock_server.web.serving.fast_path import FastPathProtocol, missing_hook
from mock_server.web.serving.known_heads import KnownHeads
from mock_server.web.serving.protocol import ArtqrProtocol, RequestLimits
from mock_server.web.serving.response_writer import KEEP_ALIVE_S
from mock_server.web.serving.tls_listener import TlsListener

if TYPE_CHECKING:
    from mock_server.metrics.recorder import Recorder

GRACE_S = 5
# A turn of calls makes thousands of objects and almost no circles: Python's own 700 would have the
# collector look through the same living ones several times in each turn.
YOUNG_OBJECTS = 20_000
LOAD_AFTER_S = 0.5  # so long the gateway answers before what people look at is loaded

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place of a process among the `workers` of one server, and its socket on their port."""

    number: int
    workers: int
    listener: socket.socket


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watchers:
    """Who hears of calls."""

    log_call: LogCall | None
    recorder: "Recorder | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running server and its default account. `stop` may be called from any thread."""

    url: str
    simulator: Simulator
    default: Account
    stop: Callable[[], None]


def serve(
    settings: Settings,
    on_ready: Callable[[Running], None],
    real_now: Callable[[], int] = wall_clock,
    log_call: LogCall | None = None,
    place: Place | None = None,
    recorder: "Recorder | None" = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `stop`; `on_ready` is called once calls are answered.

    `log_call` is called for every call, on the event loop: it must not block. `place` is that of
    a process which is one of several; workers.py starts those. `recorder` counts for the metrics;
    None: they are not offered.

    Raises listening.CannotListenError or store.engine.files.DatabaseFileError.
    """
    listener = place.listener if place else listen(settings)
    with listener, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        watchers = _Watchers(log_call=log_call, recorder=recorder)
        runner.run(_serve(settings, listener, on_ready, real_now, watchers, place))


@contextlib.contextmanager
def running(
    settings: Settings,
    real_now: Callable[[], int] = wall_clock,
    recorder: "Recorder | None" = None,
) -> Iterator[Running]:
    """Serve on a thread of this process during a `with` block."""
    ready = threading.Event()
    found: list[Running] = []
    failed: list[BaseException] = []

    def on_ready(server: Running) -> None:
        found.append(server)
        ready.set()

    def run() -> None:
        try:
            serve(settings, on_ready, real_now, recorder=recorder)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="serve", daemon=True)
    thread.start()
    ready.wait()
    if failed:
        thread.join()
        raise failed[0]
    try:
        yield found[0]
    finally:
        found[0].stop()
        thread.join()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory; None, for the standard loop, if uvloop is not installed."""
    try:
        import uvloop  # noqa: PLC0415 - it does not exist for every system
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals, start and end to us."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_started: Callable[[], None],
        on_stopping: Callable[[], None],
        context: ssl.SSLContext | None,
        *,
        handshake_timeout: float,
        on_refused: Callable[[Defect], None],
    ) -> None:
        super().__init__(config)
        self._on_refused = on_refused
        self._on_started = on_started
        self._on_stopping = on_stopping
        self._context = context
        self._handshake_timeout = handshake_timeout

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._context is None:
            await super().startup(sockets=sockets)
        else:
            await super().startup(sockets=[])
            self._listen_encrypted(self._context, sockets or [])
        try:
            self._on_started()
        except BaseException:  # uvicorn would leave what listens, and no loop closes before that
            await self.shutdown(sockets=sockets)
            raise

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stopping()
        await super().shutdown(sockets=sockets)

    def _listen_encrypted(self, context: ssl.SSLContext, sockets: list[socket.socket]) -> None:
        def new_protocol() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config,
                server_state=self.server_state,
                app_state=self.lifespan.state,
            )

        for listener in sockets:
            listener.listen(BACKLOG)
            self.servers.append(
                TlsListener(  # type: ignore[arg-type]
                    listener,
                    context,
                    new_protocol,
                    timeout=self._handshake_timeout,
                    on_refused=self._on_refused,
                )
            )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal and exit with 0: uvicorn would raise the signal again at the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def _serve(
    settings: Settings,
    listener: socket.socket,
    on_ready: Callable[[Running], None],
    real_now: Callable[[], int],
    watchers: _Watchers,
    place: Place | None,
) -> None:
    recorder = watchers.recorder
    loop = asyncio.get_running_loop()
    settings = replace(settings, port=listener.getsockname()[1])  # port 0 chose a free one
    simulator = build_simulator(
        settings,
        scheduler=LoopScheduler(loop),
        real_now=real_now,
        front=Front(ports=(settings.port,), loop=loop),
        log_call=watchers.log_call,
    )
    if recorder is not None:
        simulator = with_recorder(simulator, recorder)
    try:
        default = await _begin(simulator)

        def ready(url: str, stop: Callable[[], None]) -> None:
            on_ready(Running(url=url, simulator=simulator, default=default, stop=stop))

        deliverer, trimmer = Deliverer(simulator), Trimmer(simulator)
        deliverer.start()
        trimmer.start()
        try:
            with _watched(recorder):
                await _answer(simulator, listener, ready, _serving(place))
        finally:
            await trimmer.stop()
            await deliverer.stop()
    finally:
        await loop.run_in_executor(None, simulator.close_workers)
        await loop.run_in_executor(None, simulator.keep_instant)
        simulator.database.close()


@contextlib.contextmanager
def _watched(recorder: "Recorder | None") -> Iterator[None]:
    """Observe the running loop, if somebody counts."""
    if recorder is None:
        yield
        return
    from mock_server.metrics.loop_watch import LoopWatch  # noqa: PLC0415 - only where it counts

    watch = LoopWatch(recorder)
    try:
        yield
    finally:
        watch.stop()


async def _begin(simulator: Simulator) -> Account:
    """Return the default account, in the scenario that the settings name.

    Raises DatabaseFileError where the rows cannot be read or written.
    """
    database = simulator.database
    try:  # read first: what cannot be read is not written to
        database.read(lambda tx: account_rows.get_unlocked(tx, DEFAULT_ID))
    except Exception as error:
        log.debug("the default account cannot be read", exc_info=error)
        raise unreadable(database.place, error) from error
    try:
        await asyncio.wrap_future(database.start(probe.write))
    except Exception as error:
        log.debug("the database cannot be written", exc_info=error)
        raise unwritable(database.place, error) from error
    try:
        account = await asyncio.wrap_future(
            database.start(lambda tx: accounts.ensure_default(tx, simulator))
        )
    except Exception as error:
        log.debug("the default account cannot be read", exc_info=error)
        raise unreadable(database.place, error) from error
    name = simulator.settings.scenario
    if name is None:
        return account
    found = scenarios.find(name)
    return await asyncio.wrap_future(
        database.start(lambda tx: scenarios.load(tx, simulator, account.id, found))
    )


async def _answer(
    simulator: Simulator,
    listener: socket.socket,
    on_ready: Callable[[str, Callable[[], None]], None],
    serving: dict[str, Any],
) -> None:
    settings = simulator.settings
    app = AsgiApp(simulator, functools.partial(_flask_app, simulator, serving))
    config = _config(app, settings)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.call_soon_threadsafe(lambda: setattr(server, "should_exit", True))

    def started() -> None:
        # What people look at loads a little later, or when somebody asks for it.
        loop.call_later(LOAD_AFTER_S, app.load_soon)
        on_ready(settings.own_url, stop)

    context = server_context(settings)
    server = _Server(
        config,
        started,
        simulator.due_signal.stop,
        context,
        handshake_timeout=settings.request_timeout,
        on_refused=app.record_refused,
    )
    # What lives as long as the server need not be looked through again and again.
    if gc.isenabled():  # a command that has just started has no garbage worth the time
        gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    gc.enable()
    try:
        await server.serve(sockets=[listener])
    finally:
        await loop.run_in_executor(None, app.close)


def _flask_app(simulator: Simulator, serving: dict[str, Any]) -> Any:
    """Return the Flask app behind the gateway; it is loaded once the gateway answers."""
    from mock_server.web.flask_app import create_app  # noqa: PLC0415 - it takes most of the start

    flask = create_app(simulator)
    flask.config[SERVING] = serving
    simulator.catalogue.requests(DEFAULT_READINGS)  # compiled here, it keeps no call waiting
    return flask


def _serving(place: Place | None) -> dict[str, Any]:
    """Return what `/_mock/health` reports about how calls are answered."""
    reason = missing_hook()
    server = f"uvicorn {uvicorn.__version__}"
    shown = {"server": server, "fast_path": reason is None, "reason": reason}
    if place is None:
        return shown
    return {**shown, "worker": place.number, "workers": place.workers, "pid": os.getpid()}


def _config(app: AsgiApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_protocol(settings, app),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def _protocol(settings: Settings, app: AsgiApp) -> Any:
    limits = RequestLimits(
        request_timeout=settings.request_timeout,
        answer_defect=app.answer,
        record_disconnect=app.record_disconnect,
        record_unanswered=app.record_unanswered,
    )
    if missing_hook() is not None:
        return functools.partial(ArtqrProtocol, limits=limits)
    return functools.partial(
        FastPathProtocol,
        limits=limits,
        submit=app.submit,
        submit_picture=app.submit_picture,
        heads=KnownHeads(),
    )
