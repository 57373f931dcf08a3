"""The packages of an account: list them, buy more at list prices."""

from dataclasses import dataclass, replace

from mock_server.actions.accounts import lookup, notices
from mock_server.domain.account.accounts import Account
from mock_server.domain.billing.charges import Package
from mock_server.domain.billing.purchases import purchased
from mock_server.domain.suggestions import unlisted
from mock_server.domain.usage_errors import ConflictError, UsageError
from mock_server.simulator import Simulator
from mock_server.store import billing as rows
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePurchase:
    """An offer of the price list, identified by its number of calls. `valid_days` None: a year."""

    offer: str
    valid_days: int | None = None


def buy(tx: Transaction, simulator: Simulator, account_id: str, order: PackagePurchase) -> Package:
    """Buy a package at the account's now. Raises UsageError for an unknown offer, ConflictError
    for a second trial.
    """
    account = lookup.find(tx, account_id)
    offers = {str(size): offer for size, offer in simulator.catalogue.offers.items()}
    offer = offers.get(order.offer)
    if offer is None:
        raise UsageError(
            f"{unlisted('offer', order.offer, offers)}; an offer is named by its number of calls"
        )
    if offer.trial and any(each.offer == order.offer for each in rows.packages(tx, account_id)):
        raise ConflictError("the trial offer can be bought once: choose a larger one")
    bought_at = account.clock.now(simulator.real_now())
    account = notices.catch_up(tx, simulator, account, bought_at)
    package = purchased(account_id, offer.credits, offer, bought_at, order.valid_days)
    return add(tx, simulator, account, package, bought_at)


def add(
    tx: Transaction, simulator: Simulator, account: Account, package: Package, now: int
) -> Package:
    """Store a package that was just bought, and restart the watch for notices."""
    package = replace(package, id=rows.add_package(tx, package))
    notices.ordered(tx, simulator, account, now)
    return package


def listed(tx: Transaction, account_id: str) -> list[Package]:
    """Return every package of an account, in order of purchase, including used and expired ones."""
    lookup.find(tx, account_id)
    return rows.packages(tx, account_id)
