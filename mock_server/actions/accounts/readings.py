"""The readings of an account: show and change them, and where their values come from.

Rule 1: stored data does not change with the readings; answers follow the readings of the moment.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from mock_server.actions.accounts import lookup, notices
from mock_server.domain.account.accounts import Account
from mock_server.domain.readings import Readings, as_mapping, with_readings
from mock_server.simulator import Simulator
from mock_server.store import accounts as rows
from mock_server.store.engine.transaction import Transaction


class Source(StrEnum):
    """Where the value of a reading comes from; the later one counts."""

    DEFAULT = "default"
    OBSERVED = "observed"
    SCENARIO = "scenario"
    BY_HAND = "by-hand"


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
    by_hand = account.by_hand | values.keys()
    rows.set_world(tx, replace(account, readings=readings, by_hand=by_hand))
    return readings


def sources(simulator: Simulator, account: Account) -> dict[str, Source]:
    """Return where the value of each reading comes from."""
    return {
        name: _source(simulator, account, name, value)
        for name, value in as_mapping(account.readings).items()
    }


def _source(simulator: Simulator, account: Account, name: str, value: str) -> Source:
    if name in account.by_hand:
        return Source.BY_HAND
    if name in account.origin.readings:
        return Source.SCENARIO
    # An account that is older than the file has what was observed only since its next reset.
    return Source.OBSERVED if simulator.observed.get(name) == value else Source.DEFAULT
