"""What the one writer remembers of the rows in use, so that it need not ask for them again.

Rule 1: there is one point of invalidation: a statement that writes to a table at once makes the
writer forget all of that table (`drop`), whoever ran it.
Rule 2: what a failed work had remembered is forgotten (`undo`).
Rule 3: where others may write too, nothing is remembered (Forgetful).
"""

from collections.abc import Hashable
from typing import Any, Protocol


class Memory(Protocol):
    """Values by table and key."""

    @property
    def lasts(self) -> bool:
        """Whether what is kept is there for the next work; never, where others may write too."""

    def get(self, table: str, key: Hashable) -> Any:
        """Return what is remembered; None: nothing."""

    def keep(self, table: str, key: Hashable, value: Any) -> None:
        """Remember a value that the rows of a table have, or will have at the end of the turn."""


class Forgetful:
    """The memory of a connection that is not the only writer's."""

    lasts = False

    def get(self, table: str, key: Hashable) -> Any:
        """See Memory."""

    def keep(self, table: str, key: Hashable, value: Any) -> None:
        """See Memory."""


class WriterMemory:
    """The memory of the one writer, bounded for each table."""

    MOST_VALUES = 32_768  # an account in use needs two
    lasts = True

    __slots__ = ("_tables", "_touched")

    def __init__(self) -> None:
        self._tables: dict[str, dict[Hashable, Any]] = {}
        self._touched: list[tuple[str, Hashable]] = []

    def get(self, table: str, key: Hashable) -> Any:
        """See Memory."""
        values = self._tables.get(table)
        return None if values is None else values.get(key)

    def keep(self, table: str, key: Hashable, value: Any) -> None:
        """See Memory."""
        self._touched.append((table, key))
        values = self._tables.get(table)
        if values is None:
            values = self._tables[table] = {}
        elif len(values) >= self.MOST_VALUES:
            values.clear()
        values[key] = value

    def drop(self, tables: frozenset[str]) -> None:
        """Forget everything of these tables; none: of all tables."""
        if not tables:
            self._tables.clear()
        for table in tables:
            self._tables.pop(table, None)

    def work_begins(self) -> None:
        """What is remembered from now on is undone if the work fails."""
        self._touched.clear()

    def undo(self) -> None:
        """Forget what the failed work remembered."""
        for table, key in self._touched:
            values = self._tables.get(table)
            if values is not None:
                values.pop(key, None)
        self._touched.clear()
