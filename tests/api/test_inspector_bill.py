"""The page of the bill: balance over time, charges, packages, notices, what is trimmed."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from mock_server.actions.reports import bill_view
from mock_server.domain.billing.balances import Point
from mock_server.store import accounts as account_rows
from mock_server.store.engine.transaction import Transaction
from tests.support import worlds
from tests.support.inspector import page, post
from tests.support.trimming import trim
from tests.support.worlds import START_AT, World

DAY_MS = 86_400_000


def points(world: World, account_id: str) -> list[Point]:
    """Return the balance over time, as the page draws it."""

    def read(tx: Transaction) -> list[Point]:
        account = account_rows.get_unlocked(tx, account_id)
        assert account is not None
        return bill_view.view(tx, world.simulator, account).points

    return world.simulator.database.read(read)


def balance(world: World, account_id: str) -> int:
    found: int = world.admin("GET", f"/accounts/{account_id}/bill")["balance"]
    return found


def test_the_balance_runs_down_with_each_charge_and_up_with_each_package(world: World) -> None:
    account = world.account(credits=10)
    for step in range(3):
        world.real_now.now = START_AT + 1000 * (step + 1)
        world.submit(account["app_code"])
    world.real_now.now = START_AT + 10_000
    bought = post(world, f"/inspect/{account['id']}/bill/buy", offer="1000", valid_days="1")
    world.real_now.now = START_AT + 2 * DAY_MS

    assert bought.location == f"/_mock/inspect/{account['id']}/bill?said=package_bought"
    found = points(world, account["id"])
    assert [point.balance for point in found] == [10, 9, 8, 7, 1007, 7, 7]
    assert [point.at - START_AT for point in found] == [
        0, 1000, 2000, 3000, 10_000, 10_000 + DAY_MS, 2 * DAY_MS,
    ]  # fmt: skip
    assert found[-1].balance == balance(world, account["id"])


def test_before_the_last_charges_the_balance_is_known_by_the_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = world.account(credits=20)
    for day in range(4):
        world.real_now.now = START_AT + day * DAY_MS
        for _ in range(3):
            world.submit(account["app_code"])
    exact = points(world, account["id"])
    monkeypatch.setattr(bill_view, "FOLLOWED", 2)
    rough = points(world, account["id"])
    text = page(world, f"/{account['id']}/bill").text

    # Several charges of one instant are one step.
    assert [point.balance for point in exact] == [17, 14, 11, 8]
    # The third charge of the last day is not followed: it counts as of just before.
    assert [point.balance for point in rough] == [20, 17, 14, 11, 10, 8]
    assert "Exact to the charge since 2023-11-18 06:13:20" in text


def test_charges_are_told_by_operation_and_lead_to_their_calls(world: World) -> None:
    task_id = world.submit()
    world.vendor("/queryTask", {"task_id": task_id})
    world.vendor("/submitTask", {"text": "x", "style_id": "no-such-style"})
    found = page(world, "/default/bill")

    assert "submit_task served 1 1 0.28" in found.text
    assert "submit_task refused by the service 1 0 0.00" in found.text
    assert "query_task served 1 1 0.28" in found.text
    assert "artqr-mock bill --intents" in found.text
    links = [attrs.get("href") for _, attrs in found.tags]
    assert "/_mock/inspect/default/calls/1" in links
    assert "/_mock/inspect/default/calls/3" not in links


def test_notices_are_on_the_page_also_before_anybody_stored_them(world: World) -> None:
    account = world.account(credits=10)
    for _ in range(9):
        world.submit(account["app_code"])
    stored = page(world, f"/{account['id']}/bill").text
    world.real_now.now += 4 * DAY_MS
    due = page(world, f"/{account['id']}/bill").text

    assert stored.count("few credits left") == 1
    assert due.count("few credits left") == 2
    assert len(world.admin("GET", f"/accounts/{account['id']}/notices")["notices"]) == 2


def test_unlimited_credits_are_said_to_be_so(world: World) -> None:
    account = world.account(credits="unlimited")
    world.submit(account["app_code"])
    text = page(world, f"/{account['id']}/bill").text

    assert "unlimited credits left" in text
    assert "no credit is ever taken" in text
    assert str(10**12) not in text


def test_what_the_server_no_longer_keeps_is_said_and_still_counted() -> None:
    real_now = worlds.RealClock()
    with worlds.simulator(real_now, keep="24h") as simulator:
        world = World(simulator, real_now, worlds.Postbox())
        account = world.account(credits=10)
        for _ in range(3):
            world.submit(account["app_code"])
        real_now.now += 2 * DAY_MS
        world.submit(account["app_code"])
        assert trim(simulator, account["id"]) > 0
        found = points(world, account["id"])
        text = page(world, f"/{account['id']}/bill").text

    assert "3 tasks and 3 single charges up to 2023-11-16 06:13:20 are gone" in text
    assert "submit_task served 4 4 1.12" in text
    assert [point.balance for point in found] == [10, 7, 6]


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [({}, 422, "offer"), ({"offer": "7"}, 422, "offer"),
     ({"offer": "1000", "valid_days": "soon"}, 422, "whole number"),
     ({"offer": "1000", "valid_days": "0"}, 422, "valid_days")],
)  # fmt: skip
def test_a_purchase_that_cannot_be_is_explained(
    world: World, fields: dict[str, str], status: int, says: str
) -> None:
    before = world.admin("GET", "/accounts/default/packages")
    answer = post(world, "/inspect/default/bill/buy", **fields)

    assert answer.status_code == status
    assert says in answer.get_data(as_text=True)
    assert world.admin("GET", "/accounts/default/packages") == before


def test_the_mark_changes_with_all_that_the_page_shows(world: World) -> None:
    account = world.account(credits=10)
    seen = {mark(world, account["id"])}
    changes: tuple[Callable[[], object], ...] = (
        lambda: world.submit(account["app_code"]),
        lambda: post(world, f"/inspect/{account['id']}/bill/buy", offer="1000"),
        lambda: world.admin(
            "PATCH", f"/accounts/{account['id']}/readings", {"charge.polls": "submit-only"}
        ),
    )
    for number, change in enumerate(changes, start=2):
        change()
        seen.add(mark(world, account["id"]))
        assert len(seen) == number


def mark(world: World, account_id: str) -> str:
    """Return the mark with which a browser asks for what is new on the page of the bill."""
    for _, attrs in page(world, f"/{account_id}/bill").tags:
        if url := attrs.get("hx-get"):
            return parse_qs(urlsplit(url).query)["mark"][0]
    raise AssertionError("the page asks for nothing")
