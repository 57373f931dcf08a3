"""Which package pays, as the bill shows it. The test adds further packages to the rows directly."""

import pytest

from mock_server.domain.billing.charges import Package
from mock_server.store import billing
from tests.support.worlds import START_AT, World

DAY_MS = 24 * 3_600_000


def buy(world: World, *, bought_at: int, expires_at: int) -> int:
    """Add a package of ten calls to the default account and return its id."""
    package = Package(
        id=0, account="default", offer="custom", credits=10, remaining=10, fen=280,
        bought_at=bought_at, expires_at=expires_at,
    )  # fmt: skip
    return world.simulator.database.run(lambda tx: billing.add_package(tx, package))


def remaining(world: World) -> dict[int, int]:
    """Return the credits left in each package."""
    return {package["id"]: package["remaining"] for package in world.bill()["packages"]}


@pytest.mark.claim("packages-order")
def test_the_package_that_expires_first_pays_even_if_it_was_bought_last(world: World) -> None:
    sooner = buy(world, bought_at=START_AT, expires_at=START_AT + DAY_MS)

    world.submit()

    assert remaining(world)[sooner] == 9


@pytest.mark.claim("packages-order")
def test_of_two_packages_that_expire_together_the_one_bought_first_pays(world: World) -> None:
    later = buy(world, bought_at=START_AT, expires_at=START_AT + DAY_MS)
    earlier = buy(world, bought_at=START_AT - 1, expires_at=START_AT + DAY_MS)

    world.submit()

    assert (remaining(world)[earlier], remaining(world)[later]) == (9, 10)
