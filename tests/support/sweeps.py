"""Sweeps without a server: a bench on which drills come to what a test plants."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from mock_server.rehearsal.breach import Breach
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.rules import RULES
from mock_server.rehearsal.runner import Told
from mock_server.rehearsal.verdicts import DrillResult, Judged, Verdict
from mock_server.sweep.order import order_of
from mock_server.sweep.outcome import SweepReport
from mock_server.sweep.runner import Watch, sweep_order
from tests.support.rehearsals import Journal, evidence

RULE = {rule.id: rule for rule in RULES}
# Returns the rules that a drill breaks, "?" if it says nothing; `times`: how often it ran before.
Breaks = Callable[[Drill, int], Sequence[str]]


class PlantedBench:
    """Gives each drill the verdict that is planted; `ran` are all runs, in their order.

    `stops_after`: so many runs end, as after Ctrl-C, if `trouble` is None.
    """

    def __init__(
        self, breaks: Breaks, *, says: str = "It went wrong.", stops_after: int | None = None,
        trouble: str | None = None,
    ) -> None:  # fmt: skip
        self.ran: list[Drill] = []
        self._breaks = breaks
        self._says = says
        self._left = stops_after
        self._trouble = trouble

    def run(self, drills: Sequence[Drill], told: Told = lambda _: None) -> Report:
        """Return what drills came to."""
        done = drills if self._left is None else drills[: self._left]
        results = []
        for drill in done:
            results.append(self._result(drill))
            told(results[-1])
        is_cut = len(done) < len(drills)
        if self._left is not None:
            self._left -= len(done)
        return Report(
            order=RehearsalOrder(command=("client",)), results=tuple(results), planned=len(drills),
            interrupted=is_cut, trouble=self._trouble if is_cut else None,
        )  # fmt: skip

    def _result(self, drill: Drill) -> DrillResult:
        before = [(each.id, each.readings) for each in self.ran].count((drill.id, drill.readings))
        self.ran.append(drill)
        broken = self._breaks(drill, before)
        journal = Journal()
        journal.finished(0)
        found = evidence(journal, drill=drill, secrets=("s3cret",))
        if "?" in broken:
            return DrillResult(evidence=found, verdict=Verdict.INCONCLUSIVE, reasons=("no need",))
        judged = tuple(
            Judged(rule=RULE[name], breach=Breach(says=self._says, calls=(journal.calls[0],)))
            for name in broken
        )
        verdict = Verdict.FAIL if judged else Verdict.PASS
        return DrillResult(evidence=found, verdict=verdict, broken=judged)


def swept(
    monkeypatch: pytest.MonkeyPatch, bench: PlantedBench, watch: Watch | None = None, **options: Any
) -> SweepReport:
    """Return what a sweep on a planted bench came to."""

    @contextmanager
    def opened(_: RehearsalOrder, __: threading.Event) -> Iterator[PlantedBench]:
        yield bench

    monkeypatch.setattr("mock_server.rehearsal.runner.open_bench", opened)
    return sweep_order(order_of({"command": ("true",), **options}), watch)


def breaking(drill: str, rule: str = "ends", **values: str) -> Breaks:
    """Return what a client breaks in one drill with these readings; `__` stands for a dot."""
    wanted: Mapping[str, str] = {name.replace("__", "."): each for name, each in values.items()}

    def breaks(run: Drill, _: int) -> Sequence[str]:
        return [rule] if run.id == drill and wanted.items() <= run.readings.items() else []

    return breaks
