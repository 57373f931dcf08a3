"""The task of the server's loop that trims finished records beyond what the server keeps.

Rule 1: a bite is short, and after it the loop answers calls for several times as long: trimming
takes a part of one processor, however much there is to trim.
Rule 2: a round looks at every account; only those that may have something to trim are written to.
Rule 3: between rounds it rests, the longer, the longer a round takes.
"""

import asyncio
import logging
import time
from functools import partial

from mock_server.actions import bugs
from mock_server.actions.accounts import trimming
from mock_server.actions.accounts.trimming import Place
from mock_server.actions.commit import commit
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import DatabaseClosedError, Transaction

# After a bite others have the loop for so many times as long as the bite took.
REST = 3
# Rounds are so many times as far apart as a look at all accounts takes, and at least a second.
PAUSE = 50
SHORTEST_PAUSE_S = 1.0
AFTER_FAILURE_S = 60.0
ACCOUNTS_AT_ONCE = 50
STOP_S = 10.0

log = logging.getLogger(__name__)


class Trimmer:
    """Trims every account, round after round, until it is stopped; it does nothing without a limit.

    Made, started and stopped on the loop that owns the database's writer.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._name = simulator.draw_bytes(8).hex()  # among the processes of a database
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with the first round."""
        if self._simulator.settings.retention is not None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End after the bite under way."""
        self._stopped.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=STOP_S)

    async def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                looked_s, is_whole = await self._round()
                pause_s = max(SHORTEST_PAUSE_S, PAUSE * looked_s) if is_whole else AFTER_FAILURE_S
            except DatabaseClosedError:
                return
            except Exception as error:  # noqa: BLE001 - it is reported, and the next round may do
                bugs.report(self._simulator, error)
                pause_s = AFTER_FAILURE_S
            await self._rest(pause_s)

    async def _round(self) -> tuple[float, bool]:
        """Trim all accounts; return how long the looks at them took, in seconds, and whether each
        could be trimmed.
        """
        looked_s, last, is_whole = 0.0, "", True
        while not self._stopped.is_set():
            look = partial(self._look, after=last)
            started_at = time.perf_counter()
            last, due = await asyncio.to_thread(self._simulator.database.read, look)
            looked_s += time.perf_counter() - started_at
            for account_id in due:
                try:
                    await self._trim(account_id)
                except DatabaseClosedError:
                    raise
                except Exception as error:  # noqa: BLE001 - one that fails keeps no other waiting
                    bugs.report(self._simulator, error)
                    is_whole = False
            if not last:
                break
        return looked_s, is_whole

    def _look(self, tx: Transaction, after: str) -> tuple[str, list[str]]:
        """Return the last of some accounts ('' at the end), and those with something to trim."""
        found = trimming.accounts_after(tx, after, ACCOUNTS_AT_ONCE)
        due = [each for each in found if trimming.is_due(tx, self._simulator, each, self._name)]
        return found[-1] if len(found) == ACCOUNTS_AT_ONCE else "", due

    async def _trim(self, account_id: str) -> None:
        place: Place | None = trimming.START
        while place is not None and not self._stopped.is_set():
            work = partial(self._bite, account_id=account_id, place=place)
            place, took_s = await commit(self._simulator.database, work)
            await self._rest(REST * took_s)

    def _bite(self, tx: Transaction, account_id: str, place: Place) -> tuple[Place | None, float]:
        started_at = time.perf_counter()
        return (
            trimming.bite(tx, self._simulator, account_id, place, self._name),
            time.perf_counter() - started_at,
        )

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return
