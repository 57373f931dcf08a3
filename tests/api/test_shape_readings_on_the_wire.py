"""Each reading of the form of the service's answers, changed: the client sees the difference."""

import re
from typing import Any

import pytest

from tests.support.worlds import World, body_of

CALL_BACK = "http://127.0.0.1:9/callback"
DAY_MS = 24 * 3_600_000


def reread(world: World, words: dict[str, str]) -> None:
    """Change the readings of the default account."""
    world.admin("PATCH", "/accounts/default/readings", words)


def ended(world: World, **fields: str) -> str:
    """Submit a task, let it end, and return its id."""
    task_id = world.submit(**fields)
    world.clock(advance="1m")
    return task_id


def queried(world: World, task_id: str) -> dict[str, Any]:
    body: dict[str, Any] = world.vendor("/queryTask", {"task_id": task_id}).get_json()
    return body


@pytest.mark.claim("envelope-kept")
def test_results_and_refusals_come_without_their_envelope(world: World) -> None:
    task_id = ended(world)
    wrapped = queried(world, task_id)
    reread(world, {"envelope": "bare"})

    bare, refused = queried(world, task_id), world.vendor("/submitTask")

    assert bare == wrapped["showapi_res_body"]
    assert (refused.status_code, set(refused.get_json())) == (450, {"ret_code", "remark"})
    charged = world.vendor("/taskList")
    assert charged.headers["showapi_fee_num"] == "1"
    assert world.bill()["charges"] == 4


@pytest.mark.claim("body-text")
def test_the_text_of_an_answer_is_in_msg(world: World) -> None:
    reread(world, {"envelope.text_field": "msg"})

    bodies = [body_of(world.vendor(path)) for path in ("/submitTask", "/taskList")]

    assert [body["msg"][:4] for body in bodies] == ["text", "查询成功"]
    assert not any("remark" in body for body in bodies)


@pytest.mark.claim("ret-code-type")
def test_ret_code_is_a_text(world: World) -> None:
    before = body_of(world.vendor("/taskList"))["ret_code"]
    reread(world, {"ret_code.type": "string"})

    after = [body_of(world.vendor(path))["ret_code"] for path in ("/taskList", "/submitTask")]

    assert (before, after) == (0, ["0", "-1"])


@pytest.mark.claim("task-id-form")
def test_a_task_id_has_19_digits_and_tasks_from_before_keep_theirs(world: World) -> None:
    before = world.submit()
    reread(world, {"task_id.form": "digits-19"})

    after = world.submit()

    assert re.fullmatch("[0-9a-f]{24}", before)
    assert re.fullmatch("[1-9][0-9]{18}", after)
    assert [queried(world, each)["showapi_res_body"]["ret_code"] for each in (before, after)] == [
        0, 0,
    ]  # fmt: skip


WORDS: list[tuple[dict[str, str], list[object]]] = [
    ({"task.words": "lower-case"}, ["pending", "running", "succeeded", "failed"]),
    ({"task.words": "upper-case"}, ["PENDING", "RUNNING", "SUCCEEDED", "FAILED"]),
    ({"task.words": "other-words"}, ["waiting", "processing", "success", "fail"]),
    ({"task.words": "numbers"}, [0, 1, 2, 3]),
]


@pytest.mark.claim("task-words")
@pytest.mark.parametrize(("words", "expected"), WORDS)
def test_the_status_has_other_words(
    world: World, words: dict[str, str], expected: list[object]
) -> None:
    ids = [world.submit() for _ in range(4)]
    for task_id, state in zip(ids[1:], ("running", "succeeded", "failed"), strict=True):
        world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": state})
    reread(world, words)

    shown_words = [queried(world, task_id)["showapi_res_body"]["status"] for task_id in ids]
    listed = [task["status"] for task in body_of(world.vendor("/taskList"))["contentlist"]]

    assert shown_words == listed[::-1] == expected


@pytest.mark.claim("task-unfinished")
@pytest.mark.parametrize("status", [450, 200])
def test_the_query_of_an_unfinished_task_is_refused(world: World, status: int) -> None:
    task_id = world.submit()
    reread(world, {"task.unfinished": "refused", "refusal.status": str(status)})

    pending = world.vendor("/queryTask", {"task_id": task_id})
    world.clock(advance="1m")
    done = world.vendor("/queryTask", {"task_id": task_id})

    assert (pending.status_code, body_of(pending)["ret_code"]) == (status, -1)
    assert body_of(pending)["remark"] == "任务未完成"
    assert (done.status_code, body_of(done)["status"]) == (200, "succeeded")


@pytest.mark.claim("task-unfinished")
def test_a_refused_query_of_an_unfinished_task_counts_towards_its_end(world: World) -> None:
    reread(world, {"task.unfinished": "refused"})
    task_id = world.submit(text="https://mock.test/after-3-queries")

    statuses = [world.vendor("/queryTask", {"task_id": task_id}).status_code for _ in range(3)]

    assert statuses == [450, 450, 200]


