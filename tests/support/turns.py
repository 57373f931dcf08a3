"""A database whose turns the test runs, and works for it."""

import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from mock_server.store.engine.database import Database
from mock_server.store.engine.sqlite import SqliteEngine
from mock_server.store.engine.transaction import Transaction
from tests.support.processes import until

Task = Callable[[], None]


class ByHand:
    """A scheduler whose turns the test runs, on its own thread."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def call_soon(self, task: Task) -> None:
        self.tasks.append(task)

    def is_owner(self) -> bool:
        return True

    def close(self) -> None:
        """Do nothing."""

    def turn(self) -> None:
        tasks, self.tasks = self.tasks, []
        for task in tasks:
            task()

    def turn_until(self, condition: Callable[[], bool]) -> None:
        """Run turns until a condition holds; works may run on other threads."""

        def holds() -> bool:
            self.turn()
            return condition()

        until(holds)


class Seen:
    """The outcomes of works, in the order in which they were reported."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[Any, BaseException | None]] = []

    def __call__(self, result: Any, error: BaseException | None) -> None:
        self.outcomes.append((result, error))

    @property
    def errors(self) -> list[type[BaseException] | None]:
        return [None if error is None else type(error) for _, error in self.outcomes]


def write(text: str) -> Callable[[Transaction], str]:
    def work(tx: Transaction) -> str:
        tx.execute("insert into note values (?)", (text,))
        return text

    return work


def fail(tx: Transaction) -> None:
    tx.execute("insert into note values ('half')")
    raise LookupError("no")


def fill_the_disk(tx: Transaction) -> None:
    row = tx.one("pragma page_count")
    tx.execute(f"pragma max_page_count = {row['page_count'] if row else 0}")
    try:
        tx.execute("insert into note values (?)", ("x" * 5_000_000,))
    finally:
        tx.execute("pragma max_page_count = 1000000")


def rollback(tx: Transaction) -> None:
    """Roll back the whole transaction, as SQLite does on some errors."""
    tx.execute("rollback")
    raise sqlite3.OperationalError("disk I/O error")


def notes(database: Database) -> list[str]:
    return database.read(lambda tx: [row["text"] for row in tx.all("select text from note")])


def in_one_turn(database: Database, works: Sequence[Callable[[Transaction], Any]]) -> list[Any]:
    """Return the results of works that one turn does, or the texts of their errors."""
    seen: list[Any] = []
    gate, done = threading.Event(), threading.Event()

    def told(result: Any, error: BaseException | None) -> None:
        seen.append(result if error is None else repr(error))
        if len(seen) == len(works):
            done.set()

    def hold() -> None:
        assert gate.wait(30)

    database._scheduler.call_soon(hold)
    for work in works:
        database.submit(work, told)
    gate.set()
    assert done.wait(30)
    return seen


def writer(database: Database) -> sqlite3.Connection:
    """Return the writing connection of a file."""
    assert isinstance(database._engine, SqliteEngine)
    return database._engine._writer


def commits(database: Database) -> list[str]:
    ran: list[str] = []
    writer(database).set_trace_callback(ran.append)
    return ran


def at_line(
    number: int, folder: str, work: Callable[[Transaction], Any]
) -> Callable[[Transaction], Any]:
    """Return a work that fails at the n-th line of a folder that it runs, if it gets so far.

    It fails again if its turn is done again.
    """
    left = number

    def failing(tx: Transaction) -> Any:
        if left == 0:
            raise LookupError("again")

        def trace(frame: FrameType, event: str, _arg: Any) -> Any:
            nonlocal left
            if left == 0 or not frame.f_code.co_filename.startswith(folder):
                return None
            if event == "line":
                left -= 1
                if left == 0:
                    raise LookupError("at this line")
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return work(tx)
        finally:
            sys.settrace(before)

    return failing
