"""Orders for tasks: the valid ones, and the plans that follow from them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.task.overrides import MAX_PICTURES, TaskOrderError, as_mapping, order_of
from mock_server.domain.task.tasks import (
    MAX_DURATION_MS,
    NO_ORDER,
    Status,
    TaskOrder,
    asked,
    force,
    hold,
    plan_task,
    release,
    status_at,
)

NOW = 1_700_000_000_000
FOREVER = NOW + 10**15

ends: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"duration_ms": st.integers(0, 10**9)}),
    st.fixed_dictionaries({"factor": st.floats(0, 1000)}),
    st.fixed_dictionaries({"after_queries": st.integers(1, 20)}),
)
outcomes = st.one_of(
    st.fixed_dictionaries({}, optional={"pictures": st.integers(0, MAX_PICTURES)}),
    st.just({"outcome": "failed", "remark": "no"}),
)
orders = st.builds(lambda one, other: one | other, ends, outcomes)


@given(values=orders)
def test_an_order_is_kept_as_it_was_given(values: dict[str, Any]) -> None:
    assert as_mapping(order_of(values)) == values
    assert order_of({}) == NO_ORDER


@given(values=orders, number=st.integers(1, 50))
def test_a_plan_ends_as_ordered(values: dict[str, Any], number: int) -> None:
    order = order_of(values)
    plan, usual = plan_task(1, number, NOW, order), plan_task(1, number, NOW)

    assert plan.outcome == values.get("outcome", "succeeded")
    assert usual.ends_at is not None
    if "after_queries" in values:
        assert (plan.ends_at, status_at(plan, FOREVER)) == (None, "running")
    elif "duration_ms" in values:
        assert plan.ends_at == NOW + values["duration_ms"]
    else:
        expected = (usual.ends_at - NOW) * values.get("factor", 1)
        assert plan.ends_at is not None
        assert abs(plan.ends_at - NOW - expected) <= 1
    assert NOW <= plan.starts_at <= (plan.ends_at or FOREVER)


def test_a_task_that_never_ends_runs_for_good() -> None:
    plan = plan_task(1, 1, NOW, TaskOrder(never_ends=True))

    assert (plan.ends_at, status_at(plan, FOREVER)) == (None, Status.RUNNING)


@given(needed=st.integers(1, 20), outcome=st.sampled_from([Status.SUCCEEDED, Status.FAILED]))
def test_a_task_ends_with_its_nth_query_and_not_before(needed: int, outcome: Status) -> None:
    plan = plan_task(1, 1, NOW, TaskOrder(after_queries=needed, outcome=outcome))
    statuses = []
    for query in range(needed + 2):
        plan = asked(plan, NOW + query)
        statuses.append(status_at(plan, NOW + query))

    assert all(status in ("pending", "running") for status in statuses[: needed - 1])
    assert statuses[needed - 1 :] == [outcome] * 3
    assert plan.ends_at == NOW + needed - 1


def test_a_query_changes_nothing_of_a_task_that_ends_by_time() -> None:
    plan = plan_task(1, 1, NOW)

    assert asked(plan, NOW) is plan


def test_forced_to_an_end_it_waits_for_no_more_queries() -> None:
    plan = plan_task(1, 1, NOW, TaskOrder(after_queries=5))
    ended = force(plan, Status.FAILED, NOW + 1)

    assert asked(ended, NOW + 2) is ended
    assert status_at(ended, NOW + 2) is Status.FAILED


@given(late=st.integers(0, 2 * MAX_DURATION_MS))
def test_a_plan_that_was_held_ends_where_it_would_have_or_when_it_is_released(late: int) -> None:
    plan = plan_task(1, 1, NOW)
    assert plan.ends_at is not None
    held = hold(plan)
    released = release(held, NOW + late, Status.SUCCEEDED)

    assert status_at(held, FOREVER) is Status.RUNNING
    assert released.ends_at == max(plan.ends_at, NOW + late)
    assert released.held_until is None


def test_a_task_that_never_ends_does_not_end_after_a_hold() -> None:
    plan = plan_task(1, 1, NOW, TaskOrder(never_ends=True))

    assert release(hold(plan), NOW, Status.FAILED).ends_at is None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"fails": True}, "unknown task override 'fails'; valid: after_queries, duration_ms"),
        ({"outcome": "running"}, "outcome must be succeeded or failed, not 'running'"),
        ({"after_queries": 0}, "after_queries is 1 to 1000, not 0"),
        ({"pictures": 5}, "pictures is 0 to 4, not 5"),
        ({"factor": -1}, "factor is 0 to"),
        ({"duration_ms": -1}, "duration_ms is 0 to"),
        (
            {"after_queries": 2, "factor": 3},
            "ends in one way only: order one of factor, after_queries",
        ),
        ({"never_ends": True, "duration_ms": 3}, "ends in one way"),
        ({"never_ends": True, "outcome": "failed"}, "never ends has no outcome"),
        ({"remark": "no"}, "only a failed task has a remark"),
        ({"outcome": "failed", "remark": ""}, "1 to 200 characters"),
        ({"outcome": "failed", "pictures": 2}, "a task that fails has no pictures"),
    ],
)
def test_an_invalid_order_is_refused_with_the_valid_values(
    values: dict[str, Any], says: str
) -> None:
    with pytest.raises(TaskOrderError, match=says):
        order_of(values)
