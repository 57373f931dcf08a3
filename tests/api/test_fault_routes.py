"""Faults over the admin API: arm, fire, list, disarm; a rule that could never fire is refused."""

from typing import Any

import pytest

from tests.support.signed import Request, Signer, header, seen, send, with_app_code
from tests.support.worlds import World, body_of

OK = (200, None)
PATH = "/accounts/default/faults"


def arm(world: World, account: str = "default", **order: Any) -> dict[str, Any]:
    path = f"/accounts/{account}/faults"
    armed: dict[str, Any] = world.admin("POST", path, order, expect=201)
    return armed


def faults(world: World, account: str = "default") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.admin("GET", f"/accounts/{account}/faults")["faults"]
    return found


def call(world: World, target: str = "/submitTask", app_code: str = "mock-demo") -> Any:
    return seen(send(world, with_app_code(app_code, Request(target=target))))


def test_a_rule_shows_what_it_is_and_how_often_it_fired(world: World) -> None:
    assert faults(world) == []
    armed = arm(world, code="D504TO", operation="submit_task", calls=2)
    assert armed == {
        "id": armed["id"],
        "stage": "gateway",
        "kind": "gateway_error",
        "code": "D504TO",
        "remark": None,
        "operation": "submit_task",
        "starts_at": None,
        "expires_at": None,
        "calls_left": 2,
        "seen": 0,
        "hits": 0,
    }

    answers = [call(world) for _ in range(3)]

    assert answers == [(504, "D504TO"), (504, "D504TO"), OK]
    assert faults(world) == [{**armed, "calls_left": 0, "seen": 2, "hits": 2}]


def test_without_a_number_it_fires_until_it_is_disarmed(world: World) -> None:
    armed = arm(world, code="X503BZ")
    assert armed["calls_left"] is None
    assert {call(world) for _ in range(10)} == {(503, "X503BZ")}

    world.admin("DELETE", f"{PATH}/{armed['id']}", expect=204)

    assert call(world) == OK
    assert faults(world) == []


def test_it_fires_only_for_its_operation(world: World) -> None:
    arm(world, code="X503BZ", operation="list_tasks")

    assert call(world) == OK
    assert call(world, "/taskList") == (503, "X503BZ")
    assert call(world, "/queryTask")[0] == 450


def test_the_rule_that_was_armed_first_fires_first(world: World) -> None:
    arm(world, code="D504TO", calls=1)
    arm(world, code="X503BZ", operation="submit_task", calls=1)
    arm(world, code="X500ER", calls=1)

    assert [call(world)[1] for _ in range(4)] == ["D504TO", "X503BZ", "X500ER", None]


def test_a_gateway_error_comes_before_a_refusal_of_the_service(world: World) -> None:
    arm(world, remark="稍后再试", calls=1)
    arm(world, code="D504TO", calls=1)

    assert call(world) == (504, "D504TO")
    answer = world.vendor("/submitTask")
    assert answer.status_code == 450
    assert body_of(answer) == {"ret_code": -1, "remark": "稍后再试"}
    assert call(world) == OK


@pytest.mark.claim("refusal-450")
@pytest.mark.parametrize(("reading", "status", "charges"), [("450", 450, 0), ("200", 200, 1)])
def test_an_ordered_refusal_looks_like_any_other(
    world: World, reading: str, status: int, charges: int
) -> None:
    account = world.account(readings={"refusal.status": reading})
    arm(world, account["id"], remark="no")

    assert call(world, app_code=account["app_code"]) == (status, None)
    assert world.bill(account["id"])["charges"] == charges


def test_an_ordered_gateway_error_comes_before_anything_is_verified(world: World) -> None:
    arm(world, code="D504TO")
    key = world.admin("GET", "/accounts/default")["app_key"]

    assert seen(send(world, Signer(key=key, secret="wrong").signed())) == (504, "D504TO")
    (listed,) = world.calls()
    assert (listed["error_code"], listed["findings"]) == ("D504TO", [])


