"""A covered item is stored once, with the first call, and outlives its account."""

from collections.abc import Iterator

import pytest

from mock_server.store import coverage
from mock_server.store.engine.database import Database


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    built = Database(address)
    yield built
    built.close()


def add(database: Database, account: str, *items: str, call: int) -> None:
    database.run(lambda tx: coverage.add(tx, account, items, call))


def test_the_first_call_stays(database: Database) -> None:
    add(database, "a", "x", "y", call=3)
    add(database, "a", "x", call=5)

    assert database.read(lambda tx: coverage.of(tx, "a")) == {"x": 3, "y": 3}
    assert database.read(lambda tx: coverage.of(tx, "b")) == {}


def test_the_first_of_everybody_counts(database: Database) -> None:
    add(database, "a", "x", call=7)
    add(database, "b", "x", "y", call=5)

    assert database.read(coverage.for_all_accounts) == {"x": 5, "y": 5}


def test_what_a_world_leaves_behind_is_nobodys_and_has_no_call(database: Database) -> None:
    add(database, "a", "x", "y", call=1)
    add(database, "b", "x", call=2)
    add(database, coverage.ARCHIVED, "y", call=3)

    database.run(lambda tx: coverage.archive(tx, "a"))
    database.run(lambda tx: coverage.archive(tx, "a"))

    assert database.read(lambda tx: coverage.of(tx, "a")) == {}
    assert database.read(lambda tx: coverage.of(tx, "b")) == {"x": 2}
    assert database.read(lambda tx: coverage.of(tx, coverage.ARCHIVED)) == {"x": None, "y": 3}
    assert database.read(coverage.for_all_accounts) == {"x": 2, "y": 3}
