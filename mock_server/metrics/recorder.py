"""Counts what a process does, with prometheus_client, which is an extra: `recorder()` loads it.

Rule 1: to count never waits and never fails a call; each method may be called on any thread.
Rule 2: cardinality is bounded: operations, states and results are words of ours, and beyond
MOST_SERIES combinations of labels a metric counts under `other`.
Rule 3: workers of one server count into files of one folder, one set for each place of a worker. A
worker that takes the place of a dead one goes on with its counts, so a sum never goes down and the
files do not grow with the restarts. What a process is and has ends with it (`leave`).
"""

import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil

from mock_server.domain.billing.charges import Charge
from mock_server.domain.call.calls import OWN_ROUTES, Call, Routes
from mock_server.domain.callback.payload import Outcome
from mock_server.domain.task.tasks import Plan
from mock_server.metrics import definitions
from mock_server.metrics.definitions import Kind, Metric
from mock_server.metrics.timings import Timings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Histogram
    from prometheus_client.core import Metric as Family
    from prometheus_client.registry import Collector

    from mock_server.store.journal import Entry

MOST_SERIES = 2000
# So much waits to be counted at the end of a turn, or until somebody looks.
MOST_UNCOUNTED = 1024
NONE = "none"
OTHER = "other"
# Where the library looks for the folder of the workers' files.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlace:
    """Where a worker of several counts: the folder that they share, and its number from 0."""

    folder: Path
    number: int


def recorder(place: WorkerPlace | None = None) -> "Recorder | None":
    """Return what counts for this process; None: the extra `metrics` is not installed.

    `place`: this process is a worker of several. To be called before anything else of the process
    uses prometheus_client.
    """
    try:
        from prometheus_client import (  # noqa: PLC0415 - an extra, and slow to load
            disable_created_metrics,
            values,
        )
    except ImportError:
        return None
    disable_created_metrics()  # type: ignore[no-untyped-call] # workers have none
    if place is None:  # whatever the environment says: no other process counts with this one
        os.environ.pop(FOLDER_VARIABLE, None)
        values.ValueClass = values.MutexValue
        return Recorder(None)
    os.environ[FOLDER_VARIABLE] = str(place.folder)
    values.ValueClass = values.MultiProcessValue(lambda: place.number)  # type: ignore[no-untyped-call]
    return Recorder(place.folder)


def leave(place: WorkerPlace) -> None:
    """Take a worker that has ended out of the gauges; what it counted stays."""
    for file in place.folder.glob(f"gauge_live*_{place.number}.db"):
        file.unlink(missing_ok=True)


class _Series:
    """The time series of one metric, by the values of its labels."""

    def __init__(self, metric: Metric, registry: "CollectorRegistry") -> None:
        self._family = _family(metric, registry)
        self._labels = len(metric.labels)
        self._found: dict[tuple[str, ...], Any] = {}

    def of(self, *values: str) -> Any:
        """Return the series with these labels; beyond MOST_SERIES, the one called `other`."""
        series = self._found.get(values)
        if series is None:
            if len(self._found) >= MOST_SERIES:
                return self._family.labels(*(OTHER,) * self._labels)
            series = self._family.labels(*values) if values else self._family
            self._found[values] = series
        return series


