"""Many callbacks that fall due in the same second, by real time and by a jump of the clock."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.calls import WrongAnswerError
from benchmarks.figures import Figure, figure
from benchmarks.filled import closed_in, planned
from benchmarks.loads import Second, checked, half_of_capacity, percentile, steady_load
from benchmarks.part import Bench, Part
from benchmarks.receivers import counting
from benchmarks.servers import serving
from mock_server.real_clock import wall_clock

MANY, QUICK = 100_000, 2_000
WARM_S, ALONE_S, QUICK_ALONE_S = 3, 15, 2
# For planning the callbacks and for the start of the server; more for a machine that needs it.
START_S, QUICK_START_S = (20, 60), (4, 20)
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How callbacks become due, and how long their receiver takes."""

    by_jump: bool
    delay_ms: int

    @property
    def row(self) -> str:
        """The row of the results."""
        how = "a jump" if self.by_jump else "real time"
        return f"by {how}, receiver takes {self.delay_ms} ms"


CASES = (
    Case(by_jump=True, delay_ms=0),
    Case(by_jump=True, delay_ms=20),
    Case(by_jump=False, delay_ms=0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The load alone, then that while the callbacks went out, and how long that took."""

    alone: Sequence[Second]
    during: Sequence[Second]
    took_s: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield how fast callbacks arrive, and what calls and memory do meanwhile."""
    many, rate = bench.pick(MANY, QUICK), half_of_capacity(bench)
    for case in CASES:
        found = _found(bench, case, many, rate)
        table = f"{many:,} callbacks"
        yield figure(table, case.row, "arrive in a second", "", [many / found.took_s])
        yield figure(table, case.row, "more memory", "MB", [_grown(found)])
        usual, busy = percentile(found.alone, 0.99), percentile(found.during, 0.99)
        table = f"Submits beside {many:,} callbacks"
        yield figure(table, case.row, "a second", "", [rate])
        yield figure(table, case.row, "p50", "ms", [percentile(found.during, 0.5)])
        yield figure(table, case.row, "p99", "ms", [busy])
        yield figure(table, case.row, "p99 of the load alone", "ms", [usual])
        yield figure(table, case.row, "p99 ÷ alone", "", [busy / usual])


class TooLateError(WrongAnswerError):
    """Callbacks were due before the load alone was measured."""


def _found(bench: Bench, case: Case, many: int, rate: int) -> Found:
    *tries, last = bench.pick(START_S, QUICK_START_S)
    for start_s in tries:
        with suppress(TooLateError):
            return _tried(bench, case, many, rate, start_s)
    return _tried(bench, case, many, rate, last)


def _tried(bench: Bench, case: Case, many: int, rate: int, start_s: int) -> Found:
    alone_s = bench.pick(ALONE_S, QUICK_ALONE_S)
    ahead_s = start_s + WARM_S + alone_s
    due_at = wall_clock() + (HOUR_MS if case.by_jump else ahead_s * 1000)
    database = bench.scratch / f"{case.row}, {start_s} s.sqlite3"
    with counting(case.delay_ms) as receiver:
        with closed_in(str(database)) as simulator:
            account = planned(simulator, many, url=receiver.url, due_at=due_at)
        with serving(database) as server, steady_load(server, rate) as load:
            load.wait(WARM_S)
            alone = checked(load.wait(alone_s))
            begin = len(load.seconds)
            if case.by_jump:
                server.turn_clock(server.found(account.id), advance="1h")
            else:
                _await(due_at)
            started_at = time.perf_counter()
            receiver.wait(many)
            took_s = time.perf_counter() - started_at
            load.wait(1)
            during = checked(load.since(begin))
    return Found(alone=alone, during=during, took_s=took_s)


def _await(due_at: int) -> None:
    """Wait until callbacks are due. Raises TooLateError if they have been for a while."""
    left_s = (due_at - wall_clock()) / 1000
    if left_s < 0:
        raise TooLateError("callbacks were due before the load alone was measured")
    time.sleep(left_s)


def _grown(found: Found) -> float:
    """Return how much higher the memory was than with the load alone, in MB."""
    return max(each.rss_mb for each in found.during) - max(each.rss_mb for each in found.alone)


PART = Part(
    name="timers",
    title="Timers",
    says="100,000 callbacks of one account (`--quick`: 2,000) fall due in the same second, under "
    "submits at half of the rate that a server takes. All of them have to arrive, and every "
    "submit has to be answered. The latency of a submit counts from the time it was due.",
    measure=measure,
    is_quick=False,
)
