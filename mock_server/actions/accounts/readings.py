"""The readings of an account: look at them, change them.

Rule 1: what is stored stays as it is, what is shown follows the readings of the moment.
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
    """Change what `{id: word}` names, for the next call. Raises domain.readings.ReadingError."""
    account = lookup.find(tx, account_id)
    readings = with_readings(account.readings, values)
    # What came due before follows the readings of then.
    account = notices.catch_up(tx, simulator, account, account.clock.now(simulator.real_now()))
    rows.set_world(tx, replace(account, readings=readings))
    return readings
