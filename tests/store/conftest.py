"""A database with a table of notes, on a scheduler that the test runs; on both engines."""

from collections.abc import Iterator

import pytest

from mock_server.store.engine.database import Database
from tests.support.databases import on_both
from tests.support.turns import ByHand, Seen

ON_BOTH_DATABASES = {
    "test_database", "test_journal", "test_last_credit", "test_texts", "test_every_statement",
    "test_agreement", "test_coverage", "test_task_list",
}  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests on both databases, except those for one engine."""
    on_both(metafunc, ON_BOTH_DATABASES)


@pytest.fixture
def scheduler() -> ByHand:
    return ByHand()


@pytest.fixture
def database(scheduler: ByHand, address: str) -> Iterator[Database]:
    built, seen = Database(address, scheduler), Seen()
    built.submit(lambda tx: tx.execute("create table note (text text)"), seen)
    scheduler.turn_until(lambda: seen.errors == [None])
    yield built
    built.close()
