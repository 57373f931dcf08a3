"""Faults of the service: platform codes, ghosts, and changed tasks."""

from typing import Any

import pytest

from mock_server.domain.faults.service import PLATFORM_TEXTS
from tests.contract.documents import VENDOR
from tests.support.signed import Request, seen, send, with_app_code
from tests.support.worlds import World, body_of

PATH = "/accounts/default/faults"
GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}


def arm(world: World, account: str = "default", **order: Any) -> dict[str, Any]:
    path = f"/accounts/{account}/faults"
    armed: dict[str, Any] = world.admin("POST", path, order, expect=201)
    return armed


@pytest.mark.claim("platform-codes", "platform-envelope")
@pytest.mark.parametrize("code", PLATFORM_TEXTS)
def test_the_platform_fails_in_the_envelope_and_for_free(world: World, code: int) -> None:
    arm(world, kind="platform_error", platform_code=code, calls=1)

    answer = world.vendor("/submitTask", GOOD)

    envelope = answer.get_json()
    assert answer.status_code == 450
    assert "X-Ca-Error-Code" not in answer.headers
    assert (envelope["showapi_res_code"], envelope["showapi_res_error"]) == (
        code,
        PLATFORM_TEXTS[code],
    )
    assert (envelope["showapi_fee_num"], envelope["showapi_res_body"]) == (0, {})
    assert VENDOR.complaints("POST", "/submitTask", answer) == []
    assert world.bill()["charges"] == 0


def test_a_failure_of_the_platform_follows_the_reading_of_refusals(world: World) -> None:
    account = world.account(readings={"refusal.status": "200"})
    arm(world, account["id"], kind="platform_error", platform_code=-1, message="坏了")

    answer = world.vendor("/taskList", app_code=account["app_code"])

    assert answer.status_code == 200
    assert answer.get_json()["showapi_res_error"] == "坏了"
    assert world.bill(account["id"])["charges"] == 1


def test_a_ghost_runs_and_calls_back_without_a_charge(world: World) -> None:
    arm(world, kind="ghost", code="X504TO")
    call_back = "http://127.0.0.1:9/ghost"

    answer = world.vendor("/submitTask", {**GOOD, "call_back": call_back})

    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (504, "X504TO")
    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    (call,) = world.calls()
    assert (call["task_id"], call["charged"]) == (task["task_id"], False)
    world.clock(advance="1m")
    (callback,) = world.admin("GET", "/accounts/default/callbacks")["callbacks"]
    assert (callback["task_id"], callback["url"]) == (task["task_id"], call_back)
    assert len(callback["attempts"]) == 1
    assert world.bill()["charges"] == 0


def test_a_ghost_of_a_submit_that_is_refused_is_a_refusal(world: World) -> None:
    arm(world, kind="ghost")

    assert world.vendor("/submitTask", {}).status_code == 450
    assert world.admin("GET", "/accounts/default/tasks")["tasks"] == []


def test_a_rule_matches_texts_styles_and_tasks(world: World) -> None:
    arm(world, kind="refusal", remark="text", text="*blocked*")
    arm(world, kind="refusal", remark="style", style="pet_*")
    task_id = world.submit()
    arm(world, kind="refusal", remark="task", task_id=task_id)

    def remark(path: str, **fields: str) -> Any:
        return body_of(world.vendor(path, fields))["remark"]

    assert remark("/submitTask", text="so blocked!", style_id="pet_cat") == "text"
    assert remark("/submitTask", text="fine", style_id="pet_cat") == "style"
    assert remark("/queryTask", task_id=task_id) == "task"
    assert world.query(world.submit())["remark"] == "查询成功!"


def test_a_value_that_is_not_text_matches_no_pattern(world: World) -> None:
    arm(world, kind="refusal", remark="no", text="*")

    answer = world.http.post(
        "/submitTask", json={**GOOD, "text": ["a"]},
        headers={"Authorization": "APPCODE mock-demo"},
    )  # fmt: skip

    assert "参数text不合法" in body_of(answer)["remark"]


def test_rules_count_the_calls_that_reach_their_stage(world: World) -> None:
    """The gateway refuses the second submit, so the third call at the service is the client's
    fourth.
    """
    gateway = arm(world, code="X503BZ", operation="submit_task", nth=2)
    service = arm(world, kind="refusal", remark="no", operation="submit_task", nth=3)

    statuses = [world.vendor("/submitTask", GOOD).status_code for _ in range(5)]
    world.vendor("/taskList")

    assert statuses == [200, 503, 200, 450, 200]
    shown = {rule["id"]: rule for rule in world.admin("GET", PATH)["faults"]}
    assert (shown[gateway["id"]]["seen"], shown[gateway["id"]]["hits"]) == (5, 1)
    assert (shown[service["id"]]["seen"], shown[service["id"]]["hits"]) == (4, 1)


def test_a_rule_lives_on_the_clock_of_its_account(world: World) -> None:
    world.clock(freeze=True)
    arm(world, kind="maintenance", starts_in_ms=3_600_000, expires_in_ms=7_200_000)

    found = []
    for _ in range(4):
        found.append(seen(send(world, with_app_code(request=Request(target="/taskList")))))
        world.clock(advance="1h")

    ok, busy = (200, None), (503, "X503BZ")
    assert found == [ok, busy, ok, ok]
    (rule,) = world.admin("GET", PATH)["faults"]
    assert (rule["seen"], rule["hits"]) == (1, 1)


@pytest.mark.parametrize("probability", [0.2, 0.7])
def test_the_same_seed_rules_and_calls_fail_alike(world: World, probability: float) -> None:
    def outcomes() -> list[int]:
        account = world.account(seed=77)
        world.account()  # other accounts with their own rules are created in between
        arm(world, kind="throttled", calls=1)
        arm(world, account["id"], kind="throttled", probability=probability)
        code = account["app_code"]
        return [world.vendor("/taskList", app_code=code).status_code for _ in range(30)]

    first = outcomes()

    assert first == outcomes()
    assert {200, 429} == set(first)


def test_reset_starts_the_dice_again(world: World) -> None:
    def outcomes() -> list[int]:
        arm(world, kind="throttled", probability=0.5)
        return [world.vendor("/taskList").status_code for _ in range(20)]

    first = outcomes()
    world.admin("POST", "/accounts/default/reset")

    assert outcomes() == first
