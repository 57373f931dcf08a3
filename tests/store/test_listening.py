"""What one process tells another of: at once, never itself, and again after a lost connection."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest

from mock_server.store.engine import postgres_listener
from mock_server.store.engine.database import Database
from mock_server.store.engine.postgres_listener import Listener
from mock_server.store.engine.transaction import Transaction
from tests.support import postgres
from tests.support.processes import until

pytestmark = pytest.mark.slow


class Ear:
    """Counts what a database was told."""

    def __init__(self, database: Database) -> None:
        self.times = 0
        self.heard = threading.Event()
        database.listen(self)

    def __call__(self) -> None:
        self.times += 1
        self.heard.set()


@pytest.fixture
def address() -> str:
    return postgres.empty_schema()


@pytest.fixture
def pair(address: str) -> Iterator[tuple[Database, Database]]:
    with ExitStack() as stack:
        databases = [Database(address) for _ in range(2)]
        for each in databases:
            stack.callback(each.close)
        yield databases[0], databases[1]


def listening(address: str, count: int) -> bool:
    """Whether so many connections of a database listen."""
    sql = "select count(*) from pg_stat_activity where query like 'listen%'"
    return postgres.count(address, sql) >= count


def test_the_other_hears_of_it_and_whoever_says_it_does_not(
    pair: tuple[Database, Database], address: str
) -> None:
    ears = [Ear(each) for each in pair]
    until(lambda: listening(address, 2))
    pair[0].run(lambda tx: tx.tell_others())
    assert ears[1].heard.wait(10)
    pair[1].run(lambda tx: tx.tell_others())
    assert ears[0].heard.wait(10)

    assert [ear.times for ear in ears] == [1, 1]


def test_what_is_rolled_back_is_told_to_nobody(
    pair: tuple[Database, Database], address: str
) -> None:
    ear = Ear(pair[1])
    until(lambda: listening(address, 1))

    def fails(tx: Transaction) -> None:
        tx.tell_others()
        raise KeyError("no commit")

    with pytest.raises(KeyError, match="no commit"):
        pair[0].run(fails)
    pair[0].run(lambda tx: tx.tell_others())

    assert ear.heard.wait(10)
    assert ear.times == 1


def test_another_schema_of_the_same_database_is_not_meant(
    pair: tuple[Database, Database], address: str
) -> None:
    stranger = Database(postgres.empty_schema())
    try:
        ear = Ear(pair[0])
        until(lambda: listening(address, 1))
        stranger.run(lambda tx: tx.tell_others())
        pair[1].run(lambda tx: tx.tell_others())

        assert ear.heard.wait(10)
        assert ear.times == 1
    finally:
        stranger.close()


def test_after_a_lost_connection_it_looks_and_hears_again(
    pair: tuple[Database, Database], address: str, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear(pair[1])
    until(lambda: listening(address, 1))
    postgres.cut_connections(address)
    assert ear.heard.wait(10)  # for what it may have missed
    ear.heard.clear()
    pair[0].run(lambda tx: tx.tell_others())

    assert ear.heard.wait(10)
    assert "changes of other servers are not heard of at once" in caplog.text
    assert "changes of other servers are heard of again" in caplog.text


def test_closing_does_not_wait_for_a_message(address: str) -> None:
    database = Database(address)
    Ear(database)
    until(lambda: listening(address, 1))
    database.close()

    assert "database-listener" not in {thread.name for thread in threading.enumerate()}


def test_a_connection_that_stays_lost_is_told_of_once(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(postgres_listener, "AGAIN_S", 0.01)
    tries, connect = [], psycopg.connect

    def fails(*where: Any, **options: Any) -> Any:
        tries.append(1)
        if len(tries) <= 5:
            raise psycopg.OperationalError
        return connect(*where, **options)

    monkeypatch.setattr(psycopg, "connect", fails)
    heard = threading.Event()
    with closing(Listener(address, "this one", heard.set)):
        assert heard.wait(10)

    ours = [each.message.split(" (")[0] for each in caplog.records]
    assert ours == [
        "changes of other servers are not heard of at once",
        "changes of other servers are heard of again",
    ]
