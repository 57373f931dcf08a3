"""The simulator: what everything above needs, put together once."""

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from mock_server.contract import Catalogue, load_catalogue
from mock_server.domain.callbacks import Address, Outcome
from mock_server.outbound import Outbound
from mock_server.settings import Settings
from mock_server.store.database import Database
from mock_server.store.journal import Limits
from mock_server.store.schedulers import Scheduler

Post = Callable[[Address, bytes], Future[Outcome]]


class Alarm:
    """Tells whoever waits for due callbacks that there may be one, from any thread."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[int], None]] = []
        self.attempted = threading.Condition()
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
            self.attempted.notify_all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """The seams of the house. `real_now` gives ms since 1970, `draw_bytes` real entropy."""

    settings: Settings
    catalogue: Catalogue
    database: Database
    post: Post
    real_now: Callable[[], int]
    draw_bytes: Callable[[int], bytes] = secrets.token_bytes
    alarm: Alarm = field(default_factory=Alarm)
    close_outbound: Callable[[], None]

    def close(self) -> None:
        """Give up what is being posted and close the database."""
        self.close_outbound()
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
    post: Post | None = None,
    own_ports: tuple[int, ...] = (),
) -> Simulator:
    """Put a simulator together.

    `own_ports` are the ports this server listens on, where no callback may go. Raises
    store.files.DatabaseFileError if the database cannot be used.
    """
    database = Database(settings.database_path, scheduler)
    outbound = Outbound(
        allowed=settings.callback_hosts,
        timeout=settings.callback_timeout,
        own_ports=own_ports,
        concurrency=settings.callback_concurrency,
    )

    return Simulator(
        settings=settings,
        catalogue=load_catalogue(),
        database=database,
        post=post or outbound.post,
        real_now=steady(real_now),
        close_outbound=outbound.close,
    )