class Recorder:
    """The counts of one process; `recorder` makes it."""

    def __init__(self, folder: Path | None) -> None:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - as above

        self._folder = folder
        self._registry = CollectorRegistry()
        self._series = {each.name: _Series(each, self._registry) for each in definitions.COUNTED}
        # What every call needs, found by one look.
        self._booked: dict[tuple[str | None, int, str | None, str], list[_Count]] = {}
        self.serve(OWN_ROUTES)
        self._answered_nothing = self._of(definitions.CALL_SECONDS, NONE)
        # What of booked calls is still to be counted, many together: a lock for each number of
        # each call would be the dearest part of it.
        self._uncounted: deque[_Booked] = deque()
        self._timings = Timings()
        self._turn_seconds = self._of(definitions.TURNS)
        self._works_done = self._of(definitions.WORKS, "done").inc
        self._process = psutil.Process()
        self._cpu_s = 0.0
        self._of(definitions.WORKERS).set(1)
        self.sample_process()
        for metric in definitions.COUNTED:  # what never happened is 0, and not unknown
            for labels in metric.begins_with:
                self._of(metric, *labels)

    def _of(self, metric: Metric, *labels: str) -> Any:
        return self._series[metric.name].of(*labels)

    def call_booked(self, _call_id: int, entry: "Entry") -> None:
        """Count a call, its charge and its findings, once its row is committed."""
        kind = (entry.operation, entry.status, entry.error_code, entry.charge, entry.fen)
        self._uncounted.append((kind, entry.findings))
        if self._folder is not None:  # others read what is counted, at any time
            self._count_waiting()

    def _time(self, series: "Histogram", seconds: float) -> None:
        self._timings.add(series, seconds)
        if self._folder is not None:  # as above
            self._timings.count()

    def _count_waiting(self) -> None:
        """Count what was booked and timed; equal calls together."""
        self._timings.count()
        calls: Counter[tuple[Any, ...]] = Counter()
        findings: Counter[str] = Counter()
        while True:
            try:
                kind, found = self._uncounted.popleft()
            except IndexError:
                break
            calls[kind] += 1
            if found != "[]":
                findings[found] += 1
        for (*key, fen), number in calls.items():
            called, *charged = self._counts_of(*key)
            called(number)
            for count, each in zip(charged, (1, fen), strict=False):
                count(number * each)
        for text, number in findings.items():
            for finding in json.loads(text):
                self._of(definitions.FINDINGS, finding["id"]).inc(number)

    def _counts_of(
        self, operation: str | None, status: int, error_code: str | None, charge: str
    ) -> list["_Count"]:
        """Return what counts calls, charges, and what they cost; for a free call only the first."""
        key = (operation, status, error_code, charge)
        counts = self._booked.get(key)
        if counts is None:
            counts = self._series_of(*key)
            if len(self._booked) < MOST_SERIES:
                self._booked[key] = counts
        return counts

    def _series_of(
        self, operation: str | None, status: int, error_code: str | None, charge: str
    ) -> list["_Count"]:
        operation = operation or NONE
        shown = str(status) if status else NONE
        called = self._of(definitions.CALLS, operation, shown, error_code or "").inc
        if charge != Charge.CHARGED:
            return [called]
        fen = self._of(definitions.CHARGED_FEN, operation).inc
        return [called, self._of(definitions.CHARGES, operation).inc, fen]

    def serve(self, routes: Routes) -> None:
        """Count the calls of these routes by their operations."""
        self._answered = {
            place: self._of(definitions.CALL_SECONDS, operation)
            for place, operation in (*routes.by_post.items(), *routes.by_get.items())
        }

    def call_answered(self, call: Call, seconds: float) -> None:
        """Observe the time from a whole request to its answer."""
        series = self._answered.get((call.method, call.path), self._answered_nothing)
        self._time(series, seconds)

    def task_planned(self, plan: Plan) -> None:
        """Count a task that was submitted, and observe how long it is to take."""
        ends_at = plan.held_until if plan.ends_at is None else plan.ends_at
        ends = "time" if ends_at is not None else "never"
        if plan.queries_left is not None:
            ends = "query"
        self._of(definitions.TASKS, plan.outcome, ends).inc()
        if ends == "time" and ends_at is not None:
            seconds = (ends_at - plan.submitted_at) / 1000
            self._time(self._of(definitions.TASK_SECONDS, plan.outcome), seconds)

    def attempt_recorded(self, outcome: Outcome) -> None:
        """Count an attempt to deliver a callback or a notice."""
        result = "unanswered"
        if outcome.acknowledged:
            result = "acknowledged"
        elif outcome.status is not None:
            result = "refused"
        elif outcome.sent_headers is None:
            result = "unsent"
        self._of(definitions.ATTEMPTS, result).inc()
        self._of(definitions.ATTEMPT_SECONDS).observe(outcome.duration_ms / 1000)

    def turn_ended(self, done: int, failed: int, seconds: float) -> None:
        """Observe a turn of the database, and how many works it did."""
        self._time(self._turn_seconds, seconds)
        if done:
            self._works_done(done)
        if failed:
            self._of(definitions.WORKS, "failed").inc(failed)
        if len(self._uncounted) + len(self._timings) >= MOST_UNCOUNTED:
            self._count_waiting()

    def loop_was_late(self, seconds: float) -> None:
        """Observe how late the event loop ran a timer."""
        self._of(definitions.LOOP_LAG).observe(seconds)

    def line_dropped(self) -> None:
        """Count a line that the access log left out."""
        self._of(definitions.LOG_DROPPED).inc()

    def bug_met(self) -> None:
        """Count a failure of ours."""
        self._of(definitions.BUGS).inc()

    def sample_process(self) -> None:
        """Read memory, processor time and descriptors of this process."""
        with self._process.oneshot():
            memory, times = self._process.memory_info().rss, self._process.cpu_times()
        self._of(definitions.MEMORY).set(memory)
        cpu_s = times.user + times.system
        self._of(definitions.CPU).inc(max(0.0, cpu_s - self._cpu_s))
        self._cpu_s = cpu_s
        count = "num_handles" if psutil.WINDOWS else "num_fds"
        self._of(definitions.DESCRIPTORS).set(getattr(self._process, count)())

    def exposition(
        self, accept: str, read: Mapping[str, Mapping[tuple[str, ...], float]]
    ) -> tuple[bytes, str]:
        """Return all metrics in the format that an Accept header asks for, and its content type.

        `read` has the values of the metrics of definitions.READ: by name, then by labels.
        """
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415 - as above

        self._count_waiting()
        encoder, content_type = choose_encoder(accept)
        families = [*self._collected(), *(_read_family(each, read) for each in definitions.READ)]
        registry = cast("Collector", _Collected(families))
        return encoder(registry), content_type

    def _collected(self) -> Iterable["Family"]:
        if self._folder is None:
            return self._registry.collect()
        from prometheus_client.multiprocess import (  # noqa: PLC0415 - as above
            MultiProcessCollector,
        )

        collector = MultiProcessCollector(None, str(self._folder))  # type: ignore[no-untyped-call]
        return cast("Iterable[Family]", collector.collect())  # type: ignore[no-untyped-call]


