"""SQLite with one writer: all works of one turn share one commit; answers are sent only after it.

Rule 1: there is one writing connection, used on the scheduler's thread only.
Rule 2: a work that fails does not undo the others: sqlite_transaction.py. If what they left to the
end of the turn cannot be written, the turn is done again, each statement at once.
Rule 3: after a database error, check `in_transaction`: some errors roll back the whole turn, and
then every work of that turn has failed.
Rule 4: reads for people use read-only connections of their own.
Rule 5: a turn is short, whatever waits: what is left is done in the next one, after the loop has
read and written what came meanwhile.
"""

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from mock_server.domain.records import dataclass
from mock_server.store.engine import files
from mock_server.store.engine.checkpoints import Checkpointer
from mock_server.store.engine.memory import WriterMemory
from mock_server.store.engine.schedulers import Scheduler
from mock_server.store.engine.sqlite_transaction import (
    SavedTransaction,
    SharedTransaction,
    SqliteTransaction,
    Turn,
    UnwritableRowsError,
)
from mock_server.store.engine.transaction import (
    DatabaseClosedError,
    Done,
    OnTurn,
    Work,
    WorkOutcome,
)

T = TypeVar("T")

# A longer turn is split, so that a burst does not delay the first answers: by works, and by the
# time of the processor that they take.
MAX_TURN = 512
TURN_S = 0.005

log = logging.getLogger(__name__)


class TurnLostError(RuntimeError):
    """The database rolled back a whole turn; nothing of it is booked."""


@dataclass(frozen=True, slots=True)
class _Item:
    work: Work[Any]
    done: Done


class SqliteEngine:
    """Runs the works of a Database on one file; see database.Engine."""

    shared = False
    on_turn: OnTurn | None = None

    def __init__(self, path: str, scheduler: Scheduler) -> None:
        self._file = files.open_file(path)
        self._scheduler = scheduler
        try:
            self._writer = self._file.connect()
        except sqlite3.Error as error:
            self._file.release()
            raise files.unreadable(str(self._file.path), error) from None
        self._memory = WriterMemory()
        self._checkpointer = Checkpointer(self._file, self._writer, scheduler)
        self._readers: list[sqlite3.Connection] = []
        self._queue: list[_Item] = []
        self._scheduled = False
        self._closed = False
        self._lock = threading.Lock()

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self._file.path)

    def submit(self, work: Work[T], done: Done) -> None:
        """Queue work for the next turn."""
        with self._lock:
            if self._closed:  # no turn would run it
                raise DatabaseClosedError
            self._queue.append(_Item(work, done))
            if self._scheduled:
                return
            self._scheduled = True
        self._scheduler.call_soon(self._turn)

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads on a connection that cannot write."""
        with self._reader() as connection:
            connection.execute("begin")
            try:
                return work(SqliteTransaction(connection))
            finally:
                connection.execute("rollback")

    def listen(self, told: Callable[[], None]) -> None:
        """See Database; nobody else writes to this file."""

    def close(self) -> None:
        """Finish the queued works, close the file and unlock it; the scheduler has stopped."""
        with self._lock:
            self._closed = True
        self._checkpointer.stop()
        while self._queue:
            self._turn()
        for connection in (*self._readers, self._writer):
            connection.close()
        self._checkpointer.close()
        self._readers.clear()
        self._file.release()

    @contextlib.contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._file.connect(read_only=True)
        try:
            yield connection
        finally:
            self._readers.append(connection)

    def _turn(self) -> None:
        with self._lock:
            turn, self._queue = self._queue[:MAX_TURN], self._queue[MAX_TURN:]
        began = time.perf_counter()
        outcomes = self._commit(turn) if turn else []  # none: `close` ran this turn already
        if self.on_turn is not None and turn:
            failed = sum([outcome.error is not None for outcome in outcomes])
            self.on_turn(len(outcomes) - failed, failed, time.perf_counter() - began)
        with self._lock:
            self._queue[:0] = turn[len(outcomes) :]
            self._scheduled = bool(self._queue)
        if self._scheduled:
            self._scheduler.call_soon(self._turn)
        for item, outcome in zip(turn, outcomes, strict=False):
            outcome.report(item.done)
        self._checkpointer.after_commit()

    def _commit(self, turn: list[_Item]) -> list[WorkOutcome]:
        """Do as many works of a turn as there is time for, at least one; return their outcomes."""
        try:
            try:
                return self._do(turn, SharedTransaction)
            except UnwritableRowsError:
                log.warning("a turn of %d works is done again", len(turn), exc_info=True)
                self._roll_back()
                return self._do(turn, SavedTransaction)
        except sqlite3.Error as error:
            log.exception("the database rolled back a turn of %d works", len(turn))
            self._roll_back()
            lost = TurnLostError(f"the database rolled back the whole turn: {error}")
            lost.__cause__ = error
            return [WorkOutcome(error=lost) for _ in turn]

    def _do(
        self, items: list[_Item], kind: type[SharedTransaction | SavedTransaction]
    ) -> list[WorkOutcome]:
        outcomes: list[WorkOutcome] = []
        soonest, until = time.perf_counter() + TURN_S, time.thread_time() + TURN_S
        self._writer.execute("begin immediate")
        turn = Turn(self._writer, self._memory)
        for item in items:
            outcomes.append(self._work(item, turn, kind(turn)))
            # The first is cheap to ask, and never behind the other, which is what counts.
            if time.perf_counter() >= soonest and time.thread_time() >= until:
                break
        turn.write()
        self._writer.execute("commit")
        return outcomes

    def _work(
        self, item: _Item, turn: Turn, tx: SharedTransaction | SavedTransaction
    ) -> WorkOutcome:
        try:
            result = item.work(tx)
        except Exception as error:
            if turn.is_broken:
                raise UnwritableRowsError(str(error)) from error
            if not self._writer.in_transaction:
                raise sqlite3.OperationalError(str(error)) from error
            tx.undo()
            return WorkOutcome(error=error)
        tx.finish()
        return WorkOutcome(result=result, after=tx.after_commit)

    def _roll_back(self) -> None:
        """Undo a turn, and forget what it has remembered."""
        self._memory.drop(frozenset())
        if self._writer.in_transaction:
            self._writer.execute("rollback")
