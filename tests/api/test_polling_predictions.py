"""The schedule that a polling report suggests, plugged into a client, gives what was predicted."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_server.audit.polling import Polling, polling
from mock_server.audit.replay import Prediction
from mock_server.audit.schedules import Schedule, parse_schedule
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from tests.support.pollers import Life, Town, town

NAIVE = parse_schedule("every 3s")
SLOW: dict[str, Any] = {"kind": "task_slow", "lasts_ms": 28_000, "nth": 1}
NEVER: dict[str, Any] = {"kind": "task_never_ends", "nth": 2}
FAILS: dict[str, Any] = {"kind": "task_fails", "nth": 3}
FAULTS = st.lists(st.sampled_from([SLOW, NEVER, FAILS]), max_size=3, unique_by=str)
READINGS = st.fixed_dictionaries({
    "charge.polls": st.sampled_from(["every-200", "submit-only"]),
    "task.unfinished": st.sampled_from(["empty-list", "refused"]),
    "refusal.status": st.sampled_from(["450", "200"]),
})  # fmt: skip
LIVES = st.builds(
    Life,
    seed=st.integers(1, 10_000),
    gaps_ms=st.lists(st.integers(0, 4_000), min_size=2, max_size=4),
    faults=FAULTS,
    readings=READINGS,
)
BATCH = Life(seed=7, gaps_ms=(0,) * 6)


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with town() as built:
        yield built


def report(place: Town, life: Life, schedule: Schedule) -> Polling:
    """Return the report of a client that polls by a schedule."""
    readings = with_readings(DEFAULT_READINGS, life.readings)
    return polling(place.polled(life, schedule), readings)


def landed(place: Town, life: Life, schedule: Schedule) -> tuple[int, int, int | None]:
    """Return the polls, fen and lag of a client that polls by a schedule."""
    found = report(place, life, schedule)
    polls = sum(each.polls for each in found.tasks) + found.lists
    return polls, sum(each.fen for each in found.tasks) + found.list_fen, found.lag_ms


def point(prediction: Prediction) -> tuple[int, int, int | None]:
    """Return what was predicted."""
    return prediction.polls, prediction.fen, prediction.lag_ms if prediction.lags_ms else None


@given(life=LIVES, pick=st.integers(0, 1000))
@example(life=BATCH, pick=3)
@settings(max_examples=10, deadline=None)
def test_schedules_land_on_the_predicted_point(place: Town, life: Life, pick: int) -> None:
    """The suggested one, and any other that was tried."""
    found = report(place, life, NAIVE)
    other = found.schedules[pick % len(found.schedules)]

    assert found.suggested is not None
    assert landed(place, life, found.suggested.schedule) == point(found.suggested)
    assert landed(place, life, other.schedule) == point(other)


@pytest.mark.parametrize("polls", ["every-200", "submit-only"])
def test_a_batch_is_cheaper_by_list_and_lands_there(place: Town, polls: str) -> None:
    life = Life(seed=7, gaps_ms=(0,) * 6, readings={"charge.polls": polls})

    suggested = report(place, life, NAIVE).suggested

    assert suggested is not None
    assert suggested.schedule.by_list
    assert landed(place, life, suggested.schedule) == point(suggested)
