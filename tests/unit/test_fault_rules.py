"""When a rule fires: conditions, counts, dice, lifetime."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.faults import gateway
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.faults.rules import (
    AnyKind,
    FaultError,
    Kind,
    Match,
    Rule,
    Stage,
    Subject,
    check_match,
)

SUBMIT = Operation.SUBMIT_TASK
CALLBACK = Kind(
    name="lost",
    stage=Stage.CALLBACK,
    fault=gateway.PlainFault,
    act=repr,
    operations=(),
    slot="callback",
)
SHAPING = replace(KINDS["refusal"], name="task_fails", operations=(SUBMIT,))
SEEDS = st.integers(0, 2**63 - 1)


def rule(kind: AnyKind = KINDS["throttled"], **given: Any) -> Rule:
    of_rule: dict[str, Any] = {
        name: given.pop(name) for name in ("number", "calls_left") if name in given
    }
    life = {name: given.pop(name, None) for name in ("starts_at", "expires_at")}
    values: dict[str, Any] = {"number": 1, "calls_left": None, **of_rule, **life}
    return Rule(
        id=1, account="a", kind=kind, fault=gateway.PlainFault(), match=Match(**given), seen=0,
        hits=0, **values,
    )  # fmt: skip


def ups(of: Rule, calls: int, seed: int = 1) -> list[int]:
    """Return the numbers of the calls, of so many, on which the rule fires."""
    return [seen for seen in range(1, calls + 1) if of.fires_on(seed, seen)]


def test_with_after_the_numbers_count_from_there() -> None:
    assert ups(rule(after=3), 5) == [4, 5]
    assert ups(rule(after=2, nth=2), 6) == [4]
    assert ups(rule(after=1, first=2), 6) == [2, 3]
    assert ups(rule(after=1, every=2), 6) == [3, 5]
    one = rule(probability=0.5)
    assert ups(replace(one, match=replace(one.match, after=7)), 47) == [
        7 + seen for seen in ups(one, 40)
    ]


def test_the_calls_that_it_wants_are_counted_from_one() -> None:
    assert ups(rule(), 5) == [1, 2, 3, 4, 5]
    assert ups(rule(nth=2), 5) == [2]
    assert ups(rule(first=2), 5) == [1, 2]
    assert ups(rule(every=2), 5) == [2, 4]
    assert ups(rule(probability=1), 5) == [1, 2, 3, 4, 5]


@given(SEEDS, st.integers(1, 50), st.floats(0.01, 0.99))
def test_chance_follows_from_seed_rule_and_call_alone(
    seed: int, number: int, probability: float
) -> None:
    one, other = (rule(probability=probability, number=number) for _ in range(2))

    assert ups(one, 40, seed) == [seen for seen in range(1, 41) if other.fires_on(seed, seen)]
    # In any order, as several workers might ask.
    assert {seen for seen in range(40, 0, -1) if one.fires_on(seed, seen)} == set(
        ups(one, 40, seed)
    )


@given(SEEDS)
def test_a_rule_fires_about_as_often_as_its_probability(seed: int) -> None:
    assert 200 < len(ups(rule(probability=0.3), 1000, seed)) < 400
    # A call that fires at a lower probability also fires at a higher one.
    assert set(ups(rule(probability=0.2), 200, seed)) <= set(ups(rule(probability=0.6), 200, seed))


def test_two_rules_of_an_account_throw_different_dice() -> None:
    first, second = (rule(probability=0.5, number=number) for number in (1, 2))

    assert ups(first, 64) != ups(second, 64)
    assert ups(first, 64, seed=1) != ups(first, 64, seed=2)


@pytest.mark.parametrize(
    ("given", "now", "alive"),
    [
        ({}, 0, True),
        ({"starts_at": 10}, 9, False),
        ({"starts_at": 10}, 10, True),
        ({"expires_at": 10}, 9, True),
        ({"expires_at": 10}, 10, False),
        ({"calls_left": 1}, 0, True),
        ({"calls_left": 0}, 0, False),
    ],
)
def test_a_rule_fires_from_its_start_until_it_expires_or_has_no_calls_left(
    given: dict[str, Any], now: int, alive: bool
) -> None:
    assert rule(**given).is_active(now) is alive


@pytest.mark.parametrize(
    ("given", "subject", "fits"),
    [
        ({}, {}, True),
        ({"operation": SUBMIT}, {}, True),
        ({"operation": Operation.QUERY_TASK}, {}, False),
        ({"text": "https://*.test/*"}, {"text": "https://a.test/x"}, True),
        ({"text": "https://*.test/*"}, {"text": "http://a.test/x"}, False),
        ({"text": "a"}, {"text": "ab"}, False),
        ({"text": "?b"}, {"text": "ab"}, True),
        ({"text": "[*]"}, {"text": "*"}, True),
        ({"text": "[*]"}, {"text": "x"}, False),
        ({"text": "*"}, {}, False),
        ({"text": "*甜*"}, {"text": "一\n甜品"}, True),
        ({"text": "A"}, {"text": "a"}, False),
        ({"style": "food_*"}, {"style": "food_fryrice"}, True),
        ({"style": "food_*", "text": "b"}, {"style": "food_fryrice", "text": "a"}, False),
        ({"task_id": "t"}, {"task_id": "t", "operation": Operation.QUERY_TASK}, True),
        ({"task_id": "t"}, {"task_id": "tt", "operation": Operation.QUERY_TASK}, False),
    ],
)
def test_a_rule_counts_the_calls_that_are_as_it_says(
    given: dict[str, Any], subject: dict[str, Any], fits: bool
) -> None:
    assert rule(**given).matches(Subject(**{"operation": SUBMIT, **subject})) is fits


def test_a_rule_counts_only_what_its_fault_can_happen_to() -> None:
    assert rule(SHAPING).matches(Subject(operation=SUBMIT))
    assert not rule(SHAPING).matches(Subject(operation=Operation.LIST_TASKS))
    assert rule(CALLBACK, text="a*", task_id="t").matches(Subject(text="ab", task_id="t"))


def test_a_pattern_made_to_be_slow_is_not() -> None:
    assert not rule(text="*a" * 250 + "*b").matches(Subject(operation=SUBMIT, text="a" * 100_000))


@pytest.mark.parametrize(
    ("kind", "given", "calls", "says"),
    [
        (KINDS["throttled"], {"nth": 1, "first": 2}, None, "nth and first contradict"),
        (KINDS["throttled"], {"every": 1, "probability": 0.5}, None, "every and probability"),
        (KINDS["throttled"], {"nth": 2}, 1, "nth fires once"),
        (KINDS["throttled"], {"first": 2}, 3, "first and calls"),
        (KINDS["throttled"], {"probability": 0}, None, "above 0 and at most 1, not 0"),
        (KINDS["throttled"], {"probability": 1.1}, None, "at most 1, not 1.1"),
        (KINDS["throttled"], {"probability": -1}, None, "not -1"),
        (KINDS["throttled"], {"operation": Operation.GET_PICTURE}, None, "submit_task, list_tasks"),
        (SHAPING, {"operation": Operation.QUERY_TASK}, None, "submit_task, not query_task"),
        (SHAPING, {"task_id": "t"}, None, "only query_task has a task_id, submit_task has no"),
        (CALLBACK, {"operation": SUBMIT}, None, "not calls"),
        (KINDS["throttled"], {"text": "a", "operation": Operation.LIST_TASKS}, None, "has a text"),
        (KINDS["throttled"], {"style": "a", "operation": Operation.QUERY_TASK}, None, "a style"),
        (KINDS["throttled"], {"text": "a", "task_id": "t"}, None, "no call has both"),
    ],
)
def test_a_rule_that_could_never_fire_is_refused(
    kind: AnyKind, given: dict[str, Any], calls: int | None, says: str
) -> None:
    with pytest.raises(FaultError, match=says):
        check_match(kind, Match(**given), calls)


COUNTED = st.sampled_from(["nth", "first", "every", "probability", None])


@given(
    st.sampled_from(VENDOR_OPERATIONS), COUNTED, st.integers(1, 5), st.integers(1, 3),
    st.none() | st.integers(1, 5), SEEDS,
)  # fmt: skip
def test_every_accepted_rule_fires_eventually(
    operation: Operation, counted: str | None, number: int, calls: int, after: int | None, seed: int
) -> None:
    given: dict[str, Any] = {"operation": operation, "after": after}
    if counted is not None:
        given[counted] = 0.5 if counted == "probability" else number
    left = None if counted in ("nth", "first") else calls
    check_match(KINDS["throttled"], Match(**given), left)

    armed = rule(**given, calls_left=left)

    assert armed.matches(Subject(operation=operation))
    assert ups(armed, 64, seed)
