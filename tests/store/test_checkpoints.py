"""SQLite: the write-ahead log is copied off the writer's thread, and does not grow for ever."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from mock_server.store.engine import checkpoints
from mock_server.store.engine.checkpoints import Checkpointer, copy_log
from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction
from tests.support.turns import ByHand, Seen, commits, notes, write, writer

SMALL = 40


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a log of few pages copied."""
    monkeypatch.setattr(checkpoints, "LOG_PAGES", SMALL)
    monkeypatch.setattr(checkpoints, "FEW_PAGES", 4)


def checkpointer(database: Database) -> Checkpointer:
    engine: Any = database._engine
    found: Checkpointer = engine._checkpointer
    return found


def fill(database: Database, scheduler: ByHand, turns: int) -> None:
    """Commit so many turns, each of one or two pages."""
    seen = Seen()
    for number in range(turns):
        database.submit(write(f"{number} " + "x" * 3_000), seen)
        scheduler.turn()
    assert set(seen.errors) == {None}


def copied(database: Database, scheduler: ByHand) -> None:
    """Wait until nothing is being copied."""
    scheduler.turn_until(lambda: checkpointer(database)._thread is None)


def test_the_length_of_the_log_is_what_sqlite_says(database: Database, scheduler: ByHand) -> None:
    fill(database, scheduler, 10)

    pages = writer(database).execute("pragma wal_checkpoint(passive)").fetchone()[1]
    assert checkpointer(database).log_pages() == pages > 10


def test_a_commit_copies_nothing_itself(database: Database, scheduler: ByHand) -> None:
    ran = commits(database)

    fill(database, scheduler, 1_200)  # SQLite itself would copy at 1,000 pages

    assert checkpointer(database).log_pages() > 1_200
    assert [each for each in ran if "checkpoint" in each] == []


@pytest.mark.usefixtures("small")
def test_a_log_that_is_long_is_copied_by_a_thread_and_begun_again(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_thread: list[bool] = []

    def noted(connection: sqlite3.Connection) -> int:
        is_writer = connection is writer(database)
        by_thread.append(not is_writer)
        assert is_writer == (threading.current_thread() is threading.main_thread())
        left = copy_log(connection)
        assert not is_writer or left == 0
        return left

    monkeypatch.setattr(checkpoints, "copy_log", noted)
    longest = 0
    for _ in range(12):
        fill(database, scheduler, SMALL)
        longest = max(longest, checkpointer(database).log_pages())
        copied(database, scheduler)

    assert by_thread[:1] == [True]
    assert by_thread.count(False) >= 3
    assert longest < 6 * SMALL
    assert len(notes(database)) == 12 * SMALL


@pytest.mark.usefixtures("small")
def test_while_somebody_reads_an_older_state_the_log_grows_and_is_begun_again_after(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    start = threading.Thread.start

    def counted(self: threading.Thread) -> None:
        started.append(self)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", counted)

    def read_slowly(tx: Transaction) -> int:
        before = len(tx.all("select text from note"))
        for _ in range(100):
            fill(database, scheduler, 2)
            copied(database, scheduler)
        return len(tx.all("select text from note")) - before

    fill(database, scheduler, 5)
    assert database.read(read_slowly) == 0
    assert checkpointer(database).log_pages() > 200
    assert len(started) < 200 / 2  # not one for each turn

    fill(database, scheduler, SMALL)
    copied(database, scheduler)
    fill(database, scheduler, 1)
    assert checkpointer(database).log_pages() < SMALL


@pytest.mark.usefixtures("small")
def test_the_writer_waits_where_the_thread_does_not_keep_up(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_LOG_PAGES", 3 * SMALL)
    may_go_on = threading.Event()

    def stuck(self: Checkpointer) -> None:
        may_go_on.wait(10)
        self._scheduler.call_soon(self._finish)

    monkeypatch.setattr(Checkpointer, "_copy", stuck)
    fill(database, scheduler, 10 * SMALL)

    assert checkpointer(database).log_pages() <= 3 * SMALL + 4
    may_go_on.set()
    copied(database, scheduler)


@pytest.mark.usefixtures("small")
def test_a_copy_that_fails_loses_nothing_and_stops_no_call(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_connection: sqlite3.Connection) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "copy_log", fail)
        fill(database, scheduler, 3 * SMALL)
        copied(database, scheduler)

    fill(database, scheduler, SMALL)
    copied(database, scheduler)
    assert len(notes(database)) == 4 * SMALL


@pytest.mark.usefixtures("small")
def test_closing_waits_for_the_copy_and_leaves_no_log(tmp_path: Path, scheduler: ByHand) -> None:
    path = tmp_path / "world.sqlite3"
    database, seen = Database(str(path), scheduler), Seen()
    database.submit(lambda tx: tx.execute("create table note (text text)"), seen)
    fill(database, scheduler, 2 * SMALL)
    database.close()
    scheduler.turn()  # what the thread handed in comes too late, and does nothing

    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(("-wal", "-shm"))] == []
    again = Database(str(path), scheduler)
    assert len(notes(again)) == 2 * SMALL
    again.close()
