"""Several processes answer on one port: starts them, replaces those that die, ends them all.

Rule 1: this process answers no call and opens no database. It holds the port, and a pipe to each
worker, over which a worker gets its orders and hears of the end.
Rule 2: a worker ends when its pipe does, so none is left over when this process is killed.
Rule 3: a worker that dies is replaced, after a pause that grows while it dies soon. One that cannot
start ends the server, unless others answer.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from mock_server.listening import SharedPort
from mock_server.metrics.recorder import WorkerPlace, leave
from mock_server.settings import Settings, SettingsError
from mock_server.store.engine.database import is_postgres

T = TypeVar("T")

PROGRAM = Path(__file__).with_name("serve_worker.py")
# A folder of all workers of a server, which is removed at its end.
FOLDER_VARIABLE = "ARTQR_WORKERS_FOLDER"

START_S = 60.0
END_S = 20.0
SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0
STEADY_S = 10.0  # a worker that lived so long has not died of its start
MOST_FAILURES = 5  # starts in a row that fail while nobody else answers
CANNOT_START = 3

log = logging.getLogger(__name__)


class WorkerStartError(RuntimeError):
    """A worker could not start; the message is its reason, `code` the exit code it means."""

    def __init__(self, reason: str, code: int = CANNOT_START) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A server whose workers all answer."""

    url: str
    place: str
    seed: int


@dataclass(slots=True, kw_only=True)
class _Worker:
    number: int
    process: asyncio.subprocess.Process
    since: float
    said: dict[str, Any] = field(default_factory=dict)  # empty: it does not answer yet


def check(settings: Settings) -> None:
    """Refuse workers where they cannot be. Raises SettingsError."""
    if sys.platform == "win32":
        raise SettingsError(
            "--workers: processes cannot share a port on Windows. Start one `artqr-mock serve` a "
            "port, all on one PostgreSQL database, or use WSL"
        )
    if not is_postgres(settings.database_path):
        raise SettingsError(
            f"--workers {settings.workers} needs PostgreSQL: an SQLite file serves one process. "
            "Name a database with --database postgresql://…, or leave out --workers"
        )


