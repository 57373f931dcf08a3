"""Notices: stored when they come due, and posted to the account's address.

Rule 1: every action on an account first stores the notices that its clock has passed. So a jump of
the clock finds the notices on its way before anything else happens.
"""

from dataclasses import asdict, replace
from typing import Any

from mock_server.domain.account.accounts import Account
from mock_server.domain.billing import notices as rules
from mock_server.domain.billing.charges import Package
from mock_server.domain.billing.notices import Notice
from mock_server.simulator import Simulator
from mock_server.store import billing as billing_rows
from mock_server.store import callbacks as callback_rows
from mock_server.store import notices as rows
from mock_server.store.callbacks import NewCallback
from mock_server.store.engine.transaction import Row, Transaction


def catch_up(tx: Transaction, simulator: Simulator, account: Account, now: int) -> Account:
    """Store every notice that came due by `now`; return the account after them."""
    if account.watch.due_at is None or account.watch.due_at > now:
        return account
    packages = billing_rows.packages(tx, account.id)
    due = rules.came_due(account.watch, packages, now, account.readings)
    for notice in due.notices:
        _keep(tx, simulator, account, notice)
    for package_id in due.notified:
        billing_rows.expiry_told(tx, package_id)
    rows.set_watch(tx, account.id, due.watch)
    return replace(account, watch=due.watch)


def ordered(tx: Transaction, simulator: Simulator, account: Account, now: int) -> None:
    """Start the watch again after an order; its package is already stored."""
    watch = rules.order_placed(billing_rows.packages(tx, account.id), now)
    rows.set_watch(tx, account.id, watch)
    catch_up(tx, simulator, replace(account, watch=watch), now)


def charged(
    tx: Transaction, simulator: Simulator, account: Account, paid: Package, now: int
) -> None:
    """Store the notice that a charged call causes; `paid` is its package before the call."""
    if is_quiet(account, paid):
        return
    packages = billing_rows.packages(tx, account.id)
    after, notice = rules.call_charged(account.watch, packages, now, account.readings)
    if notice is not None:
        rows.set_watch(tx, account.id, after)
        _keep(tx, simulator, account, notice)


def is_quiet(account: Account, paid: Package) -> bool:
    """Whether a charged call surely causes no notice, without a look at the other packages."""
    watch, left = account.watch, paid.remaining - 1
    return left > 0 if watch.warned else rules.LINE * left >= watch.base


def listed(
    tx: Transaction, simulator: Simulator, account: Account, *, after: int, limit: int
) -> list[tuple[Row, Row | None]]:
    """Return the notices sent so far, in order, each with its delivery if it is posted."""
    catch_up(tx, simulator, account, account.clock.now(simulator.real_now()))
    return [
        (row, callback_rows.of_notice(tx, account.id, row["id"]))
        for row in rows.after(tx, account.id, after, limit)
    ]


def last(tx: Transaction, account: Account, now: int, limit: int) -> list[dict[str, Any]]:
    """Return the last notices, the newest first. Only reads: what came due since somebody last
    wrote is among them, and not stored yet.
    """
    due = rules.came_due(account.watch, billing_rows.packages(tx, account.id), now,
                         account.readings)  # fmt: skip
    coming: list[dict[str, Any]] = [
        {**asdict(each), "kind": each.kind.value, "id": None, "delivery": None}
        for each in reversed(due.notices[-limit:])
    ]
    stored = [
        {**shown(row), "delivery": _delivery(tx, account.id, row["id"])}
        for row in rows.last(tx, account.id, limit)
    ]
    return [*coming, *stored][:limit]


def _delivery(tx: Transaction, account_id: str, notice_id: int) -> str | None:
    found = callback_rows.of_notice(tx, account_id, notice_id)
    return found["state"] if found else None


def shown(row: Row) -> dict[str, Any]:
    """Return a notice as JSON, for the admin API and for its post."""
    return {name: row[name] for name in ("id", "kind", "at", "package", "remaining", "text")}


def next_at(tx: Transaction, account: Account) -> int | None:
    """Return when the next notice is due if nothing happens before (ms); None: never."""
    watch, packages = account.watch, billing_rows.packages(tx, account.id)
    while watch.due_at is not None:
        due = rules.came_due(watch, packages, watch.due_at, account.readings)
        if due.notices:
            return watch.due_at
        notified = set(due.notified)
        packages = [
            replace(package, notice_at=None) if package.id in notified else package
            for package in packages
        ]
        watch = due.watch
    return None


def _keep(tx: Transaction, simulator: Simulator, account: Account, notice: Notice) -> None:
    notice_id = rows.insert(tx, account.id, notice)
    if account.notify_url is not None:
        callback_rows.insert(
            tx,
            NewCallback(
                account=account.id,
                task_id="",
                task_number=0,
                notice_id=notice_id,
                url=account.notify_url,
                due_at=notice.at,
            ),
        )
        tx.after_commit.append(lambda: simulator.due_signal.notify(0))
