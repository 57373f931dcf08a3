"""One owner for SQLite: all work of one turn shares one commit, answers leave only after it.

Rule 1: one writing connection, used on one thread, the scheduler's.
Rule 2: each work has a savepoint, so one that fails takes nothing of its neighbours along.
Rule 3: after a database error look at `in_transaction`: some errors roll the whole turn back, and
then every work of that turn has failed.
Rule 4: reads for people use read-only connections of their own.
"""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from mock_server.store import files
from mock_server.store.schedulers import Scheduler, ThreadScheduler
from mock_server.store.transaction import Transaction

T = TypeVar("T")
Work = Callable[[Transaction], T]
Done = Callable[[Any, BaseException | None], None]

# A turn longer than this is cut, so that a burst cannot keep early answers waiting.
MAX_TURN = 512

log = logging.getLogger(__name__)


class TurnLostError(RuntimeError):
    """The database rolled a whole turn back; nothing of it is booked."""


@dataclass(frozen=True, slots=True)
class _Item:
    work: Work[Any]
    done: Done


class _Outcome(NamedTuple):
    result: Any
    error: BaseException | None
    after: tuple[Callable[[], None], ...] = ()


class Database:
    """The rows of all accounts in one SQLite file."""

    def __init__(self, path: str, scheduler: Scheduler | None = None) -> None:
        """Open or create the file at `path`; `:memory:` is a private file, gone at the end.

        Raises files.DatabaseFileError for a file that is not ours, is in use, or cannot be
        written.
        """
        self._file = files.open_file(path)
        self._scheduler = scheduler or ThreadScheduler()
        self._writer = self._file.connect()
        self._readers: list[sqlite3.Connection] = []
        self._queue: list[_Item] = []
        self._scheduled = False
        self._closed = False
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def submit(self, work: Work[T], done: Done) -> None:
        """Queue work; `done(result, error)` is called on the owner's thread after the commit."""
        with self._lock:
            if self._closed:  # nobody would ever do it
                raise RuntimeError("the database is closed")
            self._queue.append(_Item(work, done))
            if self._scheduled:
                return
            self._scheduled = True
        self._scheduler.call_soon(self._turn)

    def start(self, work: Work[T]) -> Future[T]:
        """Queue work and return its future."""
        future: Future[T] = Future()

        def done(result: T, error: BaseException | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(work, done)
        return future

    def run(self, work: Work[T]) -> T:
        """Do the work and return its result, after the commit. Not for the owner's own thread."""
        if self._scheduler.is_owner():
            raise RuntimeError("a blocking hand-off from the owner's own thread would deadlock")
        return self.start(work).result()

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads from one consistent state; it cannot write."""
        with self._reader() as connection:
            connection.execute("begin")
            try:
                return work(Transaction(connection))
            finally:
                connection.execute("rollback")

    def close(self) -> None:
        """Finish what is queued, close the file and release it."""
        if isinstance(self._scheduler, ThreadScheduler):
            self._scheduler.close()
        with self._lock:
            self._closed = True
        while self._queue:
            self._turn()
        for connection in (*self._readers, self._writer):
            connection.close()
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
            self._scheduled = bool(self._queue)
        if not turn:  # `close` was here first
            return
        if self._scheduled:
            self._scheduler.call_soon(self._turn)
        for item, (result, error, after) in zip(turn, self._commit(turn), strict=True):
            for follow_up in after:
                _tell(follow_up)
            _tell(item.done, result, error)

    def _commit(self, turn: list[_Item]) -> list[_Outcome]:
        try:
            self._writer.execute("begin immediate")
            outcomes = [self._work(item) for item in turn]
            self._writer.execute("commit")
        except sqlite3.Error as error:
            log.exception("the database lost a turn of %d", len(turn))
            if self._writer.in_transaction:
                self._writer.execute("rollback")
            lost = TurnLostError(f"the database rolled back: {error}")
            lost.__cause__ = error
            return [_Outcome(None, lost) for _ in turn]
        return outcomes

    def _work(self, item: _Item) -> _Outcome:
        execute = self._writer.execute
        execute("savepoint item")
        tx = Transaction(self._writer)
        try:
            result = item.work(tx)
        except Exception as error:
            if not self._writer.in_transaction:
                raise sqlite3.OperationalError(str(error)) from error
            execute("rollback to item")
            execute("release item")
            return _Outcome(None, error)
        execute("release item")
        return _Outcome(result, None, tuple(tx.after_commit))


def _tell(listener: Callable[..., None], *what: Any) -> None:
    """Call one who waits; if that fails, the others of the turn hear all the same."""
    try:
        listener(*what)
    except Exception:
        log.exception("a follow-up of a commit failed")
