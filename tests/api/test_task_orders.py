"""Magic texts: the text of a submit orders the outcome of its task."""

import io
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from mock_server.contract import load_catalogue
from tests.support.worlds import World

MAGIC = "https://mock.test"
CALL_BACK = "http://127.0.0.1:9/callback"


def ended(world: World, text: str) -> tuple[str, int]:
    """Submit a magic text, let a minute pass; return the status and the number of pictures."""
    task_id = world.submit(text=f"{MAGIC}{text}")
    world.clock(advance="1m")
    body = world.query(task_id)
    return body["status"], len(body["resList"])


def test_each_magic_text_does_what_it_says(world: World) -> None:
    expected = {
        "/task-failed": ("failed", 0), "/slow": ("running", 0), "/at-once": ("succeeded", 1),
        "/stuck": ("running", 0), "/empty": ("succeeded", 0), "/two-pictures": ("succeeded", 2),
        "/four-pictures": ("succeeded", 4), "/after-3-queries": ("running", 0),
        "/failed-after-3-queries": ("running", 0),
    }  # fmt: skip

    assert {text: ended(world, text) for text in expected} == expected
    assert {f"{MAGIC}{text}" for text in expected} == set(load_catalogue().magic_texts)


def test_at_once_is_at_once(world: World) -> None:
    assert world.query(world.submit(text=f"{MAGIC}/at-once"))["status"] == "succeeded"


def test_a_slow_task_takes_ten_times_as_long(world: World) -> None:
    world.submit(text=f"{MAGIC}/slow")
    world.submit()
    slow, _ = world.admin("GET", "/accounts/default/tasks")["tasks"]

    assert 50_000 <= slow["ends_at"] - slow["submitted_at"] <= 200_000


@pytest.mark.claim("failure-remark")
def test_the_query_of_a_failed_task_says_why_and_the_list_does_not(world: World) -> None:
    task_id = world.submit(text=f"{MAGIC}/task-failed")
    assert world.query(task_id)["remark"] == "查询成功!"
    world.clock(advance="1m")

    assert world.query(task_id)["remark"] == "创作失败: 按要求失败"
    world.admin("POST", f"/accounts/default/tasks/{world.submit()}", {"state": "failed"})
    _, forced = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert world.query(forced["task_id"])["remark"] == "创作失败"


def test_only_queries_of_the_task_itself_bring_its_end_nearer(world: World) -> None:
    task_id = world.submit(text=f"{MAGIC}/after-3-queries", call_back=CALL_BACK)
    other = world.submit()
    world.clock(advance="1d")
    for _ in range(3):
        world.vendor("/taskList")
        world.vendor("/queryTask", {"task_id": other})
    statuses = [world.query(task_id)["status"] for _ in range(2)]
    assert (statuses, world.postbox.posted) == (["running", "running"], [])

    body = world.query(task_id)
    world.clock(advance="1ms")

    assert (body["status"], len(body["resList"])) == ("succeeded", 1)
    assert [posted["task_id"] for _, posted in world.postbox.posted] == [task_id]
    (task, _) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert task["ends_at"] - task["submitted_at"] == 24 * 3_600_000


def test_a_refused_query_brings_no_end_nearer(world: World) -> None:
    task_id = world.submit(text=f"{MAGIC}/after-3-queries")
    order = {"remark": "no", "operation": "query_task", "calls": 5}
    world.admin("POST", "/accounts/default/faults", order, expect=201)
    for _ in range(5):
        world.vendor("/queryTask", {"task_id": task_id})

    assert [world.query(task_id)["status"] for _ in range(3)][-2:] != ["succeeded"] * 2


def test_nothing_is_pushed_for_a_task_that_fails_with_its_third_query(world: World) -> None:
    task_id = world.submit(text=f"{MAGIC}/failed-after-3-queries", call_back=CALL_BACK)
    for _ in range(3):
        status = world.query(task_id)["status"]
    world.clock(advance="1d")

    assert (status, world.postbox.posted) == ("failed", [])


