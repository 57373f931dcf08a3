"""Forcing a task into a state: a new plan, its callback rescheduled, and no way back."""

from typing import Any

import pytest

from tests.support.worlds import START_AT, World, body_of

CALL_BACK = "http://127.0.0.1:9/done"


def force(world: World, task_id: str, state: str, expect: int = 200) -> Any:
    return world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": state}, expect)


def callback(world: World) -> tuple[str, int | None, int]:
    (row,) = world.admin("GET", "/accounts/default/callbacks")["callbacks"]
    return row["state"], row["due_at"], len(row["attempts"])


@pytest.mark.parametrize("state", ["running", "succeeded", "failed"])
def test_a_pending_task_can_be_forced_into_any_later_state(world: World, state: str) -> None:
    task_id = world.submit()
    assert world.query(task_id)["status"] == "pending"

    forced = force(world, task_id, state)

    assert forced["status"] == state
    assert world.query(task_id)["status"] == state
    assert (len(world.query(task_id)["resList"]) == 1) == (state == "succeeded")


@pytest.mark.parametrize(
    ("first", "then", "allowed"),
    [
        ("running", "pending", "succeeded, failed"),
        ("succeeded", "pending", "none, it has ended"),
        ("succeeded", "running", "none, it has ended"),
        ("succeeded", "failed", "none, it has ended"),
        ("failed", "running", "none, it has ended"),
        ("failed", "succeeded", "none, it has ended"),
    ],
)
def test_a_status_is_never_forced_back(world: World, first: str, then: str, allowed: str) -> None:
    task_id = world.submit()
    force(world, task_id, first)

    problem = force(world, task_id, then, expect=409)

    assert f"a {first} task cannot become {then}" in problem["detail"]
    assert allowed in problem["detail"]
    assert world.query(task_id)["status"] == first


def test_forcing_the_state_a_task_has_changes_nothing(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    before = world.admin("GET", "/accounts/default/tasks")["tasks"][0]

    assert force(world, task_id, "pending") == before
    assert world.admin("GET", "/accounts/default/tasks")["tasks"][0] == before


def test_a_task_forced_to_succeed_is_called_back_now(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    force(world, task_id, "succeeded")

    assert callback(world) == ("due", START_AT, 0)
    assert world.clock()["delivered"] == 1
    assert world.postbox.posted[0][1]["task_id"] == task_id


@pytest.mark.claim("callback-on-failure")
def test_a_task_forced_to_fail_is_not_called_back(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    force(world, task_id, "failed")

    assert callback(world) == ("cancelled", None, 0)
    assert world.clock(advance="1h")["delivered"] == 0
    assert world.postbox.posted == []


def test_a_task_forced_to_run_keeps_its_end_and_its_callback(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    planned = world.admin("GET", "/accounts/default/tasks")["tasks"][0]["ends_at"]
    force(world, task_id, "running")

    assert callback(world) == ("due", planned, 0)


def test_a_delivered_callback_stays_delivered_whatever_is_forced(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    world.clock(advance="1m")
    force(world, task_id, "succeeded")

    assert callback(world)[0] == "delivered"
    assert world.clock(advance="1m")["delivered"] == 0


def test_the_plan_and_the_callback_move_together_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    before = callback(world)

    def broken(*_: object) -> None:
        raise LookupError("no")

    monkeypatch.setattr("mock_server.store.callbacks.move", broken)
    force(world, task_id, "succeeded", expect=500)

    assert callback(world) == before
    assert world.query(task_id)["status"] == "pending"


@pytest.mark.claim("text-too-long")
def test_a_task_whose_text_no_code_can_hold_cannot_be_forced_to_succeed(world: World) -> None:
    account = world.account(readings={"text.too_long": "task-fails"})
    task_id = world.submit(account["app_code"], text="x" * 2954)

    path = f"/accounts/{account['id']}/tasks/{task_id}"
    problem = world.admin("POST", path, {"state": "succeeded"}, expect=409)

    assert "no QR code can hold its text" in problem["detail"]
    assert world.admin("POST", path, {"state": "failed"})["status"] == "failed"


@pytest.mark.parametrize("body", [{}, {"state": "done"}, {"state": None}, {"State": "failed"}])
def test_an_unknown_state_is_refused(world: World, body: dict[str, Any]) -> None:
    world.admin("POST", f"/accounts/default/tasks/{world.submit()}", body, expect=422)


def test_a_task_that_is_not_there_is_404(world: World) -> None:
    problem = force(world, "0" * 24, "failed", expect=404)

    assert "GET /_mock/accounts/default/tasks lists them" in problem["detail"]


def test_the_report_of_tasks_shows_the_plan_and_pages(world: World) -> None:
    ids = [world.submit() for _ in range(5)]

    first = world.admin("GET", "/accounts/default/tasks?limit=3")
    rest = world.admin("GET", f"/accounts/default/tasks?limit=3&after={first['next']}")

    assert [task["task_id"] for task in (*first["tasks"], *rest["tasks"])] == ids
    assert rest["next"] is None
    assert all(5_000 <= t["ends_at"] - t["submitted_at"] <= 20_000 for t in first["tasks"])
    assert body_of(world.vendor("/taskList"))["allNum"] == 5
