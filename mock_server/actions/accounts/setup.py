"""What an account starts with, and again after a reset: packages and faults, as its origin says."""

from dataclasses import replace
from typing import Any

from mock_server.actions.accounts import faults, notices
from mock_server.domain.account.accounts import Account
from mock_server.domain.billing.charges import LOOSE_CREDIT_FEN, Package, expiry
from mock_server.domain.billing.notices import expiry_notice_at
from mock_server.domain.faults.kinds import read_order
from mock_server.domain.suggestions import unlisted
from mock_server.domain.task.magic import PackageState
from mock_server.domain.usage_errors import UsageError
from mock_server.simulator import Simulator
from mock_server.store import billing as rows
from mock_server.store.engine.transaction import Transaction


def set_up(tx: Transaction, simulator: Simulator, account: Account) -> None:
    """Give an account what its origin says it starts with. Raises WrongUseError."""
    origin = account.origin
    bought = origin.packages or [{"credits": origin.credits}]
    for wanted in bought:
        _buy(tx, simulator, account, wanted)
    for order in origin.faults:
        faults.arm_rule(tx, simulator, account, read_order(order))


def _buy(tx: Transaction, simulator: Simulator, account: Account, wanted: dict[str, Any]) -> None:
    """Buy a package at the account's now: an offer, or a number of credits. None of them: none."""
    offers, state = simulator.catalogue.offers, account.origin.package
    size = int(wanted.get("offer", wanted.get("credits", 0)))
    offer = offers.get(size)
    if "offer" in wanted and offer is None:
        raise UsageError(
            f"{unlisted('offer', wanted['offer'], offers)}; for another number of calls say credits"
        )
    if not size:
        return
    now = bought_at = account.clock.now(simulator.real_now())
    days = wanted.get("valid_days")
    if state is PackageState.EXPIRED:
        bought_at -= expiry(0, days)
    expires_at = expiry(bought_at, days)
    package = Package(
        id=0,
        account=account.id,
        offer=str(size) if offer else "custom",
        credits=size,
        remaining=0 if state is PackageState.SPENT else size,
        fen=offer.fen if offer else size * LOOSE_CREDIT_FEN,
        bought_at=bought_at,
        expires_at=expires_at,
        notice_at=expiry_notice_at(bought_at, expires_at),
    )
    if state is not PackageState.FULL:
        package = replace(package, notice_at=None)
    rows.add_package(tx, package)
    notices.ordered(tx, simulator, account, now)
