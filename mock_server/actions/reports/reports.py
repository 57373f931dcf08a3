"""Reports on an account: its bill, calls, tasks and callbacks. They only read."""

from dataclasses import dataclass

from mock_server.actions.accounts import lookup
from mock_server.actions.callbacks import planning
from mock_server.domain.account.accounts import Account
from mock_server.domain.billing.bills import ChargingRule, Total, rule_of
from mock_server.domain.billing.charges import Package, paying_order
from mock_server.domain.retention import Trimmed
from mock_server.domain.task import tasks as task_rules
from mock_server.domain.task.tasks import Status, Task
from mock_server.domain.usage_errors import NotFoundError
from mock_server.simulator import Simulator
from mock_server.store import attempts as attempt_rows
from mock_server.store import billing as billing_rows
from mock_server.store import callbacks as callback_rows
from mock_server.store import journal, retention
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The charges of an account, its charging rule, and its packages: in order of purchase, and
    in the order they pay. `trimmed`: what the sums count, and what is no longer kept one by one.
    """

    totals: list[Total]
    rule: ChargingRule
    balance: int
    packages: list[Package]
    paying: list[Package]
    trimmed: Trimmed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """An account with the instant its clock shows and the credits it can still spend."""

    account: Account
    now: int
    balance: int


def overview(tx: Transaction, simulator: Simulator, account: Account) -> Overview:
    """Return an account with its clock and balance."""
    now = account.clock.now(simulator.real_now())
    return Overview(account=account, now=now, balance=billing_rows.balance(tx, account.id, now))


def last_calls(tx: Transaction, account_ids: list[str]) -> dict[str, int]:
    """Return the id of the latest call of each account, and of those that name none."""
    return journal.last_ids(tx, account_ids)


def bill(tx: Transaction, simulator: Simulator, account_id: str) -> Bill:
    """Return the bill of an account."""
    account = lookup.find(tx, account_id)
    now = account.clock.now(simulator.real_now())
    packages = billing_rows.packages(tx, account_id)
    return Bill(
        totals=billing_rows.totals(tx, account_id),
        rule=rule_of(account.readings),
        balance=billing_rows.balance(tx, account_id, now),
        packages=packages,
        paying=paying_order(packages, account.readings),
        trimmed=retention.trimmed(tx, account_id),
    )


def task_charges(tx: Transaction, account_id: str, *, after: int, limit: int) -> list[Row]:
    """Return `number, task_id, charges, fen` of a page of tasks, in the order of submission."""
    lookup.find(tx, account_id)
    return billing_rows.task_charges(tx, account_id, after, limit)


def calls(
    tx: Transaction, account_id: str | None, wanted: journal.CallFilter
) -> tuple[list[Row], int]:
    """Return the journalled calls that match a filter, and how many calls were dropped."""
    if account_id is not None:
        lookup.find(tx, account_id)
    return journal.find(tx, account_id, wanted), journal.dropped(tx, account_id)


def call(tx: Transaction, call_id: int) -> Row:
    """Return a journalled call of any account. Raises NotFoundError."""
    row = journal.get(tx, call_id)
    if row is None:
        raise NotFoundError(f"the journal has no call {call_id}: `artqr-mock calls` lists them")
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A page of a listing: the first `limit` rows after `after`, or the last rows before
    `before` if that is given.
    """

    after: int = 0
    before: int | None = None
    limit: int = 100


def tasks(
    tx: Transaction, simulator: Simulator, account_id: str, span: Span
) -> list[tuple[Task, Status]]:
    """Return tasks with their present status, in the order of submission."""
    account = lookup.find(tx, account_id)
    now = account.clock.now(simulator.real_now())
    if span.before is None:
        listed = task_rows.after(tx, account_id, span.after, span.limit)
    else:
        listed = task_rows.before(tx, account_id, span.before, span.limit)
    return [(task, task_rules.status_at(task.plan, now)) for task in listed]


def callback(tx: Transaction, account_id: str, callback_id: int) -> tuple[Row, list[Row]]:
    """Return one callback with its attempts. Raises NotFoundError."""
    row = planning.find(tx, account_id, callback_id)
    return row, attempt_rows.of_callback(tx, account_id, callback_id)


def callbacks(
    tx: Transaction, account_id: str, *, after: int, limit: int
) -> list[tuple[Row, list[Row]]]:
    """Return callbacks with their attempts, in the order they were planned."""
    lookup.find(tx, account_id)
    listed = callback_rows.after(tx, account_id, after, limit)
    return [(row, attempt_rows.of_callback(tx, account_id, row["id"])) for row in listed]
