"""If SQLite rolls back a whole turn, nothing of it is booked, and every caller gets an error."""

import logging
from collections.abc import Callable

import pytest

from mock_server.store.engine.database import Database
from mock_server.store.engine.sqlite import TurnLostError
from mock_server.store.engine.transaction import Transaction
from tests.support.turns import ByHand, Seen, fill_the_disk, notes, rollback, write, writer


@pytest.mark.parametrize("lose", [fill_the_disk, rollback])
def test_a_lost_turn_books_nothing_and_every_work_of_it_fails(
    database: Database,
    scheduler: ByHand,
    lose: Callable[[Transaction], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = Seen()
    followed: list[str] = []

    def follow(tx: Transaction) -> None:
        write("a")(tx)
        tx.after_commit.append(lambda: followed.append("a"))

    for work in (follow, lose, write("b")):
        database.submit(work, seen)
    with caplog.at_level(logging.CRITICAL):
        scheduler.turn()

    assert seen.errors == [TurnLostError] * 3
    assert (notes(database), followed) == ([], [])


def test_the_turn_after_a_lost_one_is_whole(
    database: Database, scheduler: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        database.submit(fill_the_disk, Seen())
        scheduler.turn()
    seen = Seen()
    database.submit(write("a"), seen)
    scheduler.turn()

    assert seen.errors == [None]
    assert notes(database) == ["a"]


def test_a_commit_that_fails_loses_the_turn(
    database: Database, scheduler: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()
    database.submit(lambda tx: tx.execute("create table parent (id integer primary key)"), seen)
    database.submit(
        lambda tx: tx.execute(
            "create table child (id integer references parent deferrable initially deferred)"
        ),
        seen,
    )
    scheduler.turn()
    writer(database).execute("pragma foreign_keys = on")
    database.submit(write("a"), seen)
    database.submit(lambda tx: tx.execute("insert into child values (7)"), seen)
    with caplog.at_level(logging.CRITICAL):
        scheduler.turn()

    assert seen.errors == [None, None, TurnLostError, TurnLostError]
    assert notes(database) == []
