"""A transaction as the rest of the house sees it: statements, rows, and what follows a commit."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Value = str | int | float | bytes | None

log = logging.getLogger(__name__)


class DatabaseClosedError(RuntimeError):
    """Work was handed in after the end: nobody would ever do it."""

    def __init__(self) -> None:
        super().__init__("the database is closed")


class Row(Protocol):
    """Read by column name; `Record(**row)` makes a record of it."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the value of a column."""

    def keys(self) -> Iterable[str]:
        """Return the names of the columns."""


class Transaction(Protocol):
    """What `work(tx)` is handed. Valid only while the work runs."""

    after_commit: list[Callable[[], None]]

    @property
    def for_update(self) -> str:
        """What ends a select that keeps others off what it finds; nothing if nobody else writes."""

    @property
    def skip_locked(self) -> str:
        """The same, for a select that passes over what another has taken."""

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement and return how many rows it changed."""

    def insert(self, sql: str, values: Sequence[Value]) -> int:
        """Run an insert and return the id of the new row."""

    def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row of a statement, or None."""

    def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Return every row of a statement."""


Work = Callable[[Transaction], T]
Done = Callable[[Any, BaseException | None], None]


@dataclass(frozen=True, slots=True)
class WorkOutcome:
    """What became of a work, once its transaction is committed or rolled back."""

    result: Any = None
    error: BaseException | None = None
    after: Sequence[Callable[[], None]] = ()

    def tell(self, done: Done) -> None:
        """Run what follows the commit, then call the one who waits.

        If one of them fails, the others hear all the same.
        """
        for follow_up in self.after:
            _call(follow_up)
        _call(done, self.result, self.error)


def _call(listener: Callable[..., None], *what: Any) -> None:
    try:
        listener(*what)
    except Exception:
        log.exception("a follow-up of a commit failed")
