"""A combination and what came of it, and a cause and what it breaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.verdicts import DrillResult, Judged, Verdict
from mock_server.sweep.causes import Values
from mock_server.sweep.plan import Combination


class Standing(StrEnum):
    """How a client stands in a combination, or in all of them.

    UNCLEAR: no drill says anything. BASE_FAILS, of a whole sweep alone: rules are broken with every
    reading at its default, and no more than those in any other combination.
    """

    ROBUST = "ROBUST"
    BREAKS = "BREAKS"
    BASE_FAILS = "BASE_FAILS"
    FLAKY = "FLAKY"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A combination, from 1 on, and what every drill came to in it.

    `more`: the rules that are broken and were not in the base, by drill. `flaky`: the drills that
    failed here once, and then passed.
    """

    number: int
    readings: Combination
    report: Report
    more: Mapping[str, tuple[Judged, ...]]
    flaky: tuple[str, ...] = ()

    @property
    def standing(self) -> Standing:
        """How the client stands in this combination, beside the base."""
        if any(drill not in self.flaky for drill in self.more):
            return Standing.BREAKS
        if self.flaky:
            return Standing.FLAKY
        is_clear = any(each.verdict is not Verdict.INCONCLUSIVE for each in self.report.results)
        return Standing.ROBUST if is_clear else Standing.UNCLEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A drill that fails by a cause: a run with nothing else changed, and the rows that fail."""

    result: DrillResult
    judged: Judged
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCause:
    """Readings with which drills fail, over the base, unless one of `unless` is there as well.

    `always` False: a drill also passed with them, which these readings do not explain.
    """

    values: Values
    unless: Values
    always: bool
    examples: tuple[Example, ...]

    @property
    def is_simple(self) -> bool:
        """Whether it is a single reading or a pair of readings."""
        return len({name for name, _ in self.values | self.unless}) <= 2 and self.always

    @property
    def rows(self) -> tuple[int, ...]:
        """The combinations that fail by it."""
        return tuple(sorted({number for each in self.examples for number in each.rows}))
