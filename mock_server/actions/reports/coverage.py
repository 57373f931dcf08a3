"""The coverage of the contract by the calls of one account, or of all accounts."""

from collections.abc import Sequence

from mock_server.actions.accounts import lookup
from mock_server.domain.contract.coverage import Coverage, Group, all_items, coverage
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.simulator import Simulator
from mock_server.store import coverage as coverage_rows
from mock_server.store.engine.transaction import Transaction


def covered(tx: Transaction, account_id: str) -> dict[str, int | None]:
    """Return the items that an account has covered, each with its first call that is kept."""
    return coverage_rows.of(tx, account_id)


def count(tx: Transaction, account_id: str) -> int:
    """Return how many items an account has covered: it changes with every new one."""
    return coverage_rows.count(tx, account_id)


def report(
    tx: Transaction, simulator: Simulator, account_id: str | None, groups: Sequence[Group]
) -> Coverage:
    """Return the coverage of an account. `account_id` None: of all accounts, deleted ones too."""
    if account_id is None:
        found = coverage_rows.for_all_accounts(tx)
    else:
        lookup.find(tx, account_id)
        found = coverage_rows.of(tx, account_id)
    catalogue = simulator.catalogue
    return coverage(
        all_items(catalogue.requests(DEFAULT_READINGS), catalogue.errors), found, groups
    )
