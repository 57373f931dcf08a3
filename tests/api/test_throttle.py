"""Throttling: off by default, then a bucket per operation on the account's clock."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import worlds
from tests.support.exchanges import Reply
from tests.support.signed import Request, Signer, header, seen, send, with_app_code
from tests.support.worlds import Postbox, RealClock, World

OK = (200, None)
THROTTLED = (429, "T429PA")


def limited(world: World, per_second: float = 1, burst: int = 2, **wish: Any) -> dict[str, Any]:
    account = world.account(**wish)
    throttle = {"throttle": {"per_second": per_second, "burst": burst}}
    return change(world, account["id"], throttle)


def change(world: World, account_id: str, patch: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = world.admin("PATCH", f"/accounts/{account_id}", patch)
    return changed


def call(world: World, account: dict[str, Any], target: str = "/submitTask") -> Reply:
    return send(world, with_app_code(account["app_code"], Request(target=target)))


@pytest.mark.claim("throttle-off")
def test_nothing_is_throttled_unless_somebody_sets_a_limit(world: World) -> None:
    account = world.account()
    assert account["throttle"] is None

    assert {seen(call(world, account)) for _ in range(100)} == {OK}


@pytest.mark.claim("throttle-off")
def test_a_burst_passes_and_the_next_call_does_not(world: World) -> None:
    account = limited(world)
    assert account["throttle"] == {"per_second": 1, "burst": 2}

    assert [seen(call(world, account)) for _ in range(4)] == [OK, OK, THROTTLED, THROTTLED]


def test_a_throttled_call_says_so_and_nothing_of_when_to_come_back(world: World) -> None:
    account = limited(world, burst=1)
    call(world, account)

    reply = call(world, account)

    assert header(reply, "X-Ca-Error-Message") == "Throttled by API Flow Control"
    assert reply.body == b""
    assert "Retry-After" not in dict(reply.headers)


def test_throttled_calls_are_free_and_journalled(world: World) -> None:
    account = limited(world)
    for _ in range(5):
        call(world, account)

    calls = world.calls(account["id"])
    assert [call["charged"] for call in calls] == [True, True, False, False, False]
    assert world.bill(account["id"])["charges"] == 2


def test_each_operation_has_a_bucket_of_its_own_whatever_the_credentials(world: World) -> None:
    account = limited(world, burst=1)
    assert seen(call(world, account)) == OK
    signed = Signer.of(account).signed()
    assert seen(send(world, signed)) == THROTTLED

    assert seen(call(world, account, "/taskList")) == OK
    assert seen(call(world, account, "/taskList")) == THROTTLED
    assert call(world, account, "/queryTask").status == 450
    assert seen(call(world, account, "/queryTask")) == THROTTLED
    assert seen(call(world, world.account())) == OK


def test_refusals_before_the_bucket_take_no_token(world: World) -> None:
    account = limited(world, burst=1)
    wrong = Signer(key=account["app_key"], secret="x").signed()
    assert seen(send(world, wrong)) == (403, "A403IS")
    change(world, account["id"], {"standing": "arrears"})
    assert seen(call(world, account)) == (403, "B403MO")
    change(world, account["id"], {"standing": "good"})

    assert seen(call(world, account)) == OK


def test_the_bucket_fills_on_the_accounts_clock(world: World, real_now: RealClock) -> None:
    account = limited(world, per_second=0.1, burst=1)
    assert seen(call(world, account)) == OK
    real_now.now += 9_999
    assert seen(call(world, account)) == THROTTLED
    real_now.now += 1
    assert seen(call(world, account)) == OK

    world.clock(account["id"], advance="10s")
    assert seen(call(world, account)) == OK


def test_while_the_clock_is_frozen_nothing_fills_until_it_is_moved(
    world: World, real_now: RealClock
) -> None:
    account = limited(world, burst=1, clock={"frozen": True})
    assert seen(call(world, account)) == OK
    real_now.now += 3_600_000
    assert seen(call(world, account)) == THROTTLED

    world.clock(account["id"], advance="1s")
    assert seen(call(world, account)) == OK
    assert seen(call(world, account)) == THROTTLED


def test_it_can_be_set_anew_and_off_again(world: World) -> None:
    account = limited(world, burst=1)
    call(world, account)
    assert seen(call(world, account)) == THROTTLED

    change(world, account["id"], {"throttle": {"per_second": 1, "burst": 1}})
    assert seen(call(world, account)) == OK  # a new limit is a new, full bucket
    assert change(world, account["id"], {"throttle": None})["throttle"] is None
    assert {seen(call(world, account)) for _ in range(20)} == {OK}


def test_reset_takes_the_limit_away_and_another_change_keeps_it(world: World) -> None:
    account = limited(world, burst=1)
    call(world, account)
    assert change(world, account["id"], {"skew_ms": 5})["throttle"] == account["throttle"]
    assert seen(call(world, account)) == THROTTLED

    assert world.admin("POST", f"/accounts/{account['id']}/reset")["throttle"] is None
    assert seen(call(world, account)) == OK


@pytest.mark.parametrize(
    "throttle",
    [{"per_second": 0, "burst": 1}, {"per_second": -1, "burst": 1}, {"per_second": 1},
     {"per_second": 1, "burst": 0}, {"per_second": 1, "burst": 1.5}, {"burst": 1}, 5, "off",
     {"per_second": 1e9, "burst": 1}, {"per_second": 1, "burst": 1, "more": 1}],
)  # fmt: skip
def test_a_limit_that_cannot_be_is_refused(world: World, throttle: object) -> None:
    world.admin("PATCH", "/accounts/default", {"throttle": throttle}, expect=422)

    assert world.admin("GET", "/accounts/default")["throttle"] is None


def test_the_bucket_outlives_the_server(tmp_path: Path, real_now: RealClock) -> None:
    database = str(tmp_path / "artqr.sqlite3")
    with worlds.simulator(real_now, database=database) as before:
        world = World(before, real_now, Postbox())
        account = limited(world)
        assert [seen(call(world, account)) for _ in range(3)] == [OK, OK, THROTTLED]

    with worlds.simulator(real_now, database=database) as after:
        world = World(after, real_now, Postbox())
        assert seen(call(world, account)) == THROTTLED
        real_now.now += 1_000
        assert [seen(call(world, account)) for _ in range(2)] == [OK, THROTTLED]
