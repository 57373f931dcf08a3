import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction
from tests.support.turns import ByHand, Seen, fail, notes, write


@pytest.fixture
def kept(address: str, tmp_path: Path) -> str:
    """A database that still exists after it was closed."""
    return str(tmp_path / "a.sqlite3") if address == ":memory:" else address


def test_nobody_hears_before_the_commit(database: Database, scheduler: ByHand) -> None:
    seen_by_readers: list[list[str]] = []
    database.submit(write("a"), lambda *_: seen_by_readers.append(notes(database)))

    assert seen_by_readers == []
    scheduler.turn_until(lambda: bool(seen_by_readers))

    assert seen_by_readers == [["a"]]


def test_a_work_that_fails_takes_nothing_of_its_neighbours_along(
    database: Database, scheduler: ByHand
) -> None:
    seen = Seen()
    for work in (write("a"), fail, write("b")):
        database.submit(work, seen)

    scheduler.turn_until(lambda: len(seen.outcomes) == 3)

    assert Counter(seen.errors) == {None: 2, LookupError: 1}
    assert sorted(notes(database)) == ["a", "b"]


def test_a_statement_that_fails_takes_nothing_of_its_neighbours_along(
    database: Database, scheduler: ByHand
) -> None:
    seen = Seen()
    for work in (write("a"), lambda tx: tx.execute("insert into nothing values (1)"), write("b")):
        database.submit(work, seen)

    scheduler.turn_until(lambda: len(seen.outcomes) == 3)

    assert seen.errors.count(None) == 2
    assert sorted(notes(database)) == ["a", "b"]


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

    seen = Seen()
    database.submit(follow, seen)
    database.submit(follow_and_fail, seen)
    scheduler.turn_until(lambda: len(seen.outcomes) == 2)

    assert followed == [["a"]]


def test_a_follow_up_or_a_listener_that_fails_keeps_nobody_waiting(
    database: Database, scheduler: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    seen, broken_ones = Seen(), []

    def broken(*_: Any) -> None:
        broken_ones.append(1)
        raise LookupError("no")

    database.submit(lambda tx: tx.after_commit.append(broken), seen)
    database.submit(write("a"), broken)
    database.submit(write("b"), seen)
    with caplog.at_level(logging.CRITICAL):
        scheduler.turn_until(lambda: len(seen.outcomes) == 2 and len(broken_ones) == 2)

    assert seen.errors == [None, None]
    assert sorted(notes(database)) == ["a", "b"]


def test_a_blocking_hand_off_from_the_owners_own_thread_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match="would deadlock"):
        database.run(write("a"))


def test_a_read_sees_the_latest_commit_as_one_state(database: Database, scheduler: ByHand) -> None:
    def look(tx: Transaction) -> tuple[int, int]:
        before, seen = len(tx.all("select * from note")), Seen()
        database.submit(write("later"), seen)
        scheduler.turn_until(lambda: seen.errors == [None])
        return before, len(tx.all("select * from note"))

    assert database.read(look) == (0, 0)
    assert notes(database) == ["later"]


def test_a_read_cannot_write_and_leaves_its_connection_usable(database: Database) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        database.read(write("a"))

    assert notes(database) == []


def test_closing_finishes_what_is_queued(kept: str) -> None:
    scheduler, seen = ByHand(), Seen()
    database = Database(kept, scheduler)
    for number in range(20):
        database.submit(count(number), seen)

    database.close()
    scheduler.turn()

    assert seen.errors == [None] * 20
    reopened = Database(kept)
    rows = reopened.read(lambda tx: tx.all("select * from call_total"))
    reopened.close()
    assert {row["seen"] for row in rows} == {*range(20)}


def count(number: int) -> Callable[[Transaction], object]:
    sql = "insert into call_total values (?, ?, 0, 0)"
    return lambda tx: tx.execute(sql, (str(number), number))


def test_a_closed_database_refuses_work_instead_of_keeping_it_for_ever(address: str) -> None:
    database = Database(address)
    database.close()

    with pytest.raises(RuntimeError, match="closed"):
        database.run(write("a"))


def test_works_of_many_threads_are_all_done_once(address: str) -> None:
    database = Database(address)
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
