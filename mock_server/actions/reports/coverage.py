"""How much of the contract the calls of an account, or of all accounts, have covered."""

from collections.abc import Sequence

from mock_server.actions.accounts import lookup
from mock_server.domain.contract.coverage import Coverage, Group, all_items, coverage
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.simulator import Simulator
from mock_server.store import coverage as coverage_rows
from mock_server.store.engine.transaction import Transaction


def report(
    tx: Transaction, simulator: Simulator, account_id: str | None, groups: Sequence[Group]
) -> Coverage:
    """Return what an account has met; None: all of them, those that are gone too."""
    if account_id is None:
        found = coverage_rows.for_all_accounts(tx)
    else:
        lookup.find(tx, account_id)
        found = coverage_rows.of(tx, account_id)
    catalogue = simulator.catalogue
    return coverage(
        all_items(catalogue.requests(DEFAULT_READINGS), catalogue.errors), found, groups
    )
