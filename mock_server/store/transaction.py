"""A transaction as the rest of the house sees it: statements, rows, and what follows a commit."""

import sqlite3
from collections.abc import Callable, Sequence

Value = str | int | float | bytes | None
# Read by column name; `Record(**row)` makes a record of it.
Row = sqlite3.Row


class Transaction:
    """What `work(tx)` is handed. Valid only while the work runs."""

    __slots__ = ("_connection", "after_commit")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.after_commit: list[Callable[[], None]] = []

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Value]) -> int:
        """Run an insert and return the id of the new row."""
        return self._connection.execute(sql, values).lastrowid or 0

    def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row of a statement, or None."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Return every row of a statement."""
        return self._connection.execute(sql, values).fetchall()
