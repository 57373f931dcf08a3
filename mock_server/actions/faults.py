"""Failures on order: arm, list, disarm."""

from dataclasses import dataclass

from mock_server.actions import accounts
from mock_server.domain import faults as rules
from mock_server.domain.calls import Operation
from mock_server.domain.faults import Fault, Kind
from mock_server.domain.wrong_use import NotFoundError
from mock_server.simulator import Simulator
from mock_server.store import faults as rows
from mock_server.store.transaction import Transaction

MAX_ID = 2**63 - 1  # what the database can hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A failure that somebody wants. `calls` None: until it is disarmed."""

    kind: Kind
    what: str
    operation: Operation | None = None
    calls: int | None = None


def arm(tx: Transaction, simulator: Simulator, account_id: str, order: Order) -> Fault:
    """Arm a rule. Raises domain.faults.FaultError for one that could never fire."""
    account = accounts.find(tx, account_id)
    fault = Fault(
        id=0,
        account=account_id,
        kind=order.kind,
        what=order.what,
        operation=order.operation,
        calls_left=order.calls,
        hits=0,
    )
    classic = account.readings.gateway_profile == "classic"
    rules.check(fault, simulator.catalogue.errors, classic=classic)
    fault_id = rows.insert(
        tx, account_id, order.kind, order.what, operation=order.operation, calls_left=order.calls
    )
    return next(each for each in rows.of_account(tx, account_id) if each.id == fault_id)


def listed(tx: Transaction, account_id: str) -> list[Fault]:
    """Return every rule of an account, spent ones too."""
    accounts.find(tx, account_id)
    return rows.of_account(tx, account_id)


def disarm(tx: Transaction, account_id: str, fault_id: int | None = None) -> None:
    """Disarm one rule, or all. Raises NotFoundError for one that is not there."""
    accounts.find(tx, account_id)
    if fault_id is None:
        rows.delete(tx, account_id)
    elif fault_id > MAX_ID or not rows.delete(tx, account_id, fault_id):
        raise NotFoundError(
            f"account {account_id} has no fault {fault_id}: "
            f"GET /_mock/accounts/{account_id}/faults lists them"
        )
