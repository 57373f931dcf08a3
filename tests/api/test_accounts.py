"""Accounts: created with options, reset to the same state, deleted, invisible to one another."""

from typing import Any

import pytest

from tests.support.worlds import START_AT, World, body_of

FIELDS = [
    "id", "name", "app_code", "app_key", "app_secret", "balance", "seed", "clock", "standing",
    "skew_ms", "throttle", "notify_url", "readings", "keep_calls",
]  # fmt: skip


def story(world: World, account: dict[str, Any]) -> list[Any]:
    """Play one day of a client and return everything that must repeat."""
    code, name = account["app_code"], account["id"]
    answers: list[Any] = []
    for style in ("pet_cat", "pet_dog2", "nothing"):
        answer = world.vendor("/submitTask", {"text": "x", "style_id": style}, code)
        answers.append((answer.status_code, answer.get_json()))
    world.clock(name, advance="1m")
    listed = world.vendor("/taskList", {}, code).get_json()
    tasks = world.admin("GET", f"/accounts/{name}/tasks")["tasks"]
    for task in tasks:
        path = task["pictures"][0].partition("localhost")[2]
        answers.append(world.http.get(path).data)
        answers.append([task["task_id"], task["starts_at"], task["ends_at"]])
    answers.append(listed["showapi_res_id"])
    return answers


def test_the_default_account_is_there_with_the_package_of_the_readme(world: World) -> None:
    account = world.admin("GET", "/accounts/default")

    assert list(account) == FIELDS
    assert (account["app_code"], account["balance"]) == ("mock-demo", 1000)
    assert world.bill()["packages"] == [
        {
            "id": 1, "offer": "1000", "credits": 1000, "remaining": 1000, "bought_at": START_AT,
            "expires_at": START_AT + 365 * 86_400_000, "fen": 28_000,
        }
    ]  # fmt: skip


def test_an_account_is_made_of_every_wish(world: World) -> None:
    account = world.account(
        name="night shift", credits=7, seed=42, readings={"charge.polls": "submit-only"},
        clock={"now": 5_000, "rate": 60, "frozen": True},
    )  # fmt: skip

    assert list(account) == FIELDS
    assert (account["name"], account["balance"], account["seed"]) == ("night shift", 7, 42)
    assert account["clock"] == {"now": 5_000, "rate": 60.0, "frozen": True}
    assert account["readings"]["charge.polls"] == "submit-only"
    assert world.admin("GET", f"/accounts/{account['id']}") == account


def test_an_account_without_wishes_is_like_the_default_one_with_a_seed_of_its_own(
    world: World,
) -> None:
    first, second = world.account(), world.account()

    assert (first["balance"], first["name"]) == (1000, first["id"])
    assert first["clock"] == {"now": START_AT, "rate": 1.0, "frozen": False}
    assert first["seed"] != second["seed"]
    for field in ("id", "app_code", "app_key", "app_secret"):
        assert first[field] != second[field]


