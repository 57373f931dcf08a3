"""Runs a sweep: the base, all other combinations, and what isolates the causes of failures.

Rule 1: a drill runs once with the same readings: combinations that differ in nothing that the drill
leaves open share a run. Rule 2: whatever stops a sweep, what was found so far is returned.
Rule 3: a drill that says nothing of the client in the base is left out of the rest.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal import runner
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.runner import Bench, Told
from mock_server.rehearsal.verdicts import DrillResult, Verdict
from mock_server.sweep import analysis
from mock_server.sweep.causes import Explanation, Outcome, Values, explain
from mock_server.sweep.estimate import Estimate
from mock_server.sweep.order import SweepOrder
from mock_server.sweep.outcome import SweepReport
from mock_server.sweep.plan import Plan, key_of, plan_of, under


@contextmanager
def _unseen(_title: str, _planned: int) -> Iterator[Told]:
    yield lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whoever follows a sweep. `phase` gives what is told of each result of a phase, by its title
    and the number of runs; `agrees` is asked before a long sweep goes on.
    """

    phase: Callable[[str, int], AbstractContextManager[Told]] = _unseen
    agrees: Callable[[Estimate], bool] = lambda _: False


def sweep_order(
    order: SweepOrder, watch: Watch | None = None, stop: threading.Event | None = None
) -> SweepReport:
    """Run a sweep. Once `stop` is set, the clients are ended, and what was found is returned.

    Raises UsageError for an order that cannot be, or that takes long without a yes.
    """
    order = replace(order, rehearsal=runner.checked(order.rehearsal))
    work = _Sweep(order, plan_of(order), watch or Watch(), stop or threading.Event())
    work.ask(Estimate(
        combinations=len(work.plan.combinations), drills=len(work.plan.drills),
        runs=len(work.plan.runs()), jobs=order.rehearsal.jobs,
    ))  # fmt: skip
    try:
        with runner.open_bench(order.rehearsal, work.stop) as bench:
            work.run(bench)
    except runner.TROUBLES as error:
        work.trouble = work.trouble or runner.trouble_of(error, order.rehearsal)
    return work.report()


class _Sweep:
    """The runs of a sweep, and what has come of them so far."""

    def __init__(self, order: SweepOrder, plan: Plan, watch: Watch, stop: threading.Event) -> None:
        self.plan = plan
        self.stop = stop
        self.trouble: str | None = None
        self._order = order
        self._watch = watch
        self._began_s = time.monotonic()
        self._agreed = order.yes
        self._interrupted = False
        self._results: analysis.Results = {}
        self._explained: dict[str, Explanation] = {}
        self._runs = self._reruns = 0

    def ask(self, estimate: Estimate) -> None:
        """Raise UsageError unless a sweep that takes long is wanted."""
        if self._agreed or not estimate.is_long:
            return
        if not self._watch.agrees(estimate):
            raise UsageError(
                f"the sweep takes long: {estimate.text}. Start it with --yes, or choose fewer "
                "readings with --readings, fewer drills with --only, or more --jobs"
            )
        self._agreed = True

    def run(self, bench: Bench) -> None:
        """Run everything, or until the first trouble."""
        base = [under(drill, self.plan.base) for drill in self.plan.drills]
        began_s = time.monotonic()
        self._run(bench, base, self.plan.base_text)
        wall_s = time.monotonic() - began_s
        if self._is_over or self._base_report().called_nothing:
            return
        drills = self._speaking()
        names = {each.id for each in drills}
        rest = self._new(each for each in self.plan.runs() if each.id in names)
        jobs = self._order.rehearsal.jobs
        estimate = Estimate(
            combinations=len(self.plan.combinations), drills=len(drills), runs=len(rest),
            jobs=jobs, each_s=wall_s * min(jobs, len(base)) / len(base), measured=True,
        )  # fmt: skip
        self.ask(estimate)
        self._run(bench, rest, f"the other combinations, {estimate.about}")
        for drill in drills:
            if not self._is_over:
                self._explain(bench, drill)

    @property
    def _is_over(self) -> bool:
        return self._interrupted or self.trouble is not None

    def _speaking(self) -> list[Drill]:
        """Return the drills, without those that say nothing of the client in the base."""
        silent = {
            each.evidence.drill.id
            for each in self._base_report().results
            if each.verdict is Verdict.INCONCLUSIVE
        }
        return [each for each in self.plan.drills if each.id not in silent]

    def _new(self, runs: Iterable[Drill]) -> list[Drill]:
        return [each for each in runs if key_of(each) not in self._results]

    def _run(self, bench: Bench, runs: Sequence[Drill], title: str) -> None:
        """Run drills that have no result, and keep what they come to."""
        for each in self._once(bench, self._new(runs), title):
            self._results[key_of(each.evidence.drill)] = each

    def _once(self, bench: Bench, runs: Sequence[Drill], title: str) -> tuple[DrillResult, ...]:
        if not runs or self._is_over:
            return ()
        with self._watch.phase(title, len(runs)) as told:
            report = bench.run(runs, told)
        self._runs += len(report.results)
        self.trouble = self.trouble or report.trouble
        is_short = len(report.results) < len(runs)  # it gave up on a client that calls nothing
        self._interrupted = self._interrupted or report.interrupted or is_short
        return report.results

    def _explain(self, bench: Bench, drill: Drill) -> None:
        """Look for what the failures of one drill have in common, with further runs."""
        rows = analysis.outcomes(self.plan, drill, self._results)
        title = f"looking for what breaks {drill.id}"

        def run(sets: Sequence[Values], *, again: bool) -> list[Outcome]:
            runs = [under(drill, {**self.plan.base, **dict(each)}) for each in sets]
            found = self._results
            before = self._runs
            if again:
                once = self._once(bench, runs, title)
                found = {**found, **{key_of(each.evidence.drill): each for each in once}}
            else:
                self._run(bench, runs, title)
            self._reruns += self._runs - before
            if self._is_over:
                return [Outcome.UNCLEAR] * len(runs)
            return [analysis.outcome(self.plan, drill, each, found) for each in runs]

        if Outcome.FAILS in rows.values():
            alternatives = {name: values[1:] for name, values in self.plan.factors.items()}
            self._explained[drill.id] = explain(rows, alternatives, run)

    def _base_report(self) -> Report:
        base = [key_of(under(drill, self.plan.base)) for drill in self.plan.drills]
        return Report(
            order=self._order.rehearsal, planned=len(base),
            results=tuple(self._results[key] for key in base if key in self._results),
        )  # fmt: skip

    def report(self) -> SweepReport:
        """Return what was found so far."""
        base = self._base_report()
        speaking = self._speaking()
        rows = analysis.rows_of(self.plan, self._order, speaking, self._results, self._explained)
        return SweepReport(
            order=self._order, plan=self.plan, base=base, rows=rows,
            causes=analysis.causes_of(self.plan, self._results, self._explained, rows),
            unexplained=analysis.unexplained_of(self.plan, self._explained, rows),
            silent={
                each.evidence.drill.id: each.reasons
                for each in base.results
                if each.verdict is Verdict.INCONCLUSIVE
            },
            untouched=analysis.untouched_by(self.plan, self._results.values()),
            runs=self._runs, reruns=self._reruns, seconds=time.monotonic() - self._began_s,
            interrupted=self._is_over, trouble=self.trouble,
        )  # fmt: skip
