"""The clock of an account: moved forward, frozen, sped up, never moved back."""

from typing import Any

import pytest

from tests.support.worlds import START_AT, World

DAY = 86_400_000
WEEK_MS = 7 * DAY
CALL_BACK = "http://127.0.0.1:9/done"


def shown(world: World, account: str = "default") -> dict[str, Any]:
    found: dict[str, Any] = world.admin("GET", f"/accounts/{account}/clock")
    return found


def change(world: World, expect: int = 200, account: str = "default", **body: Any) -> Any:
    return world.admin("POST", f"/accounts/{account}/clock", body, expect)


def test_a_clock_shows_the_real_time_until_it_is_moved(world: World) -> None:
    world.real_now.now += 1_234

    assert shown(world) == {"now": START_AT + 1_234, "rate": 1.0, "frozen": False}


@pytest.mark.parametrize("advance", ["7d", "168h", "P7D", "1w"])
def test_a_clock_jumps_by_a_duration_and_runs_on(world: World, advance: str) -> None:
    assert change(world, advance=advance) == {
        "now": START_AT + 7 * DAY, "rate": 1.0, "frozen": False
    }  # fmt: skip
    world.real_now.now += 5

    assert shown(world)["now"] == START_AT + 7 * DAY + 5


def test_a_clock_jumps_to_an_instant(world: World) -> None:
    assert change(world, now=START_AT + 9)["now"] == START_AT + 9


def test_a_clock_is_never_turned_back(world: World) -> None:
    problem = change(world, expect=422, now=START_AT - 1)

    assert "time never goes backwards" in problem["detail"]
    assert shown(world)["now"] == START_AT


def test_a_frozen_clock_stands_still_jumps_and_thaws(world: World) -> None:
    assert change(world, freeze=True)["frozen"] is True
    world.real_now.now += 5_000
    assert change(world, advance="1s") == {"now": START_AT + 1_000, "rate": 1.0, "frozen": True}
    world.real_now.now += 5_000
    assert change(world, freeze=False) == {"now": START_AT + 1_000, "rate": 1.0, "frozen": False}
    world.real_now.now += 7

    assert shown(world)["now"] == START_AT + 1_007


def test_a_rate_makes_time_run_faster_from_now_on(world: World) -> None:
    world.real_now.now += 1_000
    assert change(world, rate=60) == {"now": START_AT + 1_000, "rate": 60.0, "frozen": False}
    world.real_now.now += 1_000

    assert shown(world)["now"] == START_AT + 61_000


def test_several_changes_at_once_happen_in_a_fixed_order(world: World) -> None:
    changed = change(world, freeze=True, rate=2, advance="1s", now=START_AT + 1_500)

    assert changed == {"now": START_AT + 1_500, "rate": 2.0, "frozen": True}


@pytest.mark.parametrize("start", [0, 1, 946_684_800_000])
def test_a_new_accounts_clock_may_start_in_the_past(world: World, start: int) -> None:
    account = world.account(clock={"now": start})
    world.real_now.now += 10
    world.submit(account["app_code"])

    (task,) = world.admin("GET", f"/accounts/{account['id']}/tasks")["tasks"]
    assert task["submitted_at"] == start + 10
    assert world.bill(account["id"])["packages"][0]["bought_at"] == start


def test_events_come_in_order_with_those_of_the_package_last_and_then_none(
    world: World,
) -> None:
    ids = [world.submit() for _ in range(4)]
    tasks = world.admin("GET", "/accounts/default/tasks")["tasks"]
    ends = sorted((task["ends_at"], task["task_id"]) for task in tasks)
    seen = []
    for _ in ids:
        changed = change(world, to_next_event=True)
        event = changed["event"]
        assert (event["kind"], event["at"]) == ("task_end", changed["now"])
        assert world.query(event["task_id"])["status"] == "succeeded"
        seen.append((event["at"], event["task_id"]))

    assert seen == ends
    (package,) = world.bill()["packages"]
    expiry = package["expires_at"]
    of_the_package = [change(world, to_next_event=True)["event"] for _ in range(2)]
    assert of_the_package == [
        {"kind": "notice_due", "at": expiry - WEEK_MS, "task_id": None, "package": None},
        {"kind": "package_expiry", "at": expiry, "task_id": None, "package": package["id"]},
    ]
    last = change(world, to_next_event=True)
    assert (last["event"], last["now"]) == (None, expiry)


def test_an_event_is_only_shown_when_it_was_asked_for(world: World) -> None:
    assert "event" not in change(world, advance="1s")
    assert "delivered" not in change(world, advance="1s")


def test_a_jump_to_the_next_event_works_while_frozen(world: World) -> None:
    world.submit()
    change(world, freeze=True)
    changed = change(world, to_next_event=True)

    assert changed["frozen"] is True
    assert changed["event"]["at"] == changed["now"]


def test_settling_returns_when_everything_that_became_due_was_attempted(world: World) -> None:
    for _ in range(3):
        world.submit(call_back=CALL_BACK)
    world.submit()

    assert change(world, advance="1s", settle=True)["delivered"] == 0
    assert change(world, advance="1h", settle=True)["delivered"] == 3
    assert change(world, advance="1h", settle=True)["delivered"] == 0
    assert len(world.postbox.posted) == 3


def test_settling_alone_waits_for_what_real_time_made_due(world: World) -> None:
    world.submit(call_back=CALL_BACK)
    world.real_now.now += 20_000

    assert change(world, settle=True)["delivered"] == 1


def test_more_than_a_batch_that_became_due_is_all_attempted(world: World) -> None:
    for _ in range(130):
        world.submit(call_back=CALL_BACK)

    assert change(world, advance="1m", settle=True)["delivered"] == 130


def test_moving_one_clock_moves_no_other(world: World) -> None:
    other = world.account()
    world.submit(other["app_code"], call_back=CALL_BACK)

    assert change(world, advance="1h", settle=True)["delivered"] == 0
    assert shown(world, other["id"])["now"] == START_AT


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance": "soon"},
        {"advance": "-1s"},
        {"advance": 5},
        {"advance": "9000000d"},
        {"now": "tomorrow"},
        {"now": 253_402_214_400_001},
        {"rate": 0},
        {"rate": "fast"},
        {"rate": 1e9},
        {"freeze": "yes"},
        {"to_next_event": 1},
        {"settle": None},
        {"speed": 2},
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    world: World, body: dict[str, Any]
) -> None:
    problem = world.admin("POST", "/accounts/default/clock", body, expect=422)

    assert problem["detail"]
    assert shown(world) == {"now": START_AT, "rate": 1.0, "frozen": False}


def test_a_change_refused_halfway_changes_nothing(world: World) -> None:
    change(world, expect=422, freeze=True, now=5)

    assert shown(world)["frozen"] is False
