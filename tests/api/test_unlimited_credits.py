"""Accounts for load: credits that never end, and a journal that keeps every call."""

from typing import Any

import pytest

from mock_server.domain.billing.charges import LOOSE_CREDIT_FEN, WITHOUT_END
from tests.support import worlds
from tests.support.worlds import World


def submit(world: World, account: dict[str, Any], number: int = 0) -> int:
    """Submit a task and return the status."""
    fields = {"text": f"https://example.com/{number}", "style_id": "pet_cat"}
    return world.vendor("/submitTask", fields, account["app_code"]).status_code


def test_unlimited_credits_are_charged_and_never_taken(world: World) -> None:
    account = world.account(credits="unlimited")

    assert [submit(world, account, number) for number in range(3)] == [200] * 3

    bill = world.bill(account["id"])
    assert (bill["charges"], bill["fen"]) == (3, 3 * LOOSE_CREDIT_FEN)
    (package,) = bill["packages"]
    assert (package["offer"], package["remaining"]) == ("unlimited", WITHOUT_END)
    assert bill["balance"] == package["credits"] == WITHOUT_END


def test_unlimited_credits_do_not_expire_and_no_notice_tells_of_them(world: World) -> None:
    account = world.account(credits="unlimited")
    world.clock(account["id"], advance="36500d")

    assert submit(world, account) == 200
    assert world.admin("GET", f"/accounts/{account['id']}/notices")["notices"] == []
    assert world.admin("GET", f"/accounts/{account['id']}/invoices")["invoices"] == []


def test_the_clock_finds_no_event_in_the_end_of_unlimited_credits(world: World) -> None:
    account = world.account(credits="unlimited", clock={"now": 5_000, "frozen": True})

    moved = world.clock(account["id"], to_next_event=True)

    assert (moved["event"], moved["now"]) == (None, 5_000)


def test_a_bought_package_pays_before_unlimited_credits(world: World) -> None:
    account = world.account(credits="unlimited")
    path = f"/accounts/{account['id']}/packages"
    bought = world.admin("POST", path, {"offer": "50"}, 201)

    assert submit(world, account) == 200
    left = {each["offer"]: each["remaining"] for each in world.admin("GET", path)["packages"]}
    assert left == {"unlimited": WITHOUT_END, "50": bought["credits"] - 1}


def test_a_reset_gives_unlimited_credits_and_the_journal_again(world: World) -> None:
    account = world.account(credits="unlimited", keep_calls="all")

    again = world.admin("POST", f"/accounts/{account['id']}/reset")

    assert (again["balance"], again["keep_calls"]) == (WITHOUT_END, "all")


def test_a_scenario_may_have_unlimited_credits(world: World) -> None:
    values = {"says": "It never ends.", "client": "It goes on.", "credits": "unlimited",
              "keep_calls": 3}  # fmt: skip

    loaded = world.admin("POST", "/accounts/default/scenario", {"scenario": values})

    assert (loaded["balance"], loaded["keep_calls"]) == (WITHOUT_END, 3)


@pytest.mark.parametrize(("kept", "left"), [("all", 25), (1000, 25), (3, 3)])
def test_an_account_may_keep_more_calls_than_the_server_says_or_fewer(
    address: str, kept: object, left: int
) -> None:
    clock, postbox = worlds.RealClock(), worlds.Postbox()
    with worlds.simulator(clock, postbox, database=address, journal_calls=10) as built:
        world = World(built, clock, postbox)
        account, other = world.account(keep_calls=kept), world.account()
        for number in range(25):
            submit(world, account, number)
            submit(world, other, number)

        found = world.admin("GET", f"/accounts/{account['id']}/calls")
        assert (len(found["calls"]), found["dropped"]) == (left, 25 - left)
        assert len(world.admin("GET", f"/accounts/{other['id']}/calls")["calls"]) <= 10


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"credits": "many"}, "/credits"),
        ({"credits": "Unlimited"}, "/credits"),
        ({"keep_calls": 0}, "/keep_calls"),
        ({"keep_calls": "some"}, "/keep_calls"),
        ({"keep_calls": None}, "/keep_calls"),
    ],
)
def test_other_words_are_refused(world: World, wish: dict[str, object], says: str) -> None:
    assert says in world.admin("POST", "/accounts", wish, expect=422)["detail"]
