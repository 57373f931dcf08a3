"""What a whole sweep came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mock_server.rehearsal.outcome import Report
from mock_server.sweep import summary
from mock_server.sweep.order import SweepOrder
from mock_server.sweep.plan import Plan
from mock_server.sweep.rows import FoundCause, Row, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """The results of a sweep.

    `base`: the rehearsal with every reading at its default. `rows`: the combinations that ran
    whole. `silent`: drills that say nothing of the client in the base, with the reasons. `runs`:
    how often a drill ran, `reruns`: how many of these to find causes. `untouched`: readings that no
    call touched, with the reason. `unexplained`: drills with the rows that no cause explains.
    """

    order: SweepOrder
    plan: Plan
    base: Report
    rows: tuple[Row, ...] = ()
    causes: tuple[FoundCause, ...] = ()
    unexplained: tuple[tuple[str, int], ...] = ()
    silent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    untouched: Mapping[str, str] = field(default_factory=dict)
    runs: int = 0
    reruns: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    trouble: str | None = None

    @property
    def standing(self) -> Standing:
        """The worst standing of all rows."""
        found = {row.standing for row in self.rows}
        if Standing.BREAKS in found:
            return Standing.BREAKS
        if self.base.has_failed:
            return Standing.BASE_FAILS
        order = (Standing.FLAKY, Standing.ROBUST)
        return next((each for each in order if each in found), Standing.UNCLEAR)

    @property
    def robust(self) -> int:
        """In how many rows nothing is broken that is not broken in the base."""
        return sum(row.standing is Standing.ROBUST for row in self.rows)

    @property
    def is_robust(self) -> bool:
        """Whether no combination that ran breaks anything."""
        return self.standing is Standing.ROBUST

    @property
    def problem(self) -> str | None:
        """Return why nothing can be said of the client, and what to do; None if something can."""
        if self.trouble is not None:
            return f"the sweep stopped: {self.trouble}"
        if self.base.problem is not None:
            return self.base.problem
        if self.standing is Standing.UNCLEAR and not self.interrupted:
            reasons = dict.fromkeys(each for found in self.silent.values() for each in found)
            return f"no drill says anything of the client: {'; '.join(reasons)}"
        return None

    def check(self) -> None:
        """Raise AssertionError, with the summary as its text, unless the client is robust in every
        combination that was planned."""
        if self.problem is not None:
            raise AssertionError(self.problem)
        if not self.is_robust or self.interrupted:
            raise AssertionError("\n".join(summary.lines(self)))