@pytest.mark.claim("result-item")
def test_a_picture_is_an_object_in_answers_and_in_callbacks(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    reread(world, {"result.item": "object"})
    world.clock(advance="1m")

    (shown,) = queried(world, task_id)["showapi_res_body"]["resList"]
    ((_, posted),) = world.postbox.posted

    assert set(shown) == {"url"}
    assert posted == {"resList": [shown], "task_id": task_id}
    assert world.http.get(shown["url"]).status_code == 200


@pytest.mark.claim("result-none")
def test_a_task_without_pictures_has_null_for_a_list(world: World) -> None:
    waiting, failed = world.submit(), world.submit(text="https://mock.test/task-failed")
    reread(world, {"result.none": "null"})
    lists = [queried(world, waiting)["showapi_res_body"]["resList"]]
    world.clock(advance="1m")
    lists += [queried(world, each)["showapi_res_body"]["resList"] for each in (failed, waiting)]
    listed = body_of(world.vendor("/taskList"))["contentlist"]

    assert lists[:2] == [None, None]
    assert lists[2] != []
    assert [each["resList"] for each in listed] == [None, lists[2]]


@pytest.mark.claim("fields-unnamed")
@pytest.mark.parametrize("shape", ["flat", "pagebean"])
def test_answers_have_fields_that_nobody_has_named(world: World, shape: str) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    reread(world, {"fields.unnamed": "present", "list.shape": shape})
    world.clock(advance="1m")
    query = queried(world, task_id)
    listed = world.vendor("/taskList").get_json()
    refused = world.vendor("/queryTask", {"task_id": "f00d"}).get_json()
    page = listed["showapi_res_body"]
    page = page.get("pagebean", page)
    ((_, posted),) = world.postbox.posted

    for answer in (query, listed, refused):
        assert answer["reserved"] is answer["showapi_res_body"]["reserved"] is None
    assert page["reserved"] is page["contentlist"][0]["reserved"] is None
    assert set(posted) == {"resList", "task_id"}


@pytest.mark.claim("result-count")
def test_a_task_makes_four_pictures_unless_it_was_submitted_before(world: World) -> None:
    before = world.submit()
    reread(world, {"result.count": "4"})
    after = world.submit(call_back=CALL_BACK)
    world.clock(advance="1m")

    shown = {each: queried(world, each)["showapi_res_body"]["resList"] for each in (before, after)}

    assert [len(shown[each]) for each in (before, after)] == [1, 4]
    assert [posted["resList"] for _, posted in world.postbox.posted] == [shown[after]]
    assert len({world.http.get(address).data for address in shown[after]}) == 4


@pytest.mark.claim("list-shape")
def test_the_page_of_a_list_is_inside_pagebean(world: World) -> None:
    world.submit()
    flat = body_of(world.vendor("/taskList"))
    reread(world, {"list.shape": "pagebean"})

    inside = body_of(world.vendor("/taskList"))

    assert set(inside) == {"ret_code", "remark", "pagebean"}
    assert {**inside["pagebean"], "ret_code": 0, "remark": inside["remark"]} == flat


@pytest.mark.claim("list-order")
def test_the_oldest_task_comes_first_on_every_page(world: World) -> None:
    ids = [world.submit() for _ in range(5)]

    def pages() -> list[str]:
        found = []
        for page in "123":
            body = body_of(world.vendor("/taskList", {"page": page, "maxResult": "2"}))
            found += [task["task_id"] for task in body["contentlist"]]
        return found

    newest_first = pages()
    reread(world, {"list.order": "oldest-first"})

    assert (newest_first, pages()) == (ids[::-1], ids)


@pytest.mark.claim("list-retention")
def test_a_task_is_known_for_three_days(world: World) -> None:
    task_id = ended(world)
    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]

    def known(at: int) -> tuple[int, int]:
        world.clock(now=at)
        listed = body_of(world.vendor("/taskList"))["allNum"]
        return world.vendor("/queryTask", {"task_id": task_id}).status_code, listed

    assert known(task["ends_at"] + DAY_MS) == (450, 0)
    reread(world, {"list.retention": "72h"})
    assert known(task["ends_at"] + 3 * DAY_MS - 1) == (200, 1)
    assert known(task["ends_at"] + 3 * DAY_MS) == (450, 0)


@pytest.mark.claim("picture-gone")
def test_the_address_of_an_expired_picture_is_forbidden(world: World) -> None:
    task_id = ended(world)
    (address,) = world.query(task_id)["resList"]
    reread(world, {"picture.gone": "403"})

    there = world.http.get(address).status_code
    world.clock(advance="24h")
    gone = world.http.get(address).status_code
    never = world.http.get(address.replace("/1.png", "/2.png")).status_code

    assert (there, gone, never) == (200, 403, 404)