def test_what_is_no_call_of_the_account_fires_nothing(world: World) -> None:
    arm(world, code="D504TO", calls=1)
    world.account()

    assert call(world, app_code="nobody") == (400, "A400AC")
    assert call(world, "/nowhere") == (404, "I404NF")
    assert call(world, app_code=world.account()["app_code"]) == OK
    assert faults(world)[0]["hits"] == 0


def test_a_call_that_fails_for_another_reason_first_counts_for_no_fault(world: World) -> None:
    armed = arm(world, remark="no", calls=1)
    world.admin("PATCH", "/accounts/default", {"standing": "arrears"})

    assert call(world) == (403, "B403MO")
    assert faults(world) == [armed]


def test_all_are_disarmed_at_once_and_by_reset(world: World) -> None:
    for clear in (("DELETE", PATH, 204), ("POST", "/accounts/default/reset", 200)):
        arm(world, code="D504TO")
        arm(world, remark="no")
        world.admin(clear[0], clear[1], expect=clear[2])
        assert faults(world) == []
        assert call(world) == OK


def test_a_rule_of_another_account_cannot_be_touched(world: World) -> None:
    other = world.account()["id"]
    armed = arm(world, other, code="D504TO")

    world.admin("DELETE", f"{PATH}/{armed['id']}", expect=404)
    world.admin("DELETE", PATH, expect=204)

    assert faults(world, other) == [armed]


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"code": "X999XX"}, "unknown error code 'X999XX'; valid: I400HD"),
        ({"code": "D504T0"}, "unknown error code 'D504T0'; did you mean 'D504TO'? valid: I400HD"),
        ({"code": "reset"}, "; if it is a kind of fault, write kind = 'reset'"),
        ({"code": "d504to"}, "unknown error code"),
        ({"code": "200"}, "unknown error code"),
        ({"code": "Quota Exhausted"}, "gateway.profile = classic"),
        ({"code": "D504TO", "operation": "get_picture"}, "get_picture"),
        ({"code": "D504TO", "operation": "nothing"}, "nothing"),
        ({"code": "D504TO", "remark": "both"}, "NewFault"),
        ({}, "NewFault"),
        ({"code": "D504TO", "calls": 0}, "minimum"),
        ({"code": "D504TO", "calls": 1.5}, "integer"),
        ({"code": "D504TO", "calls": 10**10}, "maximum"),
        ({"code": "D504TO", "status": 418}, "status"),
        ({"remark": ""}, "remark"),
        ({"remark": "x" * 501}, "remark"),
    ],
)
def test_what_could_never_fire_is_refused_with_the_reason(
    world: World, order: dict[str, Any], says: str
) -> None:
    refused = world.admin("POST", PATH, order, expect=422)

    assert says in refused["detail"]
    assert faults(world) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/accounts/nobody/faults"), ("POST", "/accounts/nobody/faults"),
     ("DELETE", "/accounts/nobody/faults"), ("DELETE", "/accounts/default/faults/99"),
     ("DELETE", "/accounts/nobody/faults/1"), ("DELETE", "/accounts/default/faults/x")],
)  # fmt: skip
def test_what_is_not_there_is_not_found(world: World, method: str, path: str) -> None:
    world.admin(method, path, {"code": "D504TO"} if method == "POST" else None, expect=404)


def test_a_remark_of_any_text_is_carried_whole(world: World) -> None:
    remark = '引号" \\ 换行\n 表情🍜 </script>'
    arm(world, remark=remark)

    answer = world.vendor("/taskList")

    assert body_of(answer)["remark"] == remark
    assert "showapi_fee_num" not in answer.headers


def test_an_ordered_error_still_answers_in_debug_mode(world: World) -> None:
    arm(world, code="D503CB")
    request = with_app_code(request=Request(headers={"X-Ca-Request-Mode": "debug"}))

    reply = send(world, request)

    assert header(reply, "X-Ca-Debug-Info")
    assert header(reply, "X-Ca-Error-Message") == "Backend circuit breaker open, ordered"
