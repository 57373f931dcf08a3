"""The simulator: what everything above needs, put together once."""

import logging
import os
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

from mock_server import images
from mock_server.contract import Catalogue, load_catalogue
from mock_server.domain.callbacks import Address, Outcome, Posting
from mock_server.domain.source_images import SourceRead
from mock_server.outbound import Outbound
from mock_server.settings import Settings
from mock_server.store.database import Database
from mock_server.store.journal import Entry, Limits
from mock_server.store.schedulers import Scheduler

MAX_BACKGROUND = 64
FLUSH_S = 10.0

log = logging.getLogger(__name__)

Post = Callable[[Address, Posting], Future[Outcome]]
Fetch = Callable[[Address], Future[SourceRead]]
LogCall = Callable[[int, Entry], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The ways out: post a callback, fetch and read a source image."""

    post: Post
    fetch: Fetch


class Alarm:
    """Tells whoever waits for due callbacks that there may be one, from any thread."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[int], None]] = []
        self.attempted = threading.Condition()
        self.attempts = 0
        self.stopped = False

    def listen(self, listener: Callable[[int], None]) -> None:
        """Call `listener(real_at)` for every callback planned or moved, from now on."""
        self._listeners.append(listener)

    def ring(self, real_at: int) -> None:
        """A callback is due at this real instant (ms); 0 says look now."""
        for listener in self._listeners:
            listener(real_at)

    def stop(self) -> None:
        """Let nobody wait any longer: the server is stopping."""
        with self.attempted:
            self.stopped = True
            self.attempted.notify_all()

    def attempt_recorded(self) -> None:
        """Wake whoever waits for attempts to be made."""
        with self.attempted:
            self.attempts += 1
            self.attempted.notify_all()


class Background:
    """Work that nobody waits for on the way of a call: one thread, a bounded queue."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")
        self._pending: set[Future[None]] = set()
        self._lock = threading.Lock()

    def start(self, work: Callable[[], None]) -> None:
        """Do the work soon; it is left out while too much is waiting."""
        with self._lock:
            if len(self._pending) >= MAX_BACKGROUND:
                log.warning("background work was left out: %d are waiting", len(self._pending))
                return
            future = self._executor.submit(work)
            self._pending.add(future)
        future.add_done_callback(self._finished)

    def flush(self) -> None:
        """Wait until what was started by now is done, so that a reader sees it."""
        with self._lock:
            pending = set(self._pending)
        wait(pending, timeout=FLUSH_S)

    def close(self) -> None:
        """Give up what has not begun, finish what has."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _finished(self, future: Future[None]) -> None:
        with self._lock:
            self._pending.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:
            log.error("background work failed", exc_info=error)


def pause(ms: int) -> None:
    """Hold this thread."""
    time.sleep(ms / 1000)


class Memory:
    """What the calls of each account have shown, so that what is known is not written again.

    Only a memory: what is forgotten is written once more, to no effect.
    """

    MOST_ACCOUNTS = 10_000

    def __init__(self) -> None:
        self._lives: dict[str, tuple[int, set[Hashable]]] = {}

    def of(self, account_id: str, answers: int) -> set[Hashable]:
        """Return what an account has shown, to be added to.

        `answers` is its counter: where that has gone back, another process has reset the account.
        """
        seen, shown = self._lives.get(account_id, (0, None))
        if shown is None or answers < seen:
            shown = set()
            if len(self._lives) >= self.MOST_ACCOUNTS:
                self._lives.clear()
        self._lives[account_id] = (answers, shown)
        return shown

    def forget(self, account_id: str) -> None:
        """Remember nothing of an account: its world has been emptied."""
        self._lives.pop(account_id, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """The seams of the house. `real_now` gives ms since 1970, `draw_bytes` real entropy.

    `has_connections`: the server that is in front has its connections in hand, so that faults of
    the wire can be ordered. `pause` holds the thread of a server that has not, for ms. `log_call`
    hears of every call once it is committed, with its id and its row of the journal; it must not
    wait.
    """

    settings: Settings
    catalogue: Catalogue
    database: Database
    post: Post
    fetch: Fetch
    real_now: Callable[[], int]
    draw_bytes: Callable[[int], bytes] = os.urandom
    alarm: Alarm = field(default_factory=Alarm)
    background: Background = field(default_factory=Background)
    memory: Memory = field(default_factory=Memory)
    close_outbound: Callable[[], None]
    has_connections: bool = False
    pause: Callable[[int], None] = pause
    log_call: LogCall | None = None

    def close_workers(self) -> None:
        """Finish or give up what works in the background; it may still need the database."""
        self.background.close()
        self.close_outbound()

    def close(self) -> None:
        """Stop everything and close the database."""
        self.close_workers()
        self.database.close()

    @property
    def journal_limits(self) -> Limits:
        """How much the journal keeps for each account."""
        mib = self.settings.journal_mib
        return Limits(calls=self.settings.journal_calls, bytes=mib * 1024 * 1024)


def wall_clock() -> int:
    """Return the real time in ms since 1970."""
    return time.time_ns() // 1_000_000


def steady(real_now: Callable[[], int]) -> Callable[[], int]:
    """Return the clock made to run on where the real one is set back: time never goes backwards."""
    lock = threading.Lock()
    latest, ahead = 0, 0

    def now() -> int:
        nonlocal latest, ahead
        with lock:
            read = real_now()
            ahead = max(ahead, latest - read)
            latest = read + ahead
            return latest

    return now


def build_simulator(
    settings: Settings,
    *,
    scheduler: Scheduler | None = None,
    real_now: Callable[[], int] = wall_clock,
    network: Network | None = None,
    own_ports: tuple[int, ...] = (),
    log_call: LogCall | None = None,
) -> Simulator:
    """Put a simulator together.

    `own_ports` are the ports of our own server, which has its connections in hand, and where no
    callback may go; none under a foreign one. Raises store.files.DatabaseFileError if the
    database cannot be used.
    """
    database = Database(settings.database_path, scheduler)
    outbound = Outbound(
        allowed=settings.callback_hosts,
        timeout=settings.callback_timeout,
        own_ports=own_ports,
    )

    return Simulator(
        settings=settings,
        catalogue=load_catalogue(),
        database=database,
        post=network.post if network else outbound.post,
        fetch=network.fetch if network else partial(outbound.fetch, read=images.read_code),
        real_now=steady(real_now),
        close_outbound=outbound.close,
        has_connections=bool(own_ports),
        log_call=log_call,
    )
