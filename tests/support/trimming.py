"""Trimming an account at once, as the server's trimmer does bite by bite."""

from mock_server.actions.accounts import trimming
from mock_server.actions.accounts.trimming import Place
from mock_server.simulator import Simulator


def trim(simulator: Simulator, account_id: str, trimmer: str = "") -> int:
    """Trim an account until nothing is left to trim; return the number of bites."""
    place: Place | None = trimming.START
    bites = 0
    while place is not None:
        at = place
        place = simulator.database.run(
            lambda tx, at=at: trimming.bite(tx, simulator, account_id, at, trimmer)  # type: ignore[misc]
        )
        bites += 1
    return bites
