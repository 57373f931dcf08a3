"""Older tasks: an account that starts with finished tasks in its list."""

from typing import Any

import pytest

from tests.support.worlds import World, body_of

DAY = 86_400_000
SENTENCES = {"says": "There are older tasks.", "client": "It ignores them."}
FIELDS = {"text": "https://example.com", "style_id": "pet_cat"}


def start(world: World, count: int, **scenario: Any) -> dict[str, Any]:
    """Return an account that was started with so many older tasks."""
    made = world.account(seed=7)
    wanted = {**SENTENCES, "clock": {"frozen": True}, "older_tasks": count, **scenario}
    path = f"/accounts/{made['id']}/scenario"
    loaded: dict[str, Any] = world.admin("POST", path, {"scenario": wanted})
    return loaded


def tasks(world: World, account: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tasks in the order of submission."""
    found: list[dict[str, Any]] = world.admin("GET", f"/accounts/{account['id']}/tasks?limit=1000")[
        "tasks"
    ]
    return found


def page(world: World, account: dict[str, Any], **fields: str) -> dict[str, Any]:
    return body_of(world.vendor("/taskList", fields, account["app_code"]))


def test_older_tasks_have_ended_and_leave_no_trace(world: World) -> None:
    account = start(world, 3)

    listed = tasks(world, account)

    assert [each["number"] for each in listed] == [1, 2, 3]
    assert {each["status"] for each in listed} == {"succeeded"}
    now = account["clock"]["now"]
    assert [each["submitted_at"] for each in listed] == [now - 180_000, now - 120_000, now - 60_000]
    assert all(each["ends_at"] < now for each in listed)
    assert world.calls(account["id"]) == []
    assert world.bill(account["id"])["charges"] == 0
    assert world.bill(account["id"])["balance"] == 1000
    assert world.admin("GET", f"/accounts/{account['id']}/callbacks")["callbacks"] == []


@pytest.mark.parametrize("retention", ["24h", "72h"])
def test_all_of_a_thousand_are_listed_newest_first(world: World, retention: str) -> None:
    account = start(world, 1000, readings={"list.retention": retention})
    ids = [each["task_id"] for each in tasks(world, account)]
    assert len(set(ids)) == 1000

    first = page(world, account)
    shown = [each["task_id"] for each in first["contentlist"]]
    last = page(world, account, page=str(first["allPages"]))["contentlist"]

    assert first["allNum"] == 1000
    assert shown == ids[::-1][: len(shown)]
    assert last[-1]["task_id"] == ids[0]


def test_an_older_task_is_queried_like_any_other_and_its_picture_is_there(world: World) -> None:
    account = start(world, 2)
    (older, _) = tasks(world, account)

    body = body_of(world.vendor("/queryTask", {"task_id": older["task_id"]}, account["app_code"]))

    (link,) = body["resList"]
    assert body["status"] == "succeeded"
    assert link.startswith("http://localhost/pictures/")
    listed = page(world, account)["contentlist"][-1]
    assert (listed["task_id"], listed["resList"]) == (older["task_id"], [link])
    assert older["pictures"][0].endswith(link.removeprefix("http://localhost"))
    assert older["pictures"][0].startswith("http")
    assert world.http.get(link.removeprefix("http://localhost")).status_code == 200
    assert world.http.get(link.removeprefix("http://localhost")).mimetype == "image/png"


def test_a_new_task_comes_after_the_older_ones_and_faults_count_it_first(world: World) -> None:
    fault = {"kind": "task_fails", "nth": 1}
    account = start(world, 5, faults=[fault])

    task_id = world.submit(account["app_code"])

    newest = tasks(world, account)[-1]
    assert (newest["task_id"], newest["number"], newest["outcome"]) == (task_id, 6, "failed")
    assert page(world, account)["contentlist"][0]["task_id"] == task_id
    (rule,) = world.admin("GET", f"/accounts/{account['id']}/faults")["faults"]
    assert (rule["seen"], rule["hits"]) == (1, 1)
    assert world.bill(account["id"])["charges"] == 2


def test_older_tasks_repeat_with_the_seed_and_come_back_with_a_reset(world: World) -> None:
    one, other = start(world, 4), start(world, 4)

    def shown(account: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [
            (each["task_id"], each["text"], each["style_id"], each["ends_at"] - each["starts_at"])
            for each in tasks(world, account)
        ]

    assert shown(one) == shown(other)
    before = shown(one)
    world.submit(one["app_code"])
    world.admin("POST", f"/accounts/{one['id']}/reset")
    assert shown(one) == before
    world.submit(one["app_code"])
    assert len(shown(one)) == 5


def test_older_tasks_are_forgotten_like_any_other(world: World) -> None:
    account = start(world, 2, readings={"list.retention": "24h"})

    world.clock(account["id"], advance="1d")

    assert page(world, account)["allNum"] == 0


def test_a_query_for_an_older_task_is_no_unknown_id(world: World) -> None:
    account = start(world, 1)
    (older,) = tasks(world, account)

    world.vendor("/queryTask", {"task_id": older["task_id"]}, account["app_code"])

    found = world.admin("GET", f"/accounts/{account['id']}/findings?ended=true")
    assert "task-id-unknown" not in str(found)


def test_no_older_tasks_are_needed_and_the_clock_may_be_just_late_enough(world: World) -> None:
    assert tasks(world, start(world, 0, clock={"now": 0, "frozen": True})) == []
    early = start(world, 2, clock={"now": 120_000, "frozen": True})
    assert tasks(world, early)[0]["submitted_at"] == 0
