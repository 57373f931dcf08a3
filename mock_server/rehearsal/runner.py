"""A whole rehearsal: every drill in turn, or several at once, on a server of its own or another.

Rule 1: each run of a drill is by itself: its account, its folder, its port.
Rule 2: whatever stops a rehearsal, what was found so far is returned, and nothing is left running.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import urllib3

from mock_server.admin_client import AdminClient, RefusedError, UnreachableError
from mock_server.domain.urls import AddressError, parse_server
from mock_server.domain.usage_errors import UsageError
from mock_server.observed import load
from mock_server.rehearsal.baseline import read_baseline
from mock_server.rehearsal.client_process import StoppedError
from mock_server.rehearsal.conduct import Conduct
from mock_server.rehearsal.drills import Drill, chosen
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.hooks import HookError
from mock_server.rehearsal.order import RehearsalOrder, found_command
from mock_server.rehearsal.outcome import FAILED, Report
from mock_server.rehearsal.scenario_drill import scenario_drills
from mock_server.rehearsal.verdicts import DrillResult, judge, of_repeats
from mock_server.settings import Settings, SettingsError
from mock_server.testing import process
from mock_server.testing.server import SimulatorBugError, bug_text
from mock_server.tls import ca_file

# A client that runs into the limit so often, and calls nothing, is not configured.
IDLE_DRILLS = 3
TROUBLES = (
    UnreachableError, RefusedError, HookError, OSError, urllib3.exceptions.HTTPError,
    SimulatorBugError,
)  # fmt: skip

Told = Callable[[DrillResult], None]


def rehearse_order(
    order: RehearsalOrder, told: Told = lambda _: None, stop: threading.Event | None = None
) -> Report:
    """Run the drills; `told` hears of each result, in the order in which they end.

    Once `stop` is set, the clients are ended, and what was found so far is returned. Raises
    UsageError for an order that cannot be.
    """
    order = checked(order)
    observed = _observed(order)
    drills = [replace(each, swept={**observed, **each.swept}) for each in drills_of(order)]
    earlier = None if order.baseline is None else read_baseline(order.baseline)
    report = Report(order=order, results=(), planned=len(drills))
    try:
        with open_bench(order, stop or threading.Event()) as bench:
            report = bench.run(drills, told)
    except TROUBLES as error:
        trouble = report.trouble or trouble_of(error, order)
        report = replace(report, trouble=trouble, interrupted=True)
    return replace(report, earlier=earlier)


def drills_of(order: RehearsalOrder) -> list[Drill]:
    """Return the drills to run: those of the scenarios, if some are named. Raises UsageError."""
    if not order.scenarios:
        return chosen(order.only, order.skip, restartable=order.restartable)
    if order.only or order.skip:
        raise UsageError("a scenario takes the place of the drills: leave only and skip out")
    return scenario_drills(order.scenarios)


def _observed(order: RehearsalOrder) -> dict[str, str]:
    """Return the observed readings. Raises UsageError for files that cannot be used."""
    try:
        return load(order.observed).readings
    except SettingsError as error:
        raise UsageError(str(error)) from None


def checked(order: RehearsalOrder) -> RehearsalOrder:
    """Return an order whose command can be started. Raises UsageError for one that cannot be."""
    order = replace(order, command=found_command(order))
    check_server(order.server)
    return order


@contextlib.contextmanager
def open_bench(order: RehearsalOrder, stop: threading.Event) -> Iterator["Bench"]:
    """Give a bench on a server of its own, or on that of the order. Raises one of TROUBLES."""
    files = tuple(str(Path(file).absolute()) for file in order.observed)
    with serving(order, observed=files) as admin:
        yield Bench(order, admin, stop)


class Bench:
    """A server, and clients that may run on it at once: for one rehearsal, or for all of a sweep.

    `stop`: once it is set, nothing more is started, and the clients that run are ended. The content
    of files and pictures is dropped once a drill is judged: a sweep has hundreds of results.
    """

    def __init__(self, order: RehearsalOrder, admin: AdminClient, stop: threading.Event) -> None:
        self._order = order
        self._admin = admin
        self._stop = stop

    def run(self, drills: Sequence[Drill], told: Told = lambda _: None) -> Report:
        """Return what drills came to, in their order; a drill may be there with other readings."""
        work = _Work(self._order, drills, told, self._stop)
        work.run(self._admin)
        return Report(
            order=self._order, results=tuple(work.results), planned=len(drills),
            trouble=work.trouble, interrupted=work.was_stopped or work.trouble is not None,
        )  # fmt: skip


class _Work:
    """The runs of all drills, and what has come of them so far."""

    def __init__(
        self, order: RehearsalOrder, drills: Sequence[Drill], told: Told, stop: threading.Event
    ) -> None:
        self.trouble: str | None = None
        self.was_stopped = False
        self._order = order
        self._drills = drills
        self._told = told
        self._stop = stop
        self._no_more = threading.Event()
        self._idle = 0
        self._busy = False
        self._runs: list[list[DrillResult]] = [[] for _ in drills]
        self._kept: dict[int, DrillResult] = {}

    @property
    def results(self) -> list[DrillResult]:
        """The results so far, in the order of the drills."""
        return [self._kept[place] for place in sorted(self._kept)]

    def run(self, admin: AdminClient) -> None:
        """Run everything, or until the first trouble."""
        with ThreadPoolExecutor(self._order.jobs) as pool:
            runs = {
                pool.submit(self._run, admin, drill): place
                for place, drill in enumerate(self._drills)
                for _ in range(self._order.repeat)
            }
            try:
                for run in as_completed(runs):
                    self._take(run, runs[run])
            except BaseException:
                self._stop.set()
                raise
        for place, done in enumerate(self._runs):  # the drills whose repeats were not all run
            if 0 < len(done) < self._order.repeat:
                self._keep(place)

    def _take(self, run: "Future[DrillResult | None]", place: int) -> None:
        try:
            result = run.result()
        except TROUBLES as error:
            self.trouble = self.trouble or trouble_of(error, self._order)
            self._stop.set()
            return
        if result is not None:
            self._runs[place].append(result)
            if len(self._runs[place]) == self._order.repeat:
                self._keep(place)

    def _keep(self, place: int) -> None:
        self._kept[place] = result = of_repeats(self._runs[place])
        self._told(result)
        if self._order.fail_fast and result.verdict in FAILED:
            self._no_more.set()  # it may be FLAKY, which no run shows

    def _run(self, admin: AdminClient, drill: Drill) -> DrillResult | None:
        if self._no_more.is_set():
            return None
        if self._stop.is_set():
            self.was_stopped = True
            return None
        try:
            evidence = Conduct(self._order, admin, drill, self._stop).run()
        except StoppedError:
            self.was_stopped = True
            return None
        result = judge(evidence, self._order.waived)
        result = replace(result, evidence=replace(evidence, files={}, pictures={}, stored={}))
        check_bugs(evidence)
        self._look_at(result)
        return result

    def _look_at(self, result: DrillResult) -> None:
        """See whether to go on, before this thread takes its next drill."""
        if self._order.fail_fast and result.verdict in FAILED:
            self._no_more.set()
        self._busy = self._busy or bool(result.evidence.calls)
        self._idle += result.evidence.ended.timed_out
        if self._idle >= IDLE_DRILLS and not self._busy:
            self._no_more.set()


class NamesServer(Protocol):
    """An order that may name a running server."""

    @property
    def server(self) -> str | None:
        """Its address; None: one of our own."""

    @property
    def token(self) -> str | None:
        """The token of that server."""


@contextlib.contextmanager
def serving(order: NamesServer, **settings: Any) -> Iterator[AdminClient]:
    """Give the server of a rehearsal, or of a load: the one that was named, else one of our own,
    with `settings`.

    Raises UnreachableError, RefusedError, OSError.
    """
    if order.server is not None:
        with AdminClient(order.server, order.token, ca_file()) as admin:
            admin.get("/health")
            yield admin
        return
    own = Settings(port=0, database=":memory:", **settings)
    with process.serving(own) as served, AdminClient(served.url) as admin:
        yield admin


def check_bugs(evidence: Evidence) -> None:
    """Raise SimulatorBugError if the server failed on a call: nothing else counts then."""
    if bugs := [each.call for each in evidence.calls if each.call.is_bug]:
        raise SimulatorBugError(bug_text(bugs))


def check_server(url: str | None) -> None:
    """Raise UsageError for an address of a server that cannot be one."""
    try:
        if url is not None:
            parse_server(url)
    except AddressError as error:
        raise UsageError(f"server: {error}") from None


def trouble_of(error: Exception, order: RehearsalOrder) -> str:
    """Return what stopped a rehearsal."""
    if isinstance(error, RefusedError):
        return f"the server refused: {error}"
    if isinstance(error, UnreachableError) and order.server is None:
        says = str(error).partition(": start one")[0]
        return f"its own server answers no more ({says}); did the client, or a setup, end it?"
    if isinstance(error, UnreachableError):
        return str(error).replace("--url", "--server")  # what the option is called here
    return str(error)
