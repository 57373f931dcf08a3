"""PostgreSQL, which several processes may share: each work is a transaction, on a pool of threads.

Rule 1: a work that reads an account locks its row (`tx.for_update`), so it has the account to
itself. It locks no second account, so there are no deadlocks.
Rule 2: an answer is sent only after the commit; `done` runs on the scheduler's thread.
Rule 3: a work that was rolled back before its commit, because of a lost connection or a deadlock,
is repeated; works are repeatable.
Rule 4: nothing is remembered, because other processes write too. What a work leaves to its end is
written in one round trip before its commit; a statement that concerns its tables has it written
first.
Rule 5: reads for people see one state and cannot write.
"""

import contextlib
import logging
import os
import platform
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg import IsolationLevel, Pipeline
from psycopg.errors import DeadlockDetected, SerializationFailure
from psycopg_pool import ConnectionPool, PoolTimeout

from mock_server.store.engine import postgres_schema
from mock_server.store.engine.footprints import footprint, table_of
from mock_server.store.engine.postgres_listener import CHANNEL, Listener
from mock_server.store.engine.postgres_text_codec import Connection, connection_options
from mock_server.store.engine.schedulers import Scheduler
from mock_server.store.engine.transaction import (
    DatabaseAwayError,
    DatabaseClosedError,
    Done,
    Merge,
    Numbers,
    OnTurn,
    Row,
    RunsAtOnce,
    Value,
    Work,
    WorkOutcome,
    added,
)
from mock_server.store.engine.waiting import WaitingStatements

T = TypeVar("T")

# Writing connections of one process, and as many for reading. PostgreSQL allows 100 in all.
CONNECTIONS = 8
# How long a call waits for a connection while PostgreSQL is down, before it gets our HTTP 500.
CONNECTION_TIMEOUT_S = 5.0
TRIES = 3
ANY_TABLE: frozenset[str] = frozenset()
_CONTENDED = (DeadlockDetected, SerializationFailure)

log = logging.getLogger(__name__)


class PostgresTransaction(RunsAtOnce):
    """A transaction of a PostgreSQL connection; see Transaction."""

    __slots__ = ("_cursor", "_own", "_waiting", "after_commit", "for_update", "skip_locked")

    def __init__(self, connection: Connection, own: str = "") -> None:
        self._cursor = connection.cursor()
        self._own = own
        self._waiting = WaitingStatements()
        self.after_commit: list[Callable[[], None]] = []
        self.for_update = "" if connection.read_only else " for update"
        self.skip_locked = "" if connection.read_only else " for update skip locked"

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """See Transaction."""
        return self._run(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Value]) -> int:
        """See Transaction."""
        row = self._run(f"{sql} returning id", values).fetchone()
        return int(row["id"]) if row else 0

    def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """See Transaction."""
        return self._run(sql, values).fetchone()

    def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """See Transaction."""
        return [*self._run(sql, values)]

    def execute_later(self, sql: str, values: tuple[Value, ...]) -> None:
        """See Transaction."""
        self._waiting.add([(table_of(sql), sql, values, None, added)])

    def add_later(
        self, sql: str, numbers: Numbers, key: tuple[Value, ...], merge: Merge = added
    ) -> None:
        """See Transaction."""
        self._waiting.add([(table_of(sql), sql, key, numbers, merge)])

    def executemany(self, sql: str, rows: Sequence[tuple[Value, ...]]) -> None:
        """See RunsMany."""
        if len(rows) == 1:
            self._cursor.execute(_translated(sql), rows[0])
        else:
            self._cursor.executemany(_translated(sql), rows)

    def finish(self) -> None:
        """Run what waits."""
        if not self._waiting.touches(ANY_TABLE):
            return
        in_one_go = self._cursor.connection.pipeline if Pipeline.is_supported() else nullcontext
        with in_one_go():
            self._waiting.run(self)

    def _run(self, sql: str, values: Sequence[Value]) -> psycopg.Cursor[dict[str, Any]]:
        """Run a statement, after those that wait for its tables."""
        tables = footprint(sql).tables
        if self._waiting.touches(tables):
            self._waiting.run(self, tables)
        return self._cursor.execute(_translated(sql), values)

    def tell_others(self) -> None:
        """See Transaction."""
        self._cursor.execute(f"select pg_notify({CHANNEL}, %s)".encode(), (self._own,))


@lru_cache(maxsize=1024)
def _translated(sql: str) -> bytes:
    """Return a statement with PostgreSQL's placeholders."""
    return sql.replace("%", "%%").replace("?", "%s").encode()


