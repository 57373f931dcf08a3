from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.durations import DAY_MS
from mock_server.domain.task import tasks
from mock_server.domain.task.tasks import (
    FINAL,
    MAX_DURATION_MS,
    MIN_DURATION_MS,
    TRANSITIONS,
    Event,
    Plan,
    PlanError,
    Status,
    Task,
    TaskOrder,
    force,
    plan_task,
    status_at,
)

NOW = 1_700_000_000_000
ORDER = {Status.PENDING: 0, Status.RUNNING: 1, Status.SUCCEEDED: 2, Status.FAILED: 2}
REACHABLE = {
    Status.PENDING: {Status.RUNNING, Status.SUCCEEDED, Status.FAILED},
    Status.RUNNING: {Status.SUCCEEDED, Status.FAILED},
    Status.SUCCEEDED: set(),
    Status.FAILED: set(),
}

seeds = st.integers(0, 2**63 - 1)
outcomes = st.sampled_from(sorted(FINAL))
plans = st.builds(
    lambda waits, runs, outcome, ends: Plan(
        submitted_at=NOW,
        starts_at=NOW + waits,
        ends_at=NOW + waits + runs if ends else None,
        outcome=outcome,
    ),
    st.integers(0, 20_000),
    st.integers(0, 20_000),
    outcomes,
    st.booleans(),
)
offsets = st.integers(0, 60_000)


def plan(outcome: Status = Status.SUCCEEDED) -> Plan:
    return Plan(submitted_at=NOW, starts_at=NOW + 1_000, ends_at=NOW + 8_000, outcome=outcome)


def in_status(status: Status) -> tuple[Plan, int]:
    """Return a plan and an instant at which the task has this status."""
    if status is Status.FAILED:
        return plan(Status.FAILED), NOW + 8_000
    wait = {Status.PENDING: 0, Status.RUNNING: 1_000, Status.SUCCEEDED: 8_000}[status]
    return plan(), NOW + wait


def test_the_transition_table_is_what_the_documents_draw() -> None:
    assert TRANSITIONS == {
        (Status.PENDING, Event.START): Status.RUNNING,
        (Status.PENDING, Event.FAIL): Status.FAILED,
        (Status.RUNNING, Event.SUCCEED): Status.SUCCEEDED,
        (Status.RUNNING, Event.FAIL): Status.FAILED,
    }
    assert {Status.SUCCEEDED, Status.FAILED} == FINAL


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_a_task_can_be_forced_to_what_the_table_reaches_and_nowhere_else(
    before: Status, after: Status
) -> None:
    planned, now = in_status(before)
    assert status_at(planned, now) is before

    if after is before:
        assert force(planned, after, now) == planned
    elif after in REACHABLE[before]:
        assert status_at(force(planned, after, now), now) is after
    else:
        with pytest.raises(PlanError, match=f"a {before} task cannot become {after}"):
            force(planned, after, now)


def test_a_refused_force_names_what_is_allowed() -> None:
    with pytest.raises(PlanError, match="allowed from here: succeeded, failed"):
        force(plan(), Status.PENDING, NOW + 2_000)
    with pytest.raises(PlanError, match="none, it has ended"):
        force(plan(), Status.RUNNING, NOW + 9_000)


@pytest.mark.claim("task-words")
def test_the_words_of_the_wire_are_four() -> None:
    assert list(Status) == ["pending", "running", "succeeded", "failed"]


def test_the_status_turns_exactly_at_the_planned_instants() -> None:
    assert [status_at(plan(), NOW + wait) for wait in (0, 999, 1_000, 7_999, 8_000)] == [
        Status.PENDING, Status.PENDING, Status.RUNNING, Status.RUNNING, Status.SUCCEEDED,
    ]  # fmt: skip


def test_a_plan_without_an_end_runs_for_ever() -> None:
    assert status_at(replace(plan(), ends_at=None), NOW + 10**12) is Status.RUNNING


@given(planned=plans, instants=st.lists(offsets))
def test_a_status_never_goes_back_as_time_goes_on(planned: Plan, instants: list[int]) -> None:
    shown = [status_at(planned, NOW + wait) for wait in sorted(instants)]

    assert [ORDER[status] for status in shown] == sorted(ORDER[status] for status in shown)


@given(planned=plans, forces=st.lists(st.tuples(offsets, st.sampled_from(Status))))
def test_a_status_never_goes_back_across_forces(
    planned: Plan, forces: list[tuple[int, Status]]
) -> None:
    shown = [status_at(planned, NOW)]
    for wait, status in sorted(forces, key=lambda pair: pair[0]):
        shown.append(status_at(planned, NOW + wait))
        try:
            planned = force(planned, status, NOW + wait)
        except PlanError:
            continue
        assert tasks.checked(planned) is planned
        assert status_at(planned, NOW + wait) is status
        shown.append(status)
    shown.append(status_at(planned, NOW + 10**9))

    ended = [status for status in shown if status in FINAL]
    assert [ORDER[status] for status in shown] == sorted(ORDER[status] for status in shown)
    assert len(set(ended)) <= 1


@pytest.mark.claim("task-duration")
@given(seed=seeds, number=st.integers(1, 10**6), outcome=outcomes)
def test_a_task_lasts_five_to_twenty_seconds_and_starts_before_a_third_of_it(
    seed: int, number: int, outcome: Status
) -> None:
    planned = plan_task(seed, number, NOW, TaskOrder(outcome=outcome))

    assert planned.ends_at is not None
    lasts = planned.ends_at - planned.submitted_at
    assert MIN_DURATION_MS <= lasts <= MAX_DURATION_MS
    assert lasts // 10 <= planned.starts_at - planned.submitted_at <= lasts // 3
    assert planned == plan_task(seed, number, NOW, TaskOrder(outcome=outcome))


def test_the_plan_of_a_seed_is_the_same_in_every_release() -> None:
    assert plan_task(1, 1, 0) == Plan(
        submitted_at=0, starts_at=1544, ends_at=10293, outcome=Status.SUCCEEDED
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": NOW - 1},
        {"ends_at": NOW + 999},
        {"submitted_at": NOW + 1_001},
        {"outcome": Status.PENDING},
        {"outcome": Status.RUNNING},
    ],
)
def test_a_plan_that_runs_backwards_or_ends_unfinished_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(PlanError):
        tasks.checked(replace(plan(), **wrong))  # type: ignore[arg-type]


@pytest.mark.claim("list-retention")
def test_the_service_forgets_a_task_a_day_after_its_end() -> None:
    ends_at = NOW + 8_000
    assert tasks.is_kept(plan(), ends_at + DAY_MS - 1)
    assert not tasks.is_kept(plan(), ends_at + DAY_MS)
    assert tasks.is_kept(replace(plan(), ends_at=None), NOW + 10**12)


def test_the_pictures_of_a_task_are_numbered_under_its_account() -> None:
    task = Task(
        account="abc", id="f00d", number=1, content="x", text="x", qr_code_url=None,
        style_id="pet_cat", your_prompt=None, call_back=None, base_url="http://here:1",
        pictures=2, plan=plan(),
    )  # fmt: skip

    assert tasks.picture_urls(task) == [
        "http://here:1/pictures/abc/f00d/1.png",
        "http://here:1/pictures/abc/f00d/2.png",
    ]
    assert tasks.picture_urls(replace(task, plan=plan(Status.FAILED))) == []
