"""SQLite: works handed in during one turn of the scheduler share one commit."""

from pathlib import Path

import pytest

from mock_server.store.engine import sqlite as module
from mock_server.store.engine.database import Database
from tests.support.turns import ByHand, Seen, commits, fail, notes, write


def test_the_works_of_one_turn_share_one_commit(database: Database, scheduler: ByHand) -> None:
    ran, seen = commits(database), Seen()
    for text in "abc":
        database.submit(write(text), seen)

    scheduler.turn()

    assert ran.count("commit") == 1
    assert seen.outcomes == [("a", None), ("b", None), ("c", None)]
    assert notes(database) == ["a", "b", "c"]


def test_a_long_queue_is_cut_into_turns(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TURN", 2)
    ran, seen = commits(database), Seen()
    for text in "abcde":
        database.submit(write(text), seen)

    scheduler.turn()
    assert [result for result, _ in seen.outcomes] == ["a", "b"]
    while scheduler.tasks:
        scheduler.turn()

    assert [result for result, _ in seen.outcomes] == list("abcde")
    assert ran.count("commit") == 3


def test_a_turn_that_takes_long_is_cut_and_the_rest_comes_first_in_the_next(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN_S", 0)
    ran, seen = commits(database), Seen()
    for text in "ab":
        database.submit(write(text), seen)
    database.submit(fail, seen)

    scheduler.turn()
    assert [result for result, _ in seen.outcomes] == ["a"]
    database.submit(write("c"), seen)
    while scheduler.tasks:
        scheduler.turn()

    assert seen.errors == [None, None, LookupError, None]
    assert ran.count("commit") == 4
    assert notes(database) == ["a", "b", "c"]


def test_a_private_database_leaves_nothing_behind() -> None:
    database = Database(":memory:")
    path = Path(database.place)
    assert path.exists()

    database.close()

    assert not path.parent.exists()