@pytest.mark.claim("result-count")
def test_each_of_several_pictures_has_its_own_address_and_bytes(world: World) -> None:
    task_id = world.submit(text=f"{MAGIC}/four-pictures", call_back=CALL_BACK)
    world.clock(advance="1m")
    addresses = world.query(task_id)["resList"]
    drawn = [world.http.get(address).data for address in addresses]

    assert len(set(addresses)) == len(set(drawn)) == 4
    assert [posted["resList"] for _, posted in world.postbox.posted] == [addresses]
    for png in drawn:
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))
        assert code.text == f"{MAGIC}/four-pictures"
    assert world.http.get(addresses[0].replace("/1.png", "/5.png")).status_code == 404


@pytest.mark.claim("picture-lifetime")
def test_several_pictures_are_gone_together(world: World) -> None:
    lasting = world.account(readings={"picture.lifetime": "unlimited"})
    found = {}
    for account, code in (("default", "mock-demo"), (lasting["id"], lasting["app_code"])):
        task_id = world.submit(code, text=f"{MAGIC}/four-pictures")
        world.clock(account, advance="1m")
        found[account] = world.query(task_id, code)["resList"]
        world.clock(account, advance="24h")

    gone = {
        account: [world.http.get(address).status_code for address in addresses]
        for account, addresses in found.items()
    }

    assert gone == {"default": [404] * 4, lasting["id"]: [200] * 4}


def test_a_magic_text_survives_a_reset_and_repeats(world: World) -> None:
    first = ended(world, "/two-pictures")
    world.admin("POST", "/accounts/default/reset")

    assert ended(world, "/two-pictures") == first


def order(world: World, expect: int = 201, **wanted: object) -> Any:
    return world.admin("POST", "/accounts/default/faults", {"kind": "task_order", **wanted}, expect)


def test_a_rule_orders_what_becomes_of_the_second_submit(world: World) -> None:
    order(world, nth=2, pictures=3, lasts_ms=1_000)
    ids = [world.submit() for _ in range(3)]
    world.clock(advance="2s")

    bodies = [world.query(task_id) for task_id in ids]

    assert [len(body["resList"]) for body in bodies] == [0, 3, 0]
    assert bodies[1]["status"] == "succeeded"


@pytest.mark.claim("failure-remark")
def test_a_rule_orders_by_text_how_a_task_fails(world: World) -> None:
    order(world, text="*bad*", outcome="failed", remark="不行", after_queries=1)
    bad, good = world.submit(text="https://bad.example"), world.submit()

    body = world.query(bad)

    assert (body["status"], body["remark"]) == ("failed", "不行")
    assert world.query(good)["status"] == "pending"


def test_a_rule_beats_a_magic_text(world: World) -> None:
    order(world, lasts_ms=0)
    task_id = world.submit(text=f"{MAGIC}/stuck")

    assert world.query(task_id)["status"] == "succeeded"


def test_a_rule_slows_a_task_down(world: World) -> None:
    order(world, factor=10, calls=1)
    world.submit()
    (slow,) = world.admin("GET", "/accounts/default/tasks")["tasks"]

    assert 50_000 <= slow["ends_at"] - slow["submitted_at"] <= 200_000


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({}, "task_order needs at least one parameter: outcome, remark, lasts_ms"),
        ({"after_queries": 2, "factor": 3}, "a task ends in one way"),
        ({"pictures": 5}, "/pictures"),
        ({"outcome": "failed", "pictures": 2}, "has no pictures"),
        ({"remark": "x"}, "only a failed task has a remark"),
        ({"operation": "query_task", "pictures": 2}, "submit_task"),
    ],
)
def test_an_invalid_order_is_refused_when_it_is_armed(
    world: World, wanted: dict[str, object], says: str
) -> None:
    assert says in order(world, expect=422, **wanted)["detail"]
    assert world.admin("GET", "/accounts/default/faults")["faults"] == []
