"""Gives an account the packages, faults and older tasks of its template, when it is created and
after a reset.
"""

from dataclasses import replace
from typing import Any

from mock_server.actions.accounts import faults, packages
from mock_server.domain.account.accounts import Account
from mock_server.domain.account.older_tasks import older_tasks
from mock_server.domain.billing.charges import expiry
from mock_server.domain.billing.purchases import purchased, without_end
from mock_server.domain.faults.kinds import read_order
from mock_server.domain.suggestions import unlisted
from mock_server.domain.task.magic import PackageState
from mock_server.domain.usage_errors import UsageError
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction


def set_up(tx: Transaction, simulator: Simulator, account: Account) -> None:
    """Give an account the packages, faults and older tasks of its template. Raises UsageError."""
    origin = account.origin
    if origin.unlimited:
        now = account.clock.now(simulator.real_now())
        packages.add(tx, simulator, account, without_end(account.id, now), now)
    for wanted in origin.packages or [{"credits": origin.credits}]:
        _buy(tx, simulator, account, wanted)
    for order in origin.faults:
        faults.arm_rule(tx, simulator, account, read_order(order))
    _add_older_tasks(tx, simulator, account)


def _add_older_tasks(tx: Transaction, simulator: Simulator, account: Account) -> None:
    now = account.clock.now(simulator.real_now())
    for task in older_tasks(account, list(simulator.catalogue.styles), now):
        task_rows.insert(tx, task)
    # They are the account's first tasks, so its next submit has the next number.
    account_rows.count(tx, account.id, submits=account.origin.older_tasks, answers=0)


def _buy(tx: Transaction, simulator: Simulator, account: Account, wanted: dict[str, Any]) -> None:
    """Buy a package at the account's now: an offer, or a number of credits. 0 credits: nothing."""
    offers, state = simulator.catalogue.offers, account.origin.package
    size = int(wanted.get("offer", wanted.get("credits", 0)))
    offer = offers.get(size)
    if "offer" in wanted and offer is None:
        raise UsageError(
            f"{unlisted('offer', wanted['offer'], offers)}; for another number of calls say credits"
        )
    if not size:
        return
    now = account.clock.now(simulator.real_now())
    days = wanted.get("valid_days")
    bought_at = now - expiry(0, days) if state is PackageState.EXPIRED else now
    package = purchased(account.id, size, offer, bought_at, days)
    if state is not PackageState.FULL:
        package = replace(package, notice_at=None)
    if state is PackageState.SPENT:
        package = replace(package, remaining=0)
    packages.add(tx, simulator, account, package, now)
