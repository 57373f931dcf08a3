"""The interface of a transaction: statements, rows, and actions after the commit."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from operator import add
from typing import Any, Protocol, TypeVar

from mock_server.domain.records import dataclass
from mock_server.store.engine.memory import Forgetful, Memory

T = TypeVar("T")
Value = str | int | float | bytes | None
Numbers = tuple[int, ...]
# Puts together what two works add to one row.
Merge = Callable[[Numbers, Numbers], Numbers]

log = logging.getLogger(__name__)


class DatabaseClosedError(RuntimeError):
    """Work was handed in after the end: nobody would ever do it."""

    def __init__(self) -> None:
        super().__init__("the database is closed")


class DatabaseAwayError(RuntimeError):
    """The database does not answer; nothing of the work is booked."""

    def __init__(self) -> None:
        super().__init__("the database does not answer, so nothing of this is booked")


def log_failure(logger: logging.Logger, what: str, error: BaseException) -> None:
    """Log what failed; where the database is away, in one line: the code is not to blame."""
    if isinstance(error, DatabaseAwayError):
        logger.error("%s: %s", what, error)
    else:
        logger.error(what, exc_info=error)


class Row(Protocol):
    """A row, read by column name; `Record(**row)` turns it into a record."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the value of a column."""

    def keys(self) -> Iterable[str]:
        """Return the names of the columns."""


def added(before: Numbers, numbers: Numbers) -> Numbers:
    """Return the sums of numbers: the usual Merge."""
    return tuple(map(add, before, numbers))


class Transaction(Protocol):
    """The argument of `work(tx)`; valid only while the work runs."""

    after_commit: list[Callable[[], None]]
    memory: Memory

    @property
    def for_update(self) -> str:
        """The end of a select that locks its rows; empty if there is only one writer."""

    @property
    def skip_locked(self) -> str:
        """The same, for a select that skips rows locked by others."""

    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement and return how many rows it changed."""

    def insert(self, sql: str, values: Sequence[Value]) -> int:
        """Run an insert and return the id of the new row."""

    def execute_later(self, sql: str, values: tuple[Value, ...]) -> None:
        """Run a statement by the commit, or before the next one that its table concerns."""

    def insert_later(self, sql: str, values: tuple[Value, ...]) -> int:
        """Run an insert by then, and return the id of the new row now."""

    def add_later(
        self, sql: str, numbers: Numbers, key: tuple[Value, ...], merge: Merge = added
    ) -> None:
        """Add numbers to the row of a key by then, with those of other works in one statement.

        The statement's values are first the numbers, then the key; it is used for nothing else.
        `merge` puts the numbers of two works together; it does what the statement does.
        """

    def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row of a statement, or None."""

    def one_written(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row among those that are written by now: nothing is written first, so
        who asks has to know by itself what waits.
        """

    def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Return every row of a statement."""

    def tell_others(self) -> None:
        """Have other processes that use these rows look at them after the commit, see
        Database.listen.
        """


class RunsAtOnce(ABC):
    """The part of a Transaction that leaves nothing to the commit, and remembers nothing."""

    __slots__ = ()

    memory: Memory = Forgetful()

    @abstractmethod
    def execute(self, sql: str, values: Sequence[Value] = ()) -> int:
        """See Transaction."""

    @abstractmethod
    def insert(self, sql: str, values: Sequence[Value]) -> int:
        """See Transaction."""

    @abstractmethod
    def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """See Transaction."""

    def one_written(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """See Transaction."""
        return self.one(sql, values)

    def execute_later(self, sql: str, values: tuple[Value, ...]) -> None:
        """See Transaction."""
        self.execute(sql, values)

    def insert_later(self, sql: str, values: tuple[Value, ...]) -> int:
        """See Transaction."""
        return self.insert(sql, values)

    def add_later(
        self,
        sql: str,
        numbers: Numbers,
        key: tuple[Value, ...],
        merge: Merge = added,  # noqa: ARG002
    ) -> None:
        """See Transaction."""
        self.execute(sql, (*numbers, *key))


Work = Callable[[Transaction], T]
Done = Callable[[Any, BaseException | None], None]
# Hears of each turn of a database: works done, works failed, seconds.
OnTurn = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class WorkOutcome:
    """The outcome of a work, once its transaction is committed or rolled back."""

    result: Any = None
    error: BaseException | None = None
    after: Sequence[Callable[[], None]] = ()

    def report(self, done: Done) -> None:
        """Run the actions after the commit, then call `done`.

        An exception in one of them does not stop the others.
        """
        for follow_up in self.after:
            _call(follow_up)
        _call(done, self.result, self.error)


def _call(listener: Callable[..., None], *what: Any) -> None:
    try:
        listener(*what)
    except Exception:
        log.exception("an action after a commit failed")
