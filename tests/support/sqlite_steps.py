"""How much SQLite does for a work, in instructions of its engine: the same on every machine."""

from collections.abc import Callable
from typing import Any

from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction


def steps_of(simulator: Simulator, work: Callable[[Transaction], object]) -> int:
    """Return how many instructions the engine runs for a work."""

    def counted(tx: Any) -> int:
        ran = 0

        def tick() -> int:
            nonlocal ran
            ran += 1
            return 0

        tx._connection.set_progress_handler(tick, 1)
        try:
            work(tx)
        finally:
            tx._connection.set_progress_handler(None, 1)
        return ran

    return simulator.database.read(counted)
