"""The bill as a person looks at it: balance over time, last charges, notices. Only reads."""

from dataclasses import dataclass
from typing import Any

from mock_server.actions.accounts import notices
from mock_server.actions.reports import reports
from mock_server.actions.reports.reports import Bill
from mock_server.domain.account.accounts import Account
from mock_server.domain.billing import balances
from mock_server.domain.billing.balances import Point
from mock_server.domain.billing.bills import rule_of
from mock_server.domain.billing.charges import LedgerEntry
from mock_server.simulator import Simulator
from mock_server.store import billing as billing_rows
from mock_server.store import notices as notice_rows
from mock_server.store import retention
from mock_server.store.engine.transaction import Transaction

# So many of the last charges are followed one by one, and so many notices shown.
FOLLOWED = 300
NOTICES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BillView:
    """A bill at the account's `now`, the balance over time, the last charges (the newest first) and
    notices. `followed_since`: from this instant on, the balance is exact to the charge, and by the
    day before; None: it is exact from the beginning.
    """

    bill: Bill
    now: int
    points: list[Point]
    followed_since: int | None
    last: list[LedgerEntry]
    notices: list[dict[str, Any]]


def view(tx: Transaction, simulator: Simulator, account: Account) -> BillView:
    """Return the bill of an account."""
    bill = reports.bill(tx, simulator, account.id)
    now = account.clock.now(simulator.real_now())
    last = billing_rows.last_entries(
        tx, account.id, retention.charges_upto(tx, account.id), FOLLOWED
    )
    made = sum(total.charged for total in bill.totals)
    return BillView(
        bill=bill,
        now=now,
        points=balances.over_time(bill.packages, last, bill.totals, now),
        followed_since=(last[-1].at if last else now) if made > len(last) else None,
        last=last,
        notices=notices.last(tx, account, now, NOTICES),
    )


def mark(tx: Transaction, simulator: Simulator, account: Account) -> str:
    """Return a text that changes with everything that a bill shows."""
    now = account.clock.now(simulator.real_now())
    totals = billing_rows.totals(tx, account.id)
    rule = rule_of(account.readings)
    trimmed = retention.trimmed(tx, account.id)
    told = notice_rows.last(tx, account.id, 1)
    due = account.watch.due_at
    return ".".join(
        str(each)
        for each in (
            sum(total.calls for total in totals), len(billing_rows.packages(tx, account.id)),
            billing_rows.balance(tx, account.id, now), told[0]["id"] if told else 0,
            int(due is not None and due <= now), trimmed.charges if trimmed else 0,
            rule.polls, rule.refusal, account.readings.packages_order,
        )
    )  # fmt: skip