def test_the_accounts_are_listed_oldest_first(world: World) -> None:
    world.clock(advance="1s")
    world.real_now.now += 10
    made = world.account()

    listed = world.admin("GET", "/accounts")["accounts"]

    assert [account["id"] for account in listed] == ["default", made["id"]]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"seed": -1}, "/seed"),
        ({"seed": 2**63}, "/seed"),
        ({"seed": "1"}, "/seed"),
        ({"credits": -1}, "/credits"),
        ({"credits": 1.5}, "/credits"),
        ({"credits": 10**10}, "/credits"),
        ({"name": "x" * 101}, "/name"),
        ({"name": 5}, "/name"),
        ({"clock": {"now": -1}}, "/clock/now"),
        ({"clock": {"now": 253_402_214_400_001}}, "/clock/now"),
        ({"clock": {"rate": 0}}, "/clock/rate"),
        ({"clock": {"frozen": "yes"}}, "/clock/frozen"),
        ({"clock": {"speed": 2}}, "speed"),
        ({"clock": None}, "/clock"),
        ({"readings": {"refusal.status": "200 OK"}}, "'450' or '200'"),
        ({"readings": {"refusal": "200"}}, "unknown reading 'refusal'"),
        ({"readings": {"refusal.status": 200}}, "/readings"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_and_makes_nothing(
    world: World, wish: dict[str, Any], said: str
) -> None:
    problem = world.admin("POST", "/accounts", wish, expect=422)

    assert said in problem["detail"]
    assert len(world.admin("GET", "/accounts")["accounts"]) == 1


def test_a_whole_number_may_be_spelt_with_a_point(world: World) -> None:
    answer = world.http.post(
        "/_mock/accounts", data=b'{"seed": 7.0, "credits": 3e0, "clock": {"now": 5000.0}}'
    )

    account = answer.get_json()
    assert b'"seed":7,' in answer.data
    assert b'"now":5000,' in answer.data
    assert world.submit(account["app_code"]) == world.submit(world.account(seed=7)["app_code"])


@pytest.mark.claim("res-id-form")
def test_a_reset_starts_the_same_world_again(world: World) -> None:
    account = world.account(seed=7, credits=50, clock={"now": 1_000})
    first = story(world, account)
    assert world.bill(account["id"])["balance"] < 50

    reset = world.admin("POST", f"/accounts/{account['id']}/reset")

    assert reset == account
    assert world.calls(account["id"]) == []
    assert world.admin("GET", f"/accounts/{account['id']}/tasks")["tasks"] == []
    assert story(world, account) == first


def test_two_accounts_of_one_seed_agree_on_everything_but_who_they_are(world: World) -> None:
    wish: dict[str, Any] = {"seed": 7, "clock": {"now": 1_000}}
    first, second = world.account(**wish), world.account(**wish)

    assert first["id"] != second["id"]
    assert story(world, first) == story(world, second)


def test_a_reset_empties_one_account_and_leaves_the_others(world: World) -> None:
    other = world.account()
    world.submit(other["app_code"])
    world.submit()

    world.admin("POST", "/accounts/default/reset")

    assert world.bill()["charges"] == 0
    assert world.bill(other["id"])["charges"] == 1


def test_a_deleted_account_is_gone_with_its_world(world: World) -> None:
    account = world.account()
    task_id = world.submit(account["app_code"])

    world.admin("DELETE", f"/accounts/{account['id']}", expect=204)

    answer = world.vendor("/queryTask", {"task_id": task_id}, account["app_code"])
    assert answer.headers["X-Ca-Error-Code"] == "A400AC"
    world.admin("GET", f"/accounts/{account['id']}", expect=404)
    world.admin("DELETE", f"/accounts/{account['id']}", expect=404)
    assert world.http.get(f"/pictures/{account['id']}/{task_id}/1.png").status_code == 404


def test_the_default_account_can_be_reset_but_not_deleted(world: World) -> None:
    problem = world.admin("DELETE", "/accounts/default", expect=409)

    assert "reset it instead" in problem["detail"]
    assert world.admin("GET", "/accounts/default")["id"] == "default"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/reset"),
        ("GET", "/clock"),
        ("GET", "/bill"),
        ("GET", "/calls"),
        ("GET", "/tasks"),
        ("GET", "/callbacks"),
    ],
)
def test_an_account_that_is_not_there_is_404_on_every_route(
    world: World, method: str, path: str
) -> None:
    problem = world.admin(method, f"/accounts/nobody{path}", expect=404)

    assert "GET /_mock/accounts lists them" in problem["detail"]


def test_nothing_of_one_account_is_visible_in_another(world: World) -> None:
    mine, other = world.account(seed=1), world.account(seed=2)
    task_id = world.submit(mine["app_code"], call_back="http://127.0.0.1:9/")
    world.clock(mine["id"], advance="1m")

    answer = world.vendor("/queryTask", {"task_id": task_id}, other["app_code"])
    listed = world.vendor("/taskList", {}, other["app_code"])

    assert body_of(answer)["remark"] == "未查到相关信息！"
    assert body_of(listed)["allNum"] == 0
    assert world.http.get(f"/pictures/{other['id']}/{task_id}/1.png").status_code == 404
    assert world.http.get(f"/pictures/{mine['id']}/{task_id}/1.png").status_code == 200
    world.admin("POST", f"/accounts/{other['id']}/tasks/{task_id}", {"state": "failed"}, 404)
    for report in ("tasks", "callbacks"):
        assert world.admin("GET", f"/accounts/{other['id']}/{report}")[report] == []
    assert world.admin("GET", f"/accounts/{other['id']}/clock")["now"] == START_AT
    assert {call["account"] for call in world.calls(other["id"])} == {other["id"]}
