"""The transactions of SQLite: a reader's, one whose statements run at once, one of a shared turn.

Rule 1: a work that fails is undone, and takes nothing of its neighbours in the turn: what it left
to the end of the turn is forgotten, what it ran at once is rolled back to its savepoint.
Rule 2: a savepoint is opened before the first statement that a work runs at once. What the
neighbours have waiting is written before it, so that it does not go with the savepoint.
Rule 3: a statement sees what waits for its tables, of its own work and of its neighbours.
Rule 4: ids are handed out in the order of the works, which is that of the commits. Those of a
failed work are handed out again.
"""

import sqlite3
from collections.abc import Callable, Sequence

from mock_server.store.engine.footprints import footprint, table_of, with_id
from mock_server.store.engine.memory import WriterMemory
from mock_server.store.engine.transaction import (
    Merge,
    Numbers,
    Row,
    RunsAtOnce,
    Value,
    added,
)
from mock_server.store.engine.waiting import Waiting, WaitingStatements

# The key of the next id of a table in the memory.
_NEXT_ID = "next id"


class SqliteTransaction(RunsAtOnce):
    """A transaction of a connection to a file; see Transaction."""

    __slots__ = ("_connection", "after_commit")

    # There is only one writer, so selects need no lock.
    for_update = ""
    skip_locked = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.after_commit: list[Callable[[], None]] = []

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """See Transaction."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Value]) -> int:
        """See Transaction."""
        return self._connection.execute(sql, values).lastrowid or 0

    def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """See Transaction."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """See Transaction."""
        return self._connection.execute(sql, values).fetchall()

    def tell_others(self) -> None:
        """See Transaction; there are no others."""


class UnwritableRowsError(Exception):
    """What finished works left to the end of the turn cannot be written."""


class Turn:
    """What the works of a turn share: a connection, what waits for its end, what is remembered."""

    __slots__ = ("connection", "is_broken", "memory", "waiting")

    def __init__(self, connection: sqlite3.Connection, memory: WriterMemory) -> None:
        self.connection = connection
        self.memory = memory
        self.waiting = WaitingStatements()
        # Whether rows of a work that has finished could not be written.
        self.is_broken = False

    def write(self, tables: frozenset[str] = frozenset()) -> None:
        """Run what waits for these tables; none: everything. Raises UnwritableRowsError.

        Once it has failed it fails again, so that no work can hide the failure.
        """
        if self.is_broken:
            raise UnwritableRowsError("it has failed before in this turn")
        if not self.connection.in_transaction:  # else each row would be committed by itself
            raise sqlite3.OperationalError("the turn was rolled back before its end")
        if not self.waiting.touches(tables):
            return
        self.is_broken = True
        try:
            self.waiting.run(self.connection, tables)
        except Exception as error:
            raise UnwritableRowsError(str(error)) from error
        self.is_broken = False


class SavedTransaction(SqliteTransaction):
    """A work in a savepoint; each of its statements runs at once, and nothing is remembered."""

    __slots__ = ()

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn.connection)
        self._connection.execute("savepoint work")

    def finish(self) -> None:
        """Leave what the work wrote to the commit."""
        self._connection.execute("release work")

    def undo(self) -> None:
        """Undo what the work wrote."""
        self._connection.execute("rollback to work")
        self._connection.execute("release work")


class SharedTransaction(SqliteTransaction):
    """A work that shares its turn with others."""

    __slots__ = ("_is_saved", "_turn", "_waiting", "memory")

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn.connection)
        self.memory = turn.memory
        self._turn = turn
        self._waiting: list[Waiting] = []
        self._is_saved = False
        turn.memory.work_begins()

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """See Transaction."""
        self._make_way(sql)
        return super().execute(sql, values)

    def insert(self, sql: str, values: Sequence[Value]) -> int:
        """See Transaction."""
        self._make_way(sql)
        return super().insert(sql, values)

    def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """See Transaction."""
        self._make_way(sql)
        return super().one(sql, values)

    def one_written(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """See Transaction."""
        return super().one(sql, values)

    def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """See Transaction."""
        self._make_way(sql)
        return super().all(sql, values)

    def execute_later(self, sql: str, values: tuple[Value, ...]) -> None:
        """See Transaction."""
        self._waiting.append((table_of(sql), sql, values, None, added))

    def insert_later(self, sql: str, values: tuple[Value, ...]) -> int:
        """See Transaction."""
        table = table_of(sql)
        new_id: int | None = self.memory.get(table, _NEXT_ID)
        if new_id is None:
            new_id = self._next_id(table)
        self.memory.keep(table, _NEXT_ID, new_id + 1)
        self._waiting.append((table, with_id(sql), (new_id, *values), None, added))
        return new_id

    def add_later(
        self, sql: str, numbers: Numbers, key: tuple[Value, ...], merge: Merge = added
    ) -> None:
        """See Transaction."""
        self._waiting.append((table_of(sql), sql, key, numbers, merge))

    def finish(self) -> None:
        """Leave what the work wrote to the commit."""
        if self._is_saved:
            self._connection.execute("release work")
        self._turn.waiting.add(self._waiting)

    def undo(self) -> None:
        """Undo what the work wrote and what it made the writer remember."""
        self._turn.memory.undo()
        if self._is_saved:
            self._connection.execute("rollback to work")
            self._connection.execute("release work")

    def _make_way(self, sql: str) -> None:
        """Write what a statement has to see, before it runs; after a write, forget its tables."""
        steps = footprint(sql)
        tables = steps.tables
        if not steps.only_reads:
            self._save()
            self._turn.memory.drop(tables)
        if self._waits(tables):
            self._save()
            self._write_own(tables)
        self._turn.write(tables)

    def _waits(self, tables: frozenset[str]) -> bool:
        if not tables:
            return bool(self._waiting)
        return any(each[0] in tables for each in self._waiting)

    def _save(self) -> None:
        if not self._is_saved:
            self._turn.write()
            self._is_saved = bool(self._connection.execute("savepoint work"))

    def _write_own(self, tables: frozenset[str]) -> None:
        kept: list[Waiting] = []
        for each in self._waiting:
            table, sql, values, numbers, _ = each
            if tables and table not in tables:
                kept.append(each)
            else:
                self._connection.execute(sql, values if numbers is None else (*numbers, *values))
        self._waiting = kept

    def _next_id(self, table: str) -> int:
        """Return the id that the next row of a table gets."""
        self._make_way(f"select 1 from {table}")  # the rows that wait have ids already
        row = self.one("select seq from sqlite_sequence where name = ?", (table,))
        return 1 + (int(row["seq"]) if row else 0)