class PostgresEngine:
    """Runs the works of a Database in one PostgreSQL database; see database.Engine."""

    shared = True
    on_turn: OnTurn | None = None

    def __init__(self, address: str, scheduler: Scheduler) -> None:
        self.place = postgres_schema.open_schema(address)
        self._scheduler = scheduler
        self._writers = _pool(address, postgres_schema.hold)
        # The first connection marks the tables as used, so no other process can drop them.
        self._writers.wait(CONNECTION_TIMEOUT_S)
        self._readers = _pool(address, _only_read)
        self._workers = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="database")
        self._finished: deque[tuple[Done, WorkOutcome]] = deque()
        self._address = address
        # What the messages of this process are known by.
        self._own = f"{platform.node()} {os.getpid()} {id(self)}"
        self._listeners: list[Listener] = []

    def submit(self, work: Work[T], done: Done) -> None:
        """Run the work on a thread of the pool."""
        try:
            self._workers.submit(self._do, work, done)
        except RuntimeError:
            raise DatabaseClosedError from None

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads in a transaction that cannot write."""
        return _done(self._readers, work, self._own)[0]

    def listen(self, told: Callable[[], None]) -> None:
        """See Database."""
        self._listeners.append(Listener(self._address, self._own, told))

    def close(self) -> None:
        """Finish the works that were handed in, report their results, and close the connections."""
        for listener in self._listeners:
            listener.close()
        self._workers.shutdown(wait=True)
        self._report()
        self._writers.close()
        self._readers.close()

    def _do(self, work: Work[Any], done: Done) -> None:
        began = time.perf_counter()
        outcome = self._outcome(work)
        if self.on_turn is not None:
            failed = int(outcome.error is not None)
            self.on_turn(1 - failed, failed, time.perf_counter() - began)
        self._finished.append((done, outcome))
        self._scheduler.call_soon(self._report)

    def _report(self) -> None:
        with contextlib.suppress(IndexError):  # `close` may have reported them already
            while True:
                done, outcome = self._finished.popleft()
                outcome.report(done)

    def _outcome(self, work: Work[Any]) -> WorkOutcome:
        try:
            result, tx = _done(self._writers, work, self._own)
        except Exception as error:  # noqa: BLE001 - the caller gets it
            return WorkOutcome(error=error)
        return WorkOutcome(result=result, after=tx.after_commit)


def _pool(address: str, configure: Callable[[Connection], None]) -> ConnectionPool[Connection]:
    return ConnectionPool(
        address,
        kwargs=connection_options(address),
        min_size=1,
        max_size=CONNECTIONS,
        timeout=CONNECTION_TIMEOUT_S,
        # The pool's own backoff grows without limit; with this, the next call starts a new attempt.
        reconnect_timeout=CONNECTION_TIMEOUT_S / 2,
        configure=configure,
        num_workers=1,
        open=True,
    )


def _only_read(connection: Connection) -> None:
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True


class _UndoneError(Exception):
    """The work was rolled back for a reason outside it, and nothing of it is booked."""


def _done(
    pool: ConnectionPool[Connection], work: Work[T], own: str
) -> tuple[T, PostgresTransaction]:
    """Run a work in a transaction and commit it; return its result.

    Raises DatabaseAwayError.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            with _connected(pool) as connection:  # commits at the end
                tx = PostgresTransaction(connection, own)
                return _tried(work, tx, connection), tx
        except PoolTimeout as error:
            raise DatabaseAwayError from error
        except _UndoneError as undone:
            log.warning("a transaction is repeated: %s", undone.__cause__)
            if not tries_left and undone.__cause__ is not None:
                if isinstance(undone.__cause__, _CONTENDED):
                    raise undone.__cause__ from None
                raise DatabaseAwayError from undone.__cause__
    raise AssertionError("unreachable")


def _tried(work: Work[T], tx: PostgresTransaction, connection: Connection) -> T:
    try:
        result = work(tx)
        tx.finish()
    except psycopg.OperationalError as error:
        # A connection lost during the commit is not handled here: the work may be booked.
        if connection.closed or isinstance(error, _CONTENDED):
            raise _UndoneError from error
        raise
    return result


@contextlib.contextmanager
def _connected(pool: ConnectionPool[Connection]) -> Iterator[Connection]:
    """Lend a connection for one transaction; if it breaks, check the idle connections too."""
    lent: Connection | None = None
    try:
        with pool.connection() as lent:
            yield lent
    finally:
        if lent is not None and lent.closed:
            pool.check()
