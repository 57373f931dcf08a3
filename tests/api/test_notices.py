"""Notices as rows: listed in order, posted to the account's address, deleted by a reset."""

import pytest

from mock_server.domain.callback.payload import Outcome
from tests.api.test_package_life import DAY_MS, Buyer
from tests.support.worlds import START_AT, World

TO = "http://127.0.0.1:9/notices"


def test_one_jump_has_the_same_events_as_many_small_jumps(world: World) -> None:
    at_once, by_steps = Buyer(world), Buyer(world)
    for buyer in (at_once, by_steps):
        buyer.buys("50", valid_days=60)
        buyer.buys("1", valid_days=20)
        buyer.calls(45)

    at_once.waits(80)
    for _ in range(160):
        by_steps.waits(0.5)

    assert at_once.notices == by_steps.notices
    assert len(at_once.notices) == 1 + 19 + 1  # day 0, every third of sixty, the expiry


def test_each_notice_says_what_is_left_and_what_to_do(world: World) -> None:
    buyer = Buyer(world)
    package = buyer.buys("50")
    buyer.calls(50)
    path = f"/accounts/{buyer.id}/notices"

    low, empty = world.admin("GET", path)["notices"]

    assert low == {
        "id": low["id"], "kind": "low_balance", "at": START_AT, "package": package,
        "remaining": 9, "delivery": None,
        "text": "9 of 50 credits are left, less than 20 %: order a package before they run out",
    }  # fmt: skip
    assert empty["text"].startswith("0 of 50 credits are left: every further call is refused")
    assert world.admin("GET", f"{path}?limit=1") == {"notices": [low], "next": low["id"]}
    assert world.admin("GET", f"{path}?after={low['id']}")["notices"] == [empty]


def test_a_jump_posts_the_notices_of_the_way_in_order_and_says_so(world: World) -> None:
    buyer = Buyer(world, notify_url=TO)
    buyer.buys("50", valid_days=12)
    buyer.calls(41)
    assert world.postbox.posted == []  # the clock was frozen, and no call or deliverer stored them

    buyer.waits(7)

    listed = world.admin("GET", f"/accounts/{buyer.id}/notices")["notices"]
    assert [url for url, _ in world.postbox.posted] == [TO] * 4
    assert [body for _, body in world.postbox.posted] == [
        {name: value for name, value in notice.items() if name != "delivery"} for notice in listed
    ]
    assert [notice["delivery"] for notice in listed] == ["delivered"] * 4
    assert [(n["at"] - START_AT) / DAY_MS for n in listed] == [0, 3, 5, 6]
    assert world.admin("GET", f"/accounts/{buyer.id}/callbacks")["callbacks"] == []


def test_no_fault_of_callbacks_befalls_a_notice(world: World) -> None:
    buyer = Buyer(world, notify_url=TO)
    path = f"/accounts/{buyer.id}"
    lost = world.admin("POST", f"{path}/faults", {"kind": "callback_lost"}, expect=201)
    buyer.buys("50")
    buyer.calls(41)

    buyer.waits(1)

    assert [url for url, _ in world.postbox.posted] == [TO]
    (rule,) = world.admin("GET", f"{path}/faults")["faults"]
    assert (rule["id"], rule["seen"]) == (lost["id"], 0)


def test_an_unacknowledged_notice_is_retried_where_callbacks_are_retried(world: World) -> None:
    world.postbox.outcome = Outcome(status=500)
    buyer = Buyer(world, notify_url=TO, readings={"callback.delivery": "retried"})
    buyer.buys("50")
    buyer.calls(41)

    buyer.waits(1)

    assert [url for url, _ in world.postbox.posted] == [TO] * 4
    (notice,) = world.admin("GET", f"/accounts/{buyer.id}/notices")["notices"]
    assert notice["delivery"] == "failed"


def test_the_delivery_of_a_notice_is_no_callback_to_send_again(world: World) -> None:
    buyer = Buyer(world, notify_url=TO)
    buyer.buys("50")
    buyer.calls(41)
    buyer.waits(1)

    world.admin("GET", f"/accounts/{buyer.id}/callbacks/1", expect=404)
    world.admin("POST", f"/accounts/{buyer.id}/callbacks/1/resend", {}, expect=404)


def test_where_notices_go_can_be_changed_and_taken_away(world: World) -> None:
    buyer = Buyer(world)
    path = f"/accounts/{buyer.id}"
    assert world.admin("PATCH", path, {"notify_url": TO})["notify_url"] == TO
    assert world.admin("PATCH", path, {"skew_ms": 1})["notify_url"] == TO
    assert world.admin("PATCH", path, {"notify_url": None})["notify_url"] is None
    world.admin("PATCH", path, {"notify_url": TO})
    assert world.admin("POST", f"{path}/reset")["notify_url"] is None


def test_notices_due_before_a_change_of_address_go_to_the_old_one(world: World) -> None:
    buyer = Buyer(world, notify_url=TO, clock={"frozen": False})
    buyer.buys("50")
    buyer.calls(41)
    world.real_now.now += 3 * DAY_MS  # a notice is due, but not stored yet

    world.admin("PATCH", f"/accounts/{buyer.id}", {"notify_url": f"{TO}/new"})
    world.real_now.now += 3 * DAY_MS
    world.clock(buyer.id, freeze=True)

    assert [url for url, _ in world.postbox.posted] == [TO, TO, f"{TO}/new"]


@pytest.mark.parametrize("url", ["ftp://x", "no address", "http://", "http://a b"])
def test_an_address_that_notices_cannot_go_to_is_refused(world: World, url: str) -> None:
    detail = world.admin("PATCH", "/accounts/default", {"notify_url": url}, expect=422)["detail"]
    assert "notify_url" in detail
    world.admin("POST", "/accounts", {"notify_url": url}, expect=422)


def test_a_reset_forgets_notices_and_watches_the_first_package_again(world: World) -> None:
    buyer = Buyer(world, credits=50)
    buyer.calls(41)
    assert len(buyer.notices) == 1
    world.admin("POST", f"/accounts/{buyer.id}/reset")

    assert buyer.notices == []
    buyer.calls(41)
    assert len(buyer.notices) == 1


def test_the_next_event_finds_notices_and_the_expiry(world: World) -> None:
    buyer = Buyer(world)
    package = buyer.buys("50", valid_days=8)
    buyer.calls(41)

    events = []
    while event := world.clock(buyer.id, to_next_event=True)["event"]:
        events.append((event["kind"], (event["at"] - START_AT) / DAY_MS, event["package"]))

    assert events == [
        ("notice_due", 1, None), ("notice_due", 3, None), ("notice_due", 6, None),
        ("package_expiry", 8, package),
    ]  # fmt: skip


def test_at_the_end_of_the_calendar_nothing_is_due_after_it(world: World) -> None:
    last = 253_402_214_400_000
    buyer = Buyer(world, notify_url=TO, clock={"now": last - 2 * DAY_MS, "frozen": True})
    buyer.buys("50")
    buyer.calls(45)

    events = [world.clock(buyer.id, to_next_event=True)["event"] for _ in range(2)]

    assert [event and event["kind"] for event in events] == ["package_expiry", None]
    assert world.bill(buyer.id)["packages"][0]["expires_at"] == last
    assert [kind for _, kind, _ in buyer.notices] == ["low_balance"]
