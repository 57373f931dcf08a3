"""A database with a table of notes, on a scheduler that only the test runs."""

from collections.abc import Iterator

import pytest

from mock_server.store.database import Database
from tests.support.turns import ByHand, Seen


@pytest.fixture
def scheduler() -> ByHand:
    return ByHand()


@pytest.fixture
def database(scheduler: ByHand) -> Iterator[Database]:
    built = Database(":memory:", scheduler)
    built.submit(lambda tx: tx.execute("create table note (text text)"), Seen())
    scheduler.turn()
    yield built
    built.close()
