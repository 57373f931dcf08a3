"""Invoices: the price of a purchase decides which invoices it earns."""

import pytest

from tests.api.test_package_life import Buyer
from tests.support.worlds import World


@pytest.mark.claim("invoice-ordinary")
@pytest.mark.claim("invoice-special")
def test_from_50_yuan_there_is_an_ordinary_invoice_and_from_200_a_special_one(
    world: World,
) -> None:
    buyer = Buyer(world)
    for offer in ("1", "50", "200", "1000"):
        buyer.buys(offer)

    invoices = world.admin("GET", f"/accounts/{buyer.id}/invoices")["invoices"]

    assert [(each["fen"], each["eligible"]) for each in invoices] == [
        (20, []), (1500, []), (6000, ["ordinary"]), (28000, ["ordinary", "special"]),
    ]  # fmt: skip
    assert set(invoices[0]) == {"package", "offer", "bought_at", "fen", "eligible"}


@pytest.mark.claim("invoice-ordinary")
@pytest.mark.parametrize(
    ("size", "eligible"),
    [(178, []), (179, ["ordinary"]), (714, ["ordinary"]), (715, ["ordinary", "special"])],
)
def test_the_line_is_at_the_price_itself(world: World, size: int, eligible: list[str]) -> None:
    buyer = world.account(credits=size)  # 28 fen each: 49.84, 50.12, 199.92 and 200.20 yuan

    (invoice,) = world.admin("GET", f"/accounts/{buyer['id']}/invoices")["invoices"]

    assert invoice["eligible"] == eligible