class _Collected:
    """Families of metrics, for an encoder of the library."""

    def __init__(self, families: list["Family"]) -> None:
        self._families = families

    def collect(self) -> Iterator["Family"]:
        """Return them, in the order of their names."""
        return iter(sorted(self._families, key=lambda family: family.name))


_Count = Callable[..., None]
# Operation, status, error code, charge and price of a call; its findings as the journal has them.
_Booked = tuple[tuple[str | None, int, str | None, str, int], str]


def _family(metric: Metric, registry: "CollectorRegistry") -> Any:
    """Return a metric of the library."""
    from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - as above

    names = [*metric.labels]
    if metric.kind is Kind.COUNTER:
        return Counter(metric.name, metric.says, names, registry=registry)
    if metric.kind is Kind.HISTOGRAM:
        return Histogram(metric.name, metric.says, names, registry=registry, buckets=metric.buckets)
    # Those of the workers that live are added up.
    return Gauge(metric.name, metric.says, names, registry=registry, multiprocess_mode="livesum")


def _read_family(metric: Metric, read: Mapping[str, Mapping[tuple[str, ...], float]]) -> "Family":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

    family = GaugeMetricFamily(metric.name, metric.says, labels=[*metric.labels])
    for labels, value in read[metric.name].items():
        family.add_metric(labels, value)
    return family
