"""What a whole rehearsal came to."""

from dataclasses import dataclass

from mock_server.rehearsal import scorecard
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.verdicts import DrillResult, Verdict

FAILED = frozenset({Verdict.FAIL, Verdict.FLAKY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The results of a rehearsal. `planned`: how many drills were to run."""

    order: RehearsalOrder
    results: tuple[DrillResult, ...]
    planned: int
    interrupted: bool = False

    @property
    def verdict(self) -> Verdict:
        """Return the worst verdict of all drills."""
        found = {each.verdict for each in self.results}
        order = (Verdict.FAIL, Verdict.FLAKY, Verdict.PASS)
        return next((each for each in order if each in found), Verdict.INCONCLUSIVE)

    @property
    def called_nothing(self) -> bool:
        """Whether the client called no server in any drill."""
        return bool(self.results) and not any(each.evidence.calls for each in self.results)

    def check(self) -> None:
        """Raise AssertionError, with the scorecard as its text, if a drill is FAIL or FLAKY."""
        if self.verdict in FAILED:
            raise AssertionError("\n".join(["a drill failed", "", *scorecard.lines(self)]))
