"""Statements that wait for the end of a turn, or of a work on PostgreSQL: rows are written
together, sums are summed up first.

Rule 1: statements of one table keep their order; those of different tables have none.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from mock_server.store.engine.transaction import Merge, Numbers, Value

Values = tuple[Value, ...]
# The table, the statement, its values; what it adds (None: nothing), and how that is put together.
Waiting = tuple[str, str, Values, Numbers | None, Merge]


class RunsMany(Protocol):
    """What runs a statement for many rows: a connection."""

    def executemany(self, sql: str, rows: Sequence[Values], /) -> Any:
        """Run a statement for each of these rows, at least one."""


class WaitingStatements:
    """The statements that finished works have left to the end, by table."""

    __slots__ = ("_tables",)

    def __init__(self) -> None:
        self._tables: dict[str, list[_Together]] = {}

    def add(self, statements: Iterable[Waiting]) -> None:
        """Add the statements of a work, in their order."""
        for table, sql, values, numbers, merge in statements:
            groups = self._tables.get(table)
            if groups is None:
                groups = self._tables[table] = []
            if not groups or groups[-1].sql != sql:
                groups.append(_Together(sql))
            if numbers is None:
                groups[-1].rows.append(values)
            else:
                groups[-1].add_up(values, numbers, merge)

    def touches(self, tables: frozenset[str]) -> bool:
        """Whether a statement waits that changes one of these tables; none: any table."""
        return bool(self._tables) if not tables else not tables.isdisjoint(self._tables)

    def run(self, connection: RunsMany, tables: frozenset[str] = frozenset()) -> None:
        """Run what waits for these tables; none: everything. Afterwards it no longer waits."""
        for table in [each for each in self._tables if not tables or each in tables]:
            for group in self._tables.pop(table):
                group.run(connection)


class _Together:
    """One statement for many rows, or for sums by their key; a statement is never for both."""

    __slots__ = ("rows", "sql", "sums")

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.rows: list[Values] = []
        self.sums: dict[Values, Numbers] = {}

    def add_up(self, key: Values, numbers: Numbers, merge: Merge) -> None:
        before = self.sums.get(key)
        self.sums[key] = numbers if before is None else merge(before, numbers)

    def run(self, connection: RunsMany) -> None:
        sums = [(*numbers, *key) for key, numbers in self.sums.items()]
        connection.executemany(self.sql, self.rows or sums)
