"""Resending a callback in any state."""

from typing import Any

import pytest

from mock_server.domain.callback.payload import Outcome
from tests.support.worlds import World

CALL_BACK = "http://127.0.0.1:9/done"


def listed(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.admin("GET", "/accounts/default/callbacks")["callbacks"]
    return found


def resend(world: World, callback_id: int, expect: int = 200, **body: Any) -> Any:
    path = f"/accounts/default/callbacks/{callback_id}/resend"
    return world.admin("POST", path, body, expect)


@pytest.mark.parametrize("state", ["due", "delivered", "failed", "cancelled"])
def test_a_callback_is_delivered_once_more_whatever_its_state(world: World, state: str) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    if state == "cancelled":
        world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": "failed"})
    elif state != "due":
        world.postbox.outcome = Outcome(status=200 if state == "delivered" else 500)
        world.clock(advance="1m")
    world.postbox.outcome = Outcome(status=202)
    world.postbox.posted.clear()
    (before,) = listed(world)

    again = resend(world, before["id"], settle=True)

    assert before["state"] == state
    assert [body["task_id"] for _, body in world.postbox.posted] == [task_id]
    assert (again["state"], again["copy_of"], again["by_hand"]) == ("delivered", before["id"], True)
    assert [each["status"] for each in again["attempts"]] == [202]
    assert listed(world) == [before, again]


def test_an_unacknowledged_resend_is_reported_and_not_retried(world: World) -> None:
    buyer = world.account(readings={"callback.delivery": "retried"})
    world.submit(buyer["app_code"], call_back=CALL_BACK)
    (planned,) = world.admin("GET", f"/accounts/{buyer['id']}/callbacks")["callbacks"]
    world.postbox.outcome = Outcome(error="nobody there")

    path = f"/accounts/{buyer['id']}/callbacks/{planned['id']}/resend"
    again = world.admin("POST", path, {"settle": True})

    assert (again["state"], again["next_at"]) == ("failed", None)
    assert [each["error"] for each in again["attempts"]] == ["nobody there"]


def test_without_settle_a_resend_waits_with_the_due_callbacks(world: World) -> None:
    world.submit(call_back=CALL_BACK)
    (planned,) = listed(world)

    ordered = resend(world, planned["id"])
    assert (ordered["state"], ordered["attempts"], world.postbox.posted) == ("due", [], [])

    world.clock()
    assert len(world.postbox.posted) == 1
    path = f"/accounts/default/callbacks/{ordered['id']}"
    assert world.admin("GET", path)["state"] == "delivered"


def test_a_forced_state_leaves_a_repetition_by_hand_alone(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    (planned,) = listed(world)
    ordered = resend(world, planned["id"])

    world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": "failed"})

    assert listed(world)[1] == ordered


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/callbacks/99", 404, "has no callback 99"),
        ("/callbacks/x", 422, "a callback's id must be a whole number"),
        ("/callbacks/99999999999999999999", 404, "has no callback"),
    ],
)
def test_a_callback_that_is_not_there_is_refused(
    world: World, path: str, status: int, says: str
) -> None:
    for method, full in (("GET", path), ("POST", f"{path}/resend")):
        problem = world.admin(method, f"/accounts/default{full}", {} if method == "POST" else None,
                              expect=status)  # fmt: skip
        assert says in problem["detail"]


def test_the_callback_of_another_account_is_not_there(world: World) -> None:
    world.submit(call_back=CALL_BACK)
    (planned,) = listed(world)
    other = world.account()["id"]

    world.admin("POST", f"/accounts/{other}/callbacks/{planned['id']}/resend", {}, expect=404)


def test_settle_is_true_or_false(world: World) -> None:
    world.submit(call_back=CALL_BACK)
    (planned,) = listed(world)

    assert "settle" in resend(world, planned["id"], expect=422, settle="yes")["detail"]
