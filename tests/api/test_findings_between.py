"""Findings between calls and of what became of tasks, through both servers and on the rows."""

from typing import Any

import pytest

from tests.support.requests import FORM, GOOD
from tests.support.worlds import APP_CODE, World, body_of

TYPED = APP_CODE | {"Content-Type": FORM}


def post(world: World, path: str, body: str, expect: int | None = 200) -> Any:
    answer = world.http.post(path, data=body, headers=TYPED)
    assert expect in (None, answer.status_code)
    return answer


def found(world: World, query: str = "") -> list[tuple[int, str]]:
    report = world.admin("GET", f"/accounts/default/findings{query}")
    return [
        (each["call"], each["id"]) for each in report["findings"]
        if each["id"] != "callback-unreachable"
    ]  # fmt: skip


def arm(world: World, **order: Any) -> None:
    world.admin("POST", "/accounts/default/faults", order, expect=201)


def test_a_poll_loop_on_a_fast_clock_is_found(world: World) -> None:
    task_id = world.submit()
    world.admin("POST", "/accounts/default/clock", {"rate": 1000})
    for _ in range(2):
        post(world, "/queryTask", f"task_id={task_id}")
        world.real_now.now += 50

    assert (3, "poll-too-fast") in found(world)


def test_a_double_submit_on_a_fast_clock_is_found_and_a_jump_is_a_pause(world: World) -> None:
    world.admin("POST", "/accounts/default/clock", {"rate": 100_000})
    post(world, "/submitTask", GOOD)
    world.real_now.now += 600
    post(world, "/submitTask", GOOD)
    assert found(world) == [(2, "submit-twice")]

    call = world.calls()[-1]
    assert (call["jumped_ms"], call["held_ms"]) == (0, 0)
    world.clock(advance="90s")
    post(world, "/taskList", "")
    assert world.calls()[-1]["jumped_ms"] == 90_000


def test_a_client_that_looks_first_takes_up_the_task_it_finds(world: World) -> None:
    known = world.submit(text="another")
    arm(world, kind="ghost", operation="submit_task", calls=1)
    post(world, "/submitTask", GOOD, expect=None)
    world.clock(advance="5s")
    page = body_of(post(world, "/taskList", "page=1&maxResult=5"))
    (new,) = [task["task_id"] for task in page["contentlist"] if task["task_id"] != known]
    world.clock(advance="30s")
    post(world, "/queryTask", f"task_id={new}")

    assert [each for each in found(world) if each[1] != "charset-missing"] == []

    world.clock(advance="5s")
    other = GOOD.replace("example.com", "example.org")
    post(world, "/submitTask", other)
    assert [each for each in found(world) if each[1] != "charset-missing"] == []


def test_a_client_that_looks_and_submits_all_the_same_pays_twice(world: World) -> None:
    arm(world, kind="ghost", operation="submit_task", calls=1)
    post(world, "/submitTask", GOOD, expect=None)
    world.clock(advance="5s")
    post(world, "/taskList", "page=1")
    world.clock(advance="2s")
    post(world, "/submitTask", GOOD)

    (each,) = world.admin("GET", "/accounts/default/findings")["findings"]
    assert (each["call"], each["id"]) == (3, "submit-twice")
    assert "the task list of call 2 shows its task" in each["says"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [("style_id=food_fryrice&text=https%3A%2F%2Fexample.com", FORM),
     ('{"style_id": "food_fryrice", "text": "https://example.com"}', "application/json")],
)  # fmt: skip
def test_the_same_fields_in_another_spelling_are_the_same_submit(
    world: World, body: str, content_type: str
) -> None:
    post(world, "/submitTask", GOOD)
    world.clock(advance="5s")
    world.http.post("/submitTask", data=body, headers=APP_CODE | {"Content-Type": content_type})
    world.clock(advance="5s")
    post(world, "/submitTask", f"{GOOD}&call_back=http://example.com/order/2")

    assert [each for each in found(world) if "submit" in each[1]] == [(2, "submit-twice")]


def test_another_page_of_the_list_settles_nothing(world: World) -> None:
    for number in range(3):
        world.submit(text=f"https://example.com/{number}")
    arm(world, kind="ghost", operation="submit_task", calls=1)
    post(world, "/submitTask", GOOD, expect=None)
    world.clock(advance="5s")
    post(world, "/taskList", "page=2&maxResult=1")
    world.clock(advance="2s")
    post(world, "/submitTask", GOOD)

    assert (6, "submit-after-failure") in found(world)


def test_a_callback_that_told_of_the_end_makes_the_same_submit_another_wish(world: World) -> None:
    body = f"{GOOD}&call_back=http://receiver.test/"
    post(world, "/submitTask", body)
    world.clock(advance="1h")
    post(world, "/submitTask", body)
    assert [each for each in found(world) if "unreachable" not in each[1]] == []

    post(world, "/submitTask", body)
    assert (3, "submit-twice") in found(world)


def test_an_id_of_a_callback_is_known_and_one_of_nobody_is_not(world: World) -> None:
    first, _ = [world.submit(text=text, call_back="http://receiver.test/") for text in ("a", "b")]
    world.clock(advance="1h")
    post(world, "/queryTask", f"task_id={first}")
    assert [each for each in found(world) if each[1] == "task-id-unknown"] == []

    nobodys = f"{int(first, 16) ^ 1:024x}"
    post(world, "/queryTask", f"task_id={nobodys}", expect=450)
    assert (4, "task-id-unknown") in found(world)


def test_a_task_that_nobody_took_is_told_of_when_it_is_too_late(world: World) -> None:
    world.submit()
    assert found(world, "?ended=true") == [(1, "charset-missing"), (1, "task-never-looked-at")]
    world.clock(advance="1h")
    assert (1, "task-never-looked-at") not in found(world)
    world.clock(advance="4d")
    assert (1, "task-never-looked-at") in found(world)


def test_one_of_four_pictures_is_told_of_when_they_are_gone(world: World) -> None:
    world.admin("PATCH", "/accounts/default/readings", {"result.count": "4"})
    task_id = world.submit()
    world.clock(advance="1h")
    (first, *rest) = body_of(post(world, "/queryTask", f"task_id={task_id}"))["resList"]
    path = first.partition("/pictures/")[2]
    assert world.http.get(f"/pictures/{path}").status_code == 200

    assert "pictures-not-fetched" not in [each for _, each in found(world)]
    assert (1, "pictures-not-fetched") in found(world, "?ended=true")
    assert len(rest) == 3
    world.clock(advance="4d")
    assert (1, "pictures-not-fetched") in found(world)


def test_a_refused_submit_that_is_sent_again_is_an_error(world: World) -> None:
    for _ in range(2):
        post(world, "/submitTask", "text=x", expect=450)
        world.clock(advance="5s")

    report = world.admin("GET", "/accounts/default/findings?severity=error")
    assert report["counts"]["refusal-repeated"] == 1


@pytest.mark.parametrize("value", ["maybe", "1"])
def test_whether_the_test_has_ended_is_true_or_false(world: World, value: str) -> None:
    world.admin("GET", f"/accounts/default/findings?ended={value}", expect=422)
