"""The readings of an account: show and change them.

Rule 1: stored data does not change with the readings; answers follow the readings of the moment.
"""

from collections.abc import Mapping
from dataclasses import replace

from mock_server.actions.accounts import lookup, notices
from mock_server.domain.readings import Readings, with_readings
from mock_server.simulator import Simulator
from mock_server.store import accounts as rows
from mock_server.store.engine.transaction import Transaction


def change(
    tx: Transaction, simulator: Simulator, account_id: str, values: Mapping[str, str]
) -> Readings:
    """Change the readings `{id: value}`, from the next call on. Raises
    domain.readings.ReadingError.
    """
    account = lookup.find(tx, account_id)
    readings = with_readings(account.readings, values)
    # Notices that came due before this change follow the old readings.
    account = notices.catch_up(tx, simulator, account, account.clock.now(simulator.real_now()))
    rows.set_world(tx, replace(account, readings=readings))
    return readings
