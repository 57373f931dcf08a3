import logging
import sqlite3
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from mock_server.store import sqlite as module
from mock_server.store.database import Database
from mock_server.store.transaction import Transaction
from tests.support.turns import ByHand, Seen, commits, fail, notes, write


def test_the_works_of_one_turn_share_one_commit(database: Database, scheduler: ByHand) -> None:
    ran, seen = commits(database), Seen()
    for text in "abc":
        database.submit(write(text), seen)

    scheduler.turn()

    assert ran.count("commit") == 1
    assert seen.told == [("a", None), ("b", None), ("c", None)]
    assert notes(database) == ["a", "b", "c"]


def test_nobody_hears_before_the_commit(database: Database, scheduler: ByHand) -> None:
    seen_by_readers: list[list[str]] = []
    database.submit(write("a"), lambda *_: seen_by_readers.append(notes(database)))
    database.submit(write("b"), lambda *_: seen_by_readers.append(notes(database)))

    assert notes(database) == []
    scheduler.turn()

    assert seen_by_readers == [["a", "b"], ["a", "b"]]


def test_a_work_that_fails_takes_nothing_of_its_neighbours_along(
    database: Database, scheduler: ByHand
) -> None:
    seen = Seen()
    for work in (write("a"), fail, write("b")):
        database.submit(work, seen)

    scheduler.turn()

    assert seen.errors == [None, LookupError, None]
    assert notes(database) == ["a", "b"]


def test_a_statement_that_fails_takes_nothing_of_its_neighbours_along(
    database: Database, scheduler: ByHand
) -> None:
    seen = Seen()
    for work in (write("a"), lambda tx: tx.execute("insert into nothing values (1)"), write("b")):
        database.submit(work, seen)

    scheduler.turn()

    assert seen.errors == [None, sqlite3.OperationalError, None]
    assert notes(database) == ["a", "b"]


def test_follow_ups_run_after_the_commit_and_not_for_a_work_that_failed(
    database: Database, scheduler: ByHand
) -> None:
    followed: list[list[str]] = []

    def follow(tx: Transaction) -> None:
        write("a")(tx)
        tx.after_commit.append(lambda: followed.append(notes(database)))

    def follow_and_fail(tx: Transaction) -> None:
        tx.after_commit.append(lambda: followed.append(["never"]))
        fail(tx)

    database.submit(follow, Seen())
    database.submit(follow_and_fail, Seen())
    scheduler.turn()

    assert followed == [["a"]]


def test_a_follow_up_or_a_listener_that_fails_keeps_nobody_waiting(
    database: Database, scheduler: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()

    def broken(*_: Any) -> None:
        raise LookupError("no")

    database.submit(lambda tx: tx.after_commit.append(broken), seen)
    database.submit(write("a"), broken)
    database.submit(write("b"), seen)
    with caplog.at_level(logging.CRITICAL):
        scheduler.turn()

    assert seen.errors == [None, None]
    assert notes(database) == ["a", "b"]


def test_a_long_queue_is_cut_into_turns(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TURN", 2)
    ran, seen = commits(database), Seen()
    for text in "abcde":
        database.submit(write(text), seen)

    scheduler.turn()
    assert [result for result, _ in seen.told] == ["a", "b"]
    while scheduler.tasks:
        scheduler.turn()

    assert [result for result, _ in seen.told] == list("abcde")
    assert ran.count("commit") == 3


def test_a_blocking_hand_off_from_the_owners_own_thread_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match="would deadlock"):
        database.run(write("a"))


def test_a_read_sees_the_latest_commit_as_one_state(database: Database, scheduler: ByHand) -> None:
    def look(tx: Transaction) -> tuple[int, int]:
        before = len(tx.all("select * from note"))
        database.submit(write("later"), Seen())
        scheduler.turn()
        return before, len(tx.all("select * from note"))

    assert database.read(look) == (0, 0)
    assert notes(database) == ["later"]


def test_a_read_cannot_write_and_leaves_its_connection_usable(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.read(write("a"))

    assert notes(database) == []


def test_closing_finishes_what_is_queued(tmp_path: Path) -> None:
    path = str(tmp_path / "a.sqlite3")
    scheduler, seen = ByHand(), Seen()
    database = Database(path, scheduler)
    database.submit(lambda tx: tx.execute("create table note (text text)"), seen)
    database.submit(write("a"), seen)

    database.close()
    scheduler.turn()

    assert seen.errors == [None, None]
    reopened = Database(path)
    assert notes(reopened) == ["a"]
    reopened.close()


def test_a_closed_database_refuses_work_instead_of_keeping_it_for_ever(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "a.sqlite3"))
    database.close()

    with pytest.raises(RuntimeError, match="closed"):
        database.run(write("a"))


def test_a_private_database_leaves_nothing_behind() -> None:
    database = Database(":memory:")
    path = Path(database.place)
    assert path.exists()

    database.close()

    assert not path.parent.exists()


def test_works_of_many_threads_are_all_done_once() -> None:
    database = Database(":memory:")
    database.run(lambda tx: tx.execute("create table note (text text)"))
    futures: list[Future[str]] = []
    lock = threading.Lock()

    def hand_in(name: int) -> None:
        for number in range(50):
            future = database.start(write(f"{name}-{number}"))
            with lock:
                futures.append(future)

    threads = [threading.Thread(target=hand_in, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [future.result(timeout=30) for future in futures]

    assert sorted(notes(database)) == sorted(done)
    assert len(set(done)) == 400
    database.close()
