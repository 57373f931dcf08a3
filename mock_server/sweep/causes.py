"""What makes a drill fail: the smallest set of readings, found from rows that failed and passed.

Rule 1: a cause is named only if the drill was seen to fail with it alone, over the base.
Rule 2: the rows decide what is worth a further run: a value that stands in a row that passed is no
cause by itself. Rule 3: a row that fails once and then passes is flaky, and shows nothing.
Rule 4: the number of further runs is bounded; what they do not explain is said to be unexplained.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Protocol

MOST_RUNS = 200

# The readings that differ from the base, with their values.
Values = frozenset[tuple[str, str]]
BASE: Values = frozenset()


class Outcome(StrEnum):
    """What a drill came to in a row. UNCLEAR: it says nothing."""

    PASSES = "passes"
    FAILS = "fails"
    FLAKY = "flaky"
    UNCLEAR = "unclear"


class Run(Protocol):
    """Runs the drill with each of these values over the base; `again`: although it has a result."""

    def __call__(self, sets: Sequence[Values], *, again: bool) -> Sequence[Outcome]:
        """Return what each run came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The drill fails with `values`, except together with one of `unless`.

    `always` False: it also passed in another combination, which these values do not explain.
    """

    values: Values
    unless: Values = BASE
    always: bool = True

    def explains(self, row: Values) -> bool:
        """Whether a row fails by it."""
        return self.values <= row and not self.unless & row


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`flaky`: rows that failed once, and then passed. `unexplained`: rows without a cause."""

    causes: tuple[Cause, ...] = ()
    flaky: tuple[Values, ...] = ()
    unexplained: tuple[Values, ...] = ()


def explain(
    rows: Mapping[Values, Outcome], alternatives: Mapping[str, Sequence[str]], run: Run
) -> Explanation:
    """Return what makes a drill fail in some rows. In the base it passes, or says nothing.

    `alternatives`: the values of each reading besides that of the base.
    """
    search = _Search(rows, alternatives, run)
    search.try_single_values()
    for row in search.failing:
        if not search.is_explained(row):
            search.explain_row(row)
    return Explanation(
        causes=tuple(search.causes), flaky=tuple(search.flaky),
        unexplained=tuple(search.unexplained),
    )  # fmt: skip


class _Search:
    """What is known of a drill so far, and the further runs that are left."""

    def __init__(
        self, rows: Mapping[Values, Outcome], alternatives: Mapping[str, Sequence[str]], run: Run
    ) -> None:
        self.causes: list[Cause] = []
        self.flaky: list[Values] = []
        self.unexplained: list[Values] = []
        self.failing = [row for row, found in rows.items() if found is Outcome.FAILS and row]
        self._known = dict(rows)
        self._alternatives = alternatives
        self._run = run
        self._left = MOST_RUNS

    def is_explained(self, row: Values) -> bool:
        """Whether a cause that is found explains a row."""
        return any(each.explains(row) for each in self.causes)

    def try_single_values(self) -> None:
        """Run each value that stands in rows that failed, and in none that passed."""
        values = {frozenset({each}) for row in self.failing for each in row}
        self._add(self._failing_of(each for each in values if not self._passed_with(each)))

    def explain_row(self, row: Values) -> None:
        """Look for the cause of one row: a value, a pair, or more."""
        again = self._ask([row], again=True)[0]
        if again is Outcome.PASSES:
            self.flaky.append(row)
            self._known[row] = Outcome.FLAKY
            return
        if again is Outcome.FAILS:
            for size in (1, 2):
                sets = [frozenset(each) for each in combinations(sorted(row), size)]
                self._add(self._failing_of(each for each in sets if self._is_open(each, size)))
                if self.is_explained(row):
                    return
            self._add([self._smallest(row)])
        if not self.is_explained(row):
            self.unexplained.append(row)

    def _is_open(self, values: Values, size: int) -> bool:
        # A single value may fail over the base, and pass with another value beside it.
        return size == 1 or not self._passed_with(values)

    def _add(self, failing: Iterable[Values]) -> None:
        for values in failing:
            if not any(each.values <= values for each in self.causes):
                self.causes.append(self._cause(values))

    def _cause(self, values: Values) -> Cause:
        """Return the cause, with what prevents it: other values of rows that passed."""
        passed = self._passed_with(values)
        if not passed:
            return Cause(values=values)
        beside = {each for row in passed for each in row - values}
        failed = [row for row, found in self._known.items()
                  if found is Outcome.FAILS and values <= row]  # fmt: skip
        open_ones = {each for each in beside if not any(each in row for row in failed)}
        preventing = self._passing_beside(values, open_ones)
        others = {(name, other) for name, _ in preventing for other in self._alternatives[name]}
        preventing |= self._passing_beside(values, others - open_ones)
        return Cause(
            values=values, unless=frozenset(preventing),
            always=all(row & preventing for row in passed),
        )  # fmt: skip

    def _passing_beside(
        self, values: Values, others: Iterable[tuple[str, str]]
    ) -> set[tuple[str, str]]:
        tried = sorted(others)
        found = self._ask([values | {each} for each in tried])
        return {each for each, one in zip(tried, found, strict=True) if one is Outcome.PASSES}

    def _smallest(self, row: Values) -> Values:
        """Return a part of a row that fails, and no longer fails if any value is taken out."""
        values = sorted(row)
        size = len(values) // 2
        while size:
            place = 0
            while place < len(values):
                rest = values[:place] + values[place + size :]
                if rest and self._ask([frozenset(rest)])[0] is Outcome.FAILS:
                    values = rest
                else:
                    place += size
            size //= 2
        return frozenset(values)

    def _passed_with(self, values: Values) -> list[Values]:
        return [row for row, found in self._known.items()
                if found is Outcome.PASSES and values <= row]  # fmt: skip

    def _failing_of(self, sets: Iterable[Values]) -> list[Values]:
        tried = sorted(sets, key=sorted)
        found = self._ask(tried)
        return [each for each, one in zip(tried, found, strict=True) if one is Outcome.FAILS]

    def _ask(self, sets: Sequence[Values], *, again: bool = False) -> list[Outcome]:
        """Return the outcome of each set; those that are not known are run, as long as they may."""
        new = [each for each in dict.fromkeys(sets) if again or each not in self._known]
        new = new[: self._left]
        self._left -= len(new)
        if new:
            found = dict(zip(new, self._run(new, again=again), strict=True))
            if again:
                return [found.get(each, Outcome.UNCLEAR) for each in sets]
            self._known |= found
        return [self._known.get(each, Outcome.UNCLEAR) for each in sets]
