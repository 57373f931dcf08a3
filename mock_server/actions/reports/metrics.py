"""The metrics of a server: what it counted, and the state of its database."""

import logging
from collections.abc import Mapping

from mock_server import __version__, contract
from mock_server.metrics import definitions
from mock_server.metrics.recorder import Recorder
from mock_server.simulator import Simulator
from mock_server.store import accounts, callback_queue
from mock_server.store.engine.transaction import Transaction, log_failure

log = logging.getLogger(__name__)

# The values of metrics by name, then by labels.
_Read = dict[str, Mapping[tuple[str, ...], float]]


def exposition(simulator: Simulator, recorder: Recorder, accept: str) -> tuple[bytes, str]:
    """Return all metrics in the format that an Accept header asks for, and its content type.

    While the database cannot be read, those that are read from it have no values.
    """
    state: _Read
    try:
        state = simulator.database.read(lambda tx: _state(tx, simulator.real_now()))
    except Exception as error:  # noqa: BLE001 - what was counted is wanted most of all now
        log_failure(log, "the metrics of the database are left out", error)
        state = {metric.name: {} for metric in definitions.READ}
    version = (__version__, contract.document("openapi")["info"]["version"])
    return recorder.exposition(accept, {**state, definitions.BUILD.name: {version: 1}})


def _state(tx: Transaction, real_now: int) -> _Read:
    queue = callback_queue.look(tx, real_now)
    states: dict[tuple[str, ...], float] = {
        ("planned",): queue.planned,
        ("due",): queue.due,
        ("sending",): queue.sending,
    }
    return {
        definitions.QUEUE.name: states,
        definitions.OLDEST_DUE.name: {(): queue.oldest_ms / 1000},
        definitions.ACCOUNTS.name: {(): accounts.count_all(tx)},
    }
