"""The simulator: what everything above needs, put together once."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from mock_server.contract import Catalogue, load_catalogue
from mock_server.delivery.image_reader import ImageReader
from mock_server.delivery.outbound import Outbound
from mock_server.domain.account.accounts import KEEP_ALL, AccountTemplate
from mock_server.domain.call.calls import OWN_ROUTES, Routes, routes_at
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings
from mock_server.domain.task.source_images import SourceRead
from mock_server.domain.urls import Address
from mock_server.entropy import Entropy
from mock_server.observed import load
from mock_server.picture_cache import PictureCache
from mock_server.real_clock import monotonic, wall_clock
from mock_server.settings import PLAIN, Settings
from mock_server.signals import Background, CoverageCache, DueSignal
from mock_server.store import instants, journal
from mock_server.store.engine.database import Database
from mock_server.store.engine.schedulers import Scheduler
from mock_server.store.engine.transaction import Transaction, log_failure
from mock_server.store.journal import Entry, JournalLimits
from mock_server.tls import own_certificates

if TYPE_CHECKING:
    from mock_server.metrics.recorder import Recorder

log = logging.getLogger(__name__)

Post = Callable[[Address, Posting], Future[Outcome]]
Fetch = Callable[[Address], Future[SourceRead]]
LogCall = Callable[[int, Entry], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The ways out: post a callback, fetch and read a source image."""

    post: Post
    fetch: Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """Our own server in front, which has its connections in hand.

    `ports` are its own, where no callback may go. `loop` is the running one that it answers calls
    on, and that posts the callbacks.
    """

    ports: tuple[int, ...]
    loop: asyncio.AbstractEventLoop


def pause(ms: int) -> None:
    """Hold this thread."""
    time.sleep(ms / 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """The seams of the house. `draw_bytes` gives real entropy.

    `real_now` gives ms since 1970 and never goes backwards. `machine_now` is the machine's clock
    itself, which may be set back: what the instants of clients and receivers are compared with.
    `has_connections`: the server that is in front has its connections in hand, so that faults of
    the wire can be ordered. `pause` holds the thread of a server that has not, for ms. `log_call`
    hears of every call once it is committed, with its id and its row of the journal; it must not
    wait. `recorder` counts for the metrics; None: nobody does. `observed`: the readings
    `{id: value}` of the files that the settings name. `routes`: at which paths the operations are.
    """

    settings: Settings
    catalogue: Catalogue
    database: Database
    post: Post
    fetch: Fetch
    real_now: Callable[[], int]
    machine_now: Callable[[], int]
    draw_bytes: Callable[[int], bytes] = field(default_factory=Entropy)
    due_signal: DueSignal = field(default_factory=DueSignal)
    background: Background = field(default_factory=Background)
    coverage_cache: CoverageCache = field(default_factory=CoverageCache)
    pictures: PictureCache
    close_outbound: Callable[[], None]
    has_connections: bool = False
    pause: Callable[[int], None] = pause
    log_call: LogCall | None = None
    recorder: "Recorder | None" = None
    observed: Mapping[str, str] = field(default_factory=dict)
    routes: Routes = OWN_ROUTES

    @property
    def base_readings(self) -> Readings:
        """The readings of an account that says nothing else: defaults, and what was observed."""
        return with_readings(DEFAULT_READINGS, self.observed)

    def close_workers(self) -> None:
        """Finish or give up what works in the background; it may still need the database."""
        self.background.close()
        self.pictures.close()
        self.close_outbound()

    def keep_instant(self) -> None:
        """Keep how late it is, for the next process. Not for the database's own thread."""
        real_now = self.real_now()
        try:
            self.database.run(lambda tx: instants.keep(tx, real_now))
        except Exception as error:  # noqa: BLE001 - whatever is wrong, this is the end
            log_failure(log, "the instant of the end could not be kept", error)

    def close(self) -> None:
        """Stop everything and close the database."""
        self.close_workers()
        self.keep_instant()
        self.database.close()

    def add_to_journal(
        self, tx: Transaction, entry: Entry, origin: AccountTemplate | None = None
    ) -> int:
        """Write the row of a call and return its id; who counts and logs calls hears of it after
        the commit.

        `origin`: the template of its account, which may have a limit of its own.
        """
        kept = origin.keep_calls if origin is not None else None
        limits = self.journal_limits if kept is None else JournalLimits(calls=kept, bytes=KEEP_ALL)
        call_id = journal.insert(tx, entry, limits)
        if self.recorder is not None:
            tx.after_commit.append(partial(self.recorder.call_booked, call_id, entry))
        if self.log_call is not None:
            tx.after_commit.append(partial(self.log_call, call_id, entry))
        return call_id

    @property
    def journal_limits(self) -> JournalLimits:
        """How much the journal keeps for each account."""
        mib = self.settings.journal_mib
        return JournalLimits(calls=self.settings.journal_calls, bytes=mib * 1024 * 1024)


def build_simulator(
    settings: Settings,
    *,
    scheduler: Scheduler | None = None,
    real_now: Callable[[], int] = wall_clock,
    network: Network | None = None,
    front: Front | None = None,
    log_call: LogCall | None = None,
) -> Simulator:
    """Put a simulator together.

    Without a `front` a thread posts the callbacks. Raises DatabaseFileError: an unusable database.
    Raises SettingsError for files of observed readings that cannot be used.
    """
    observed = load(settings.observed)
    database, latest = _open_database(settings, scheduler)
    reader = ImageReader()
    outbound = _outbound(settings, front)

    def close_outbound() -> None:
        reader.close()  # first: what it reads keeps the others from ending
        outbound.close()

    return Simulator(
        settings=settings,
        catalogue=load_catalogue(),
        database=database,
        post=network.post if network else outbound.post,
        fetch=network.fetch if network else partial(outbound.fetch, read=reader.read),
        real_now=monotonic(real_now, latest),
        machine_now=real_now,
        pictures=PictureCache(
            settings.picture_cache_mib * 1024 * 1024, is_plain=settings.pictures == PLAIN
        ),
        close_outbound=close_outbound,
        has_connections=front is not None,
        log_call=log_call,
        observed=observed.readings,
        routes=routes_at({**observed.paths, **settings.paths}),
    )


def _outbound(settings: Settings, front: Front | None) -> Outbound:
    return Outbound(
        allowed=settings.callback_hosts,
        timeout=settings.callback_timeout,
        own_ports=front.ports if front else (),
        trusted=own_certificates(settings),
        posts_on=front.loop if front else None,
    )


def with_recorder(simulator: Simulator, recorder: "Recorder") -> Simulator:
    """Return a simulator that counts for the metrics; the one before is used no more."""
    simulator.database.watch_turns(recorder.turn_ended)
    recorder.serve(simulator.routes)
    return replace(simulator, recorder=recorder)


def _open_database(settings: Settings, scheduler: Scheduler | None) -> tuple[Database, int]:
    """Return the database and the latest real instant (ms) that its rows have seen."""
    database = Database(settings.database_path, scheduler)
    try:
        return database, database.read(instants.latest)
    except BaseException:
        database.close()
        raise
