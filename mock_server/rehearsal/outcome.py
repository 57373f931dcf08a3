"""What a whole rehearsal came to."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from mock_server.formatting import printable
from mock_server.rehearsal import scorecard
from mock_server.rehearsal.baseline import Earlier
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.report import as_json, output_of
from mock_server.rehearsal.verdicts import DrillResult, Verdict
from mock_server.rehearsal.words import PROGRAM, Words

MOST_LINES = 8  # of what a client printed
MOST_CHARACTERS = 120  # of each line
FAILED = frozenset({Verdict.FAIL, Verdict.FLAKY})


@dataclass(frozen=True, kw_only=True)  # no slots: what is shown is kept
class Report:
    """The results of a rehearsal.

    `planned`: how many drills were to run. `interrupted`: it was stopped before they did, by
    whoever ran it or, if there is one, by this `trouble`. `earlier`: the report that it is compared
    with.
    """

    title: ClassVar[str] = "artqr-mock rehearse"
    words: ClassVar[Words] = PROGRAM

    order: RehearsalOrder
    results: tuple[DrillResult, ...]
    planned: int
    interrupted: bool = False
    trouble: str | None = None
    earlier: Earlier | None = None

    @cached_property
    def as_json(self) -> dict[str, Any]:
        """The report as report.json has it. The page, the scorecard and others show it, too, and
        its bills and schedules take a while to compute."""
        return as_json(self)

    @property
    def has_bill(self) -> bool:
        """Whether what was paid is worth a word."""
        return self.words.has_bill

    @property
    def more(self) -> dict[str, Any]:
        """Return what report.json has beside the members of every report."""
        return {}

    @property
    def hint(self) -> str | None:
        """Return the key of the words on what would make the verdicts say more."""
        return None

    @property
    def verdict(self) -> Verdict:
        """Return the worst verdict of all drills."""
        found = {each.verdict for each in self.results}
        order = (Verdict.FAIL, Verdict.FLAKY, Verdict.PASS)
        return next((each for each in order if each in found), Verdict.INCONCLUSIVE)

    @property
    def has_failed(self) -> bool:
        """Whether a drill is FAIL or FLAKY."""
        return self.verdict in FAILED

    @property
    def called_nothing(self) -> bool:
        """Whether the client called no server in any drill.

        Of a FLAKY drill the worst run is here; one that passed has called.
        """
        return bool(self.results) and not any(
            each.evidence.calls or Verdict.PASS in each.others for each in self.results
        )

    @property
    def problem(self) -> str | None:
        """Return why nothing can be said of the client, and what to do; None if something can."""
        if self.trouble is not None:
            return f"the rehearsal stopped: {self.trouble}"
        if not self.called_nothing:
            return None
        text = (
            "the client called no server in any drill: let it take its address from "
            "ARTQR_BASE_URL, or name its own variable with --env NAME={base_url}"
        )
        lines = output_of(self.results[0]).strip().splitlines()[-MOST_LINES:]
        output = [printable(line, MOST_CHARACTERS) for line in lines]
        return "\n    ".join([f"{text}. Its output ends with:", *output]) if output else text

    def check(self) -> None:
        """Raise AssertionError, with the scorecard as its text, unless the client was judged and
        no drill is FAIL or FLAKY."""
        if self.problem is not None:
            raise AssertionError(self.problem)
        if self.has_failed:
            raise AssertionError("\n".join(["a drill failed", "", *scorecard.lines(self)]))
