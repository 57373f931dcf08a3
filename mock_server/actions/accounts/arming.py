"""Arm a fault in an account that is at hand."""

from mock_server.domain.account.accounts import Account
from mock_server.domain.clock import LATEST_AT
from mock_server.domain.faults import kinds
from mock_server.domain.faults.kinds import Order, Place
from mock_server.domain.faults.rules import FaultError
from mock_server.simulator import Simulator
from mock_server.store import faults as rows
from mock_server.store.engine.transaction import Transaction


def arm(tx: Transaction, simulator: Simulator, account: Account, order: Order) -> int:
    """Arm a rule and return its id. Raises FaultError for one that could never fire."""
    place = Place(
        tables=simulator.catalogue.errors,
        classic=account.readings.gateway_profile == "classic",
        connection=simulator.has_connections,
    )
    kinds.check(order, place)
    now = account.clock.now(simulator.real_now())
    if now + max(order.starts_in_ms or 0, order.expires_in_ms or 0) > LATEST_AT:
        raise FaultError("the rule's life ends after the calendar does (9999-12-31)")
    return rows.insert(tx, account.id, order, now)
