"""Listings of calls and tasks from their end, and calls by their task."""

from typing import Any

import pytest

from tests.support.worlds import World


def page(world: World, what: str, **query: Any) -> dict[str, Any]:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    found: dict[str, Any] = world.admin("GET", f"/accounts/default/{what}?{words}")
    return found


def test_the_last_calls_come_oldest_first_and_page_by_page(world: World) -> None:
    for _ in range(5):
        world.vendor("/taskList")
    ids = [call["id"] for call in world.calls()]

    last = page(world, "calls", before=2**62, limit=2)
    earlier = page(world, "calls", before=last["calls"][0]["id"], limit=2)

    assert [call["id"] for call in last["calls"]] == ids[-2:]
    assert [call["id"] for call in earlier["calls"]] == ids[1:3]
    assert last["next"] is None
    assert page(world, "calls", before=ids[0])["calls"] == []
    between = page(world, "calls", after=ids[0], before=ids[4])["calls"]
    assert [call["id"] for call in between] == ids[1:4]


def test_the_last_tasks_come_in_the_order_of_submission(world: World) -> None:
    ids = [world.submit() for _ in range(4)]

    last = page(world, "tasks", before=2**62, limit=2)
    earlier = page(world, "tasks", before=last["tasks"][0]["number"], limit=5)

    assert [task["task_id"] for task in last["tasks"]] == ids[2:]
    assert [task["task_id"] for task in earlier["tasks"]] == ids[:2]
    assert last["next"] is earlier["next"] is None


def test_the_calls_about_a_task_are_found(world: World) -> None:
    task_id, other = world.submit(), world.submit()
    world.query(task_id)

    found = page(world, "calls", task_id=task_id)["calls"]

    assert [call["operation"] for call in found] == ["submit_task", "query_task"]
    assert {call["task_id"] for call in found} == {task_id} != {other}
    assert page(world, "calls", task_id="%00")["calls"] == []


@pytest.mark.parametrize("what", ["calls", "tasks"])
@pytest.mark.parametrize("before", ["0", "-1", "x", "1e3", str(2**62 + 1)])
def test_a_place_to_go_back_from_is_a_whole_number(world: World, what: str, before: str) -> None:
    problem = world.admin("GET", f"/accounts/default/{what}?before={before}", expect=422)

    assert "before must be a whole number" in problem["detail"]
