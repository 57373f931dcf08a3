"""Packages of the price list: bought at the account's now, used in the order they expire."""

import pytest

from tests.support.worlds import World

DAY_MS = 24 * 3_600_000
OFFERS = {1: 20, 50: 1500, 200: 6000, 1000: 28000, 3000: 78000, 6000: 140000, 15000: 300000}


@pytest.mark.claim("price-list")
@pytest.mark.parametrize(("size", "fen"), OFFERS.items())
def test_an_offer_is_bought_by_its_number_of_calls_at_the_price_of_the_list(
    world: World, size: int, fen: int
) -> None:
    account = world.account(credits=0, clock={"now": 5_000, "frozen": True})["id"]

    bought = world.admin("POST", f"/accounts/{account}/packages", {"offer": str(size)}, 201)

    assert bought == {
        "id": bought["id"], "offer": str(size), "credits": size, "remaining": size, "fen": fen,
        "bought_at": 5_000, "expires_at": 5_000 + 365 * DAY_MS,
    }  # fmt: skip
    assert world.admin("GET", f"/accounts/{account}/packages")["packages"] == [bought]
    assert world.bill(account)["balance"] == size


def test_the_trial_can_be_bought_once_and_the_refusal_changes_nothing(world: World) -> None:
    account = world.account(credits=0)["id"]
    path = f"/accounts/{account}/packages"
    world.admin("POST", path, {"offer": "1"}, expect=201)

    assert "once" in world.admin("POST", path, {"offer": "1"}, expect=409)["detail"]
    assert world.bill(account)["balance"] == 1
    world.admin("POST", f"/accounts/{account}/reset")
    world.admin("POST", path, {"offer": "1"}, expect=201)


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"offer": "51"}, "50, 200, 1000"),
        ({"offer": "custom"}, "50, 200, 1000"),
        ({"offer": 50}, "/offer"),
        ({"offer": "50", "valid_days": 0}, "/valid_days"),
        ({"offer": "50", "valid_days": -1}, "/valid_days"),
        ({"offer": "50", "valid_days": 36501}, "/valid_days"),
        ({"offer": "50", "valid_days": 1.5}, "/valid_days"),
        ({"offer": "50", "days": 3}, "days"),
        ({}, "offer"),
    ],
)
def test_an_invalid_purchase_is_refused_with_the_valid_values(
    world: World, order: dict[str, object], says: str
) -> None:
    assert says in world.admin("POST", "/accounts/default/packages", order, expect=422)["detail"]
    assert len(world.bill()["packages"]) == 1


def test_nothing_is_bought_on_an_account_that_is_gone(world: World) -> None:
    world.admin("POST", "/accounts/gone/packages", {"offer": "50"}, expect=404)


@pytest.mark.claim("packages-order")
def test_the_package_that_expires_first_pays_first_and_a_top_up_is_spent_at_once(
    world: World,
) -> None:
    account = world.account(credits=0)
    path, code = f"/accounts/{account['id']}/packages", account["app_code"]
    year = world.admin("POST", path, {"offer": "50"}, expect=201)["id"]
    week = world.admin("POST", path, {"offer": "1", "valid_days": 7}, expect=201)["id"]

    def remaining() -> dict[int, int]:
        packages = world.bill(account["id"])["packages"]
        return {each["id"]: each["remaining"] for each in packages}

    world.submit(code)
    assert remaining() == {year: 50, week: 0}
    world.submit(code)
    assert remaining() == {year: 49, week: 0}
    assert world.bill(account["id"])["fen"] == 20 + 30


@pytest.mark.claim("quota-refusals")
def test_a_package_is_worth_nothing_from_the_instant_it_expires(world: World) -> None:
    account = world.account(credits=0, clock={"now": 0, "frozen": True})
    code = account["app_code"]
    world.admin(
        "POST", f"/accounts/{account['id']}/packages", {"offer": "50", "valid_days": 1}, 201
    )

    world.clock(account["id"], now=DAY_MS - 1)
    assert world.vendor("/taskList", {}, code).status_code == 200
    world.clock(account["id"], now=DAY_MS)
    refused = world.vendor("/taskList", {}, code)

    assert (refused.status_code, refused.headers["X-Ca-Error-Code"]) == (403, "B403ME")