def serve(
    settings: Settings,
    options: dict[str, Any],
    on_ready: Callable[[Answering], None],
    on_worker_gone: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve with `settings.workers` processes until SIGTERM or SIGINT.

    `options` are handed to each worker: how it logs. `on_ready` is called once all answer,
    `on_worker_gone` with the id of a process that has died.

    Raises SettingsError, listening.CannotListenError or WorkerStartError.
    """
    check(settings)
    with (
        contextlib.closing(SharedPort(settings)) as port,
        tempfile.TemporaryDirectory(prefix="artqr-workers-") as folder,
    ):
        settings = replace(settings, port=port.number)
        supervisor = _Supervisor(settings, options, port, folder, on_worker_gone)
        asyncio.run(supervisor.run(on_ready))


class _Supervisor:
    def __init__(
        self,
        settings: Settings,
        options: dict[str, Any],
        port: SharedPort,
        folder: str,
        on_worker_gone: Callable[[int], None],
    ) -> None:
        self._settings = settings
        self._options = options
        self._port = port
        self._folder = folder
        self._on_worker_gone = on_worker_gone
        self._alive: dict[int, _Worker] = {}  # by process id
        self._starting = asyncio.Lock()
        self._signals = 0

    async def run(self, on_ready: Callable[[Answering], None]) -> None:
        """Serve until a signal; return once no worker is left."""
        work = asyncio.create_task(self._work(on_ready))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, work)
        try:
            await work
        except asyncio.CancelledError:
            if not self._signals:
                raise
        finally:
            await self._end_all()

    def _on_signal(self, work: "asyncio.Task[None]") -> None:
        """Stop at the first signal; at a second one without waiting for the workers."""
        self._signals += 1
        if self._signals == 1:
            work.cancel()
        else:
            self._kill_all()

    async def _work(self, on_ready: Callable[[Answering], None]) -> None:
        count = self._settings.workers
        # The first one alone creates what is missing: tables, accounts, certificates. Only it loads
        # the scenario, and only once: a worker that takes its place later would undo everything.
        first = await self._start(1, self._settings)
        others = await _together(*[self._start(each) for each in range(2, count + 1)])
        on_ready(Answering(**first.said))
        await _together(*[self._keep(worker) for worker in (first, *others)])

    async def _keep(self, worker: _Worker) -> None:
        """Replace a worker whenever it dies."""
        pause_s, failures = SHORTEST_PAUSE_S, 0
        while True:
            code = await worker.process.wait()
            self._forget(worker)
            if _now() - worker.since >= STEADY_S:
                pause_s = SHORTEST_PAUSE_S
            log.warning("%s; another one starts in %g s", _ended(worker, code), pause_s)
            replacement = None
            while replacement is None:
                await _pause(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                try:
                    replacement = await self._start(worker.number)
                except WorkerStartError as error:
                    failures += 1
                    if failures >= MOST_FAILURES and not self._is_answered:
                        raise
                    log.warning(
                        "worker %d cannot start: %s; the next try is in %g s",
                        worker.number,
                        error,
                        pause_s,
                    )
            worker, failures = replacement, 0
            log.warning("worker %d answers again (process %d)", worker.number, worker.process.pid)

    async def _start(self, number: int, settings: Settings | None = None) -> _Worker:
        """Start a worker and return it once it answers. Raises WorkerStartError."""
        settings = settings or replace(self._settings, scenario=None)
        with self._port.lent() as descriptor:
            process = await self._spawned(descriptor)
            worker = _Worker(number=number, process=process, since=_now())
            self._alive[process.pid] = worker
            order = {
                "path": sys.path,
                "settings": asdict(settings),
                "options": self._options,
                "number": number,
                "listener": descriptor,
            }
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            process.stdin.write(json.dumps(order).encode() + b"\n")
            worker.said = await self._first_words(worker)
            worker.since = _now()
        return worker

    async def _spawned(self, descriptor: int) -> asyncio.subprocess.Process:
        # One at a time: whoever goes on first would let the interrupts of the other through.
        async with self._starting:
            with _interrupts_held_back():
                return await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-P",  # nothing of the current folder is imported
                    str(PROGRAM),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    pass_fds=(descriptor,),
                    env={**os.environ, FOLDER_VARIABLE: self._folder},
                )

    async def _first_words(self, worker: _Worker) -> dict[str, Any]:
        """Return what a worker says once it answers. Raises WorkerStartError."""
        process = worker.process
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            async with asyncio.timeout(START_S):
                line = await process.stdout.readline()
        except TimeoutError:
            process.kill()
            line = b""
        if not line:
            code = await process.wait()
            self._forget(worker)
            raise WorkerStartError(f"{_ended(worker, code)} before it answered calls")
        said: dict[str, Any] = json.loads(line)
        if "failed" in said:
            await process.wait()
            self._forget(worker)
            raise WorkerStartError(said["failed"], said["code"])
        return said

    @property
    def _is_answered(self) -> bool:
        """Whether any worker answers calls."""
        return any(worker.said for worker in self._alive.values())

    def _forget(self, worker: _Worker) -> None:
        del self._alive[worker.process.pid]
        leave(WorkerPlace(folder=Path(self._folder), number=worker.number))
        self._on_worker_gone(worker.process.pid)

    async def _end_all(self) -> None:
        """End every worker; kill those that are not gone in time."""
        workers = [*self._alive.values()]
        for worker in workers:
            assert worker.process.stdin is not None  # noqa: S101 - it is a pipe
            worker.process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                for worker in workers:
                    await worker.process.wait()
        except TimeoutError:
            log.error("workers that did not stop in %g s are killed", END_S)
            self._kill_all()
            for worker in workers:
                await worker.process.wait()
        for worker in workers:
            self._forget(worker)

    def _kill_all(self) -> None:
        for worker in self._alive.values():
            with contextlib.suppress(ProcessLookupError):
                worker.process.kill()


async def _together(*works: Coroutine[Any, Any, T]) -> list[T]:
    """Do works at once and return their results; the first error ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pause(seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.get_running_loop().create_future(), seconds)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _ended(worker: _Worker, code: int) -> str:
    """Say which worker has ended, and how."""
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return f"worker {worker.number} (process {worker.process.pid}) {how}"


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Have a process that starts meanwhile take no SIGINT: Ctrl-C reaches all, and is for this one.

    A child inherits what its parent holds back. Here the signal only waits.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
