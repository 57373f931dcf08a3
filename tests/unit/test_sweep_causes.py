"""What breaks a client is found from made-up verdicts: a planted cause is always named."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.sweep.causes import BASE, MOST_RUNS, Cause, Explanation, Outcome, Values, explain
from mock_server.sweep.order import order_of
from mock_server.sweep.plan import Plan, plan_of

PLAN: Plan = plan_of(order_of({"command": ("client",)}))
ALTERNATIVES = {name: values[1:] for name, values in PLAN.factors.items()}
EVERY_VALUE = [(name, value) for name, values in PLAN.factors.items() for value in values]
OTHER_VALUES = sorted(set(EVERY_VALUE) - set(PLAN.base.items()))
Planted = Mapping[str, str]
Truth = Callable[[Values], bool]


def changed(combination: Mapping[str, str]) -> Values:
    """Return what of a combination is not the base."""
    return frozenset(each for each in combination.items() if each[1] != PLAN.base[each[0]])


ROWS = [changed(each) for each in PLAN.combinations]


def planted(*causes: Planted) -> Truth:
    """Return whether a drill fails with these values over the base."""

    def fails(values: Values) -> bool:
        whole = {**PLAN.base, **dict(values)}
        return any(each.items() <= whole.items() for each in causes)

    return fails


class Client:
    """A client that fails as planted. `flukes`: rows in which it fails by chance, once."""

    def __init__(self, fails: Truth, flukes: Sequence[Values] = ()) -> None:
        self.runs: list[Values] = []
        self._fails = fails
        self._flukes = list(flukes)

    def outcome(self, values: Values) -> Outcome:
        return Outcome.FAILS if self._fails(values) else Outcome.PASSES

    def __call__(self, sets: Sequence[Values], *, again: bool) -> list[Outcome]:
        self.runs += sets
        return [self.outcome(each) for each in sets]

    def explained(self) -> Explanation:
        rows = {each: self.outcome(each) for each in ROWS}
        rows |= dict.fromkeys(self._flukes, Outcome.FAILS)
        return explain(rows, ALTERNATIVES, self)


def expected(cause: Planted) -> Cause:
    """Return a cause as it is named: a default in it is prevented by every other value."""
    values = changed(cause)
    return Cause(
        values=values,
        unless=frozenset(
            (name, other)
            for name, value in cause.items()
            if value == PLAN.base[name]
            for other in ALTERNATIVES[name]
        ),
    )


def pairs() -> list[Planted]:
    """Return every pair of values of two readings that is not in the base."""
    found = [dict(each) for each in combinations(EVERY_VALUE, 2) if each[0][0] != each[1][0]]
    return [each for each in found if changed(each)]


@pytest.mark.parametrize("value", OTHER_VALUES)
def test_a_single_value_that_breaks_a_client_is_named(value: tuple[str, str]) -> None:
    client = Client(planted(dict([value])))

    found = client.explained()

    assert found == Explanation(causes=(Cause(values=frozenset({value})),))
    assert len(client.runs) < len(EVERY_VALUE)


@given(st.sampled_from(pairs()))
@settings(max_examples=40)
def test_a_pair_that_breaks_a_client_is_named(pair: Planted) -> None:
    found = Client(planted(pair)).explained()

    assert found == Explanation(causes=(expected(pair),))


@given(st.lists(st.sampled_from(OTHER_VALUES), min_size=2, max_size=6, unique=True))
@settings(max_examples=20)
def test_several_single_values_are_all_named(values: list[tuple[str, str]]) -> None:
    found = Client(planted(*(dict([each]) for each in values))).explained()

    assert {each.values for each in found.causes} == {frozenset({each}) for each in values}
    assert found.flaky == found.unexplained == ()


@given(st.sampled_from(pairs()), st.sampled_from(OTHER_VALUES))
@settings(max_examples=30)
def test_a_pair_beside_a_single_value_leaves_no_row_unexplained(
    pair: Planted, value: tuple[str, str]
) -> None:
    single: Planted = dict([value])
    found = Client(fails := planted(pair, single)).explained()

    failing = [row for row in ROWS if fails(row)]
    assert found.flaky == found.unexplained == ()
    assert all(any(each.explains(row) for each in found.causes) for row in failing)
    assert Cause(values=frozenset({value})) in found.causes
    for each in found.causes:  # each was seen to break the client, and is as small as can be
        assert fails(each.values)
        assert not any(fails(each.values - {one}) for one in each.values)


def test_three_readings_together_are_named_as_they_are() -> None:
    row = sorted(ROWS[3])[:3]

    found = Client(planted(dict(row))).explained()

    assert [each.values for each in found.causes] == [frozenset(row)]


def test_a_row_that_fails_once_is_flaky_and_blames_no_reading() -> None:
    found = Client(planted(), flukes=[ROWS[5]]).explained()

    assert found == Explanation(flaky=(ROWS[5],))


def test_a_flaky_row_hides_no_cause() -> None:
    value = ("result.item", "object")
    other = next(row for row in ROWS if row and value not in row)

    found = Client(planted(dict([value])), flukes=[other]).explained()

    assert found == Explanation(causes=(Cause(values=frozenset({value})),), flaky=(other,))


def test_what_no_further_run_shows_stays_unexplained() -> None:
    row = ROWS[4]

    def says_nothing(sets: Sequence[Values], *, again: bool) -> list[Outcome]:
        return [Outcome.UNCLEAR for _ in sets]

    rows = {each: Outcome.FAILS if each == row else Outcome.PASSES for each in ROWS}

    assert explain(rows, ALTERNATIVES, says_nothing) == Explanation(unexplained=(row,))


def test_a_cause_that_a_third_reading_sometimes_prevents_does_not_claim_to_hold_always() -> None:
    value, one, two = sorted(ROWS[2])[:3]

    def fails(values: Values) -> bool:
        return value in values and not {one, two} <= values

    found = Client(fails).explained()

    assert all(fails(each.values) for each in found.causes)
    assert not any(each.always for each in found.causes if value in each.values)


def test_the_number_of_further_runs_is_bounded() -> None:
    # Only the whole row breaks it: no part of it does.
    rows = {frozenset((f"r{n}", "x") for n in range(60)): Outcome.FAILS, BASE: Outcome.PASSES}
    whole = next(iter(rows))
    runs: list[Values] = []

    def run(sets: Sequence[Values], *, again: bool) -> list[Outcome]:
        runs.extend(sets)
        return [Outcome.FAILS if each == whole else Outcome.PASSES for each in sets]

    found = explain(rows, {f"r{n}": ("x",) for n in range(60)}, run)

    assert len(runs) <= MOST_RUNS
    assert all(each.values == whole for each in found.causes)
