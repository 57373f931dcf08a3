"""The metrics of a server: what it counted, and the state of its database."""

from collections.abc import Mapping

from mock_server import __version__, contract
from mock_server.metrics import definitions
from mock_server.metrics.recorder import Recorder
from mock_server.simulator import Simulator
from mock_server.store import accounts, callback_queue
from mock_server.store.engine.transaction import Transaction


def exposition(simulator: Simulator, recorder: Recorder, accept: str) -> tuple[bytes, str]:
    """Return all metrics in the format that an Accept header asks for, and its content type."""
    state = simulator.database.read(lambda tx: _state(tx, simulator.real_now()))
    version = (__version__, contract.document("openapi")["info"]["version"])
    return recorder.exposition(accept, {**state, definitions.BUILD.name: {version: 1}})


def _state(tx: Transaction, real_now: int) -> dict[str, Mapping[tuple[str, ...], float]]:
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
