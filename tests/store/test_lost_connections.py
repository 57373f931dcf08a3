"""PostgreSQL was down: calls that it cannot answer get our HTTP 500; later calls work again."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from mock_server.simulator import Simulator
from tests.support import postgres, worlds
from tests.support.processes import until
from tests.support.worlds import Postbox, RealClock, World

pytestmark = pytest.mark.slow
GOOD = {"text": "https://example.com", "style_id": "pet_cat"}


@pytest.fixture
def address() -> str:
    """An empty schema."""
    return postgres.empty_schema()


@pytest.fixture
def simulator(address: str, caplog: pytest.LogCaptureFixture) -> Iterator[Simulator]:
    with caplog.at_level(logging.CRITICAL), worlds.simulator(database=address) as built:
        yield built


@pytest.fixture
def world(simulator: Simulator) -> World:
    return World(simulator, RealClock(), Postbox())


def pools(world: World) -> tuple[Any, Any]:
    engine: Any = world.simulator.database._engine
    return engine._writers, engine._readers


def status(world: World) -> int:
    answer = world.vendor("/submitTask", GOOD)
    if answer.status_code == 500:
        assert answer.headers["X-Mock-Server-Bug"]
    return answer.status_code


def use_many_connections(world: World) -> None:
    threads = [threading.Thread(target=status, args=(world,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_calls_go_on_after_cut_connections(world: World, address: str) -> None:
    use_many_connections(world)
    before = world.bill()["charges"]

    assert postgres.cut_connections(address) > 0
    statuses = [status(world) for _ in range(10)]

    assert statuses == [200] * 10
    assert world.bill()["charges"] == before + 10


def test_reading_goes_on_after_cut_connections(world: World, address: str) -> None:
    world.bill()
    postgres.cut_connections(address)

    statuses = [world.http.get("/_mock/accounts/default/bill").status_code for _ in range(5)]

    assert statuses == [200] * 5


def test_while_the_server_is_down_a_call_gets_our_500_and_then_they_are_answered_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_many_connections(world)
    before = world.bill()["charges"]
    for pool in pools(world):
        monkeypatch.setattr(pool, "timeout", 0.1)

    postgres.stop()
    try:
        assert [status(world), status(world)] == [500, 500]
    finally:
        postgres.start()

    until(lambda: status(world) == 200)
    until(lambda: world.http.get("/_mock/accounts/default/bill").status_code == 200)
    assert world.bill()["charges"] == before + 1
    assert status(world) == 200


def test_while_the_server_is_down_answers_and_log_say_so_and_blame_no_code(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use_many_connections(world)
    for pool in pools(world):
        monkeypatch.setattr(pool, "timeout", 0.1)

    postgres.stop()
    try:
        with caplog.at_level(logging.ERROR):
            calls = [world.vendor("/submitTask", GOOD) for _ in range(3)]
            reads = [world.http.get("/_mock/accounts/default/bill") for _ in range(3)]
    finally:
        postgres.start()

    for answer in (*calls, *reads):
        assert answer.status_code == 500
        assert answer.headers["X-Mock-Server-Bug"] == "DatabaseAwayError"
        assert "the database does not answer" in answer.text
        assert "a bug" not in answer.text
    ours = [each for each in caplog.records if each.name.startswith("mock_server")]
    # One line for each: for the journal no call waits a second time.
    assert len(ours) == len(calls) + len(reads)
    assert [each for each in ours if each.exc_info] == []


def test_a_commit_that_is_lost_is_our_500_and_is_not_done_again(
    world: World, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = psycopg.Connection.commit
    first = iter([True])

    def cut_first(connection: Any) -> None:
        if next(first, False):
            postgres.cut_connections(address)
        commit(connection)

    monkeypatch.setattr(psycopg.Connection, "commit", cut_first)

    assert [status(world), status(world)] == [500, 200]
    assert world.bill()["charges"] == 1
    assert [call["status"] for call in world.calls()] == [500, 200]


def test_a_server_that_stops_in_a_transaction_does_not_keep_its_accounts(world: World) -> None:
    database = world.simulator.database

    row = database.run(lambda tx: tx.one("show idle_in_transaction_session_timeout"))

    assert row == {"idle_in_transaction_session_timeout": "30s"}


def test_a_server_that_is_killed_in_a_transaction_leaves_nothing_of_it(
    world: World, address: str
) -> None:
    with closing(psycopg.connect(address)) as killed:
        killed.execute("select * from account where id = 'default' for update")
        killed.execute("update account set submits = 99 where id = 'default'")
        asked = threading.Thread(target=status, args=(world,))
        asked.start()
        with psycopg.connect(address, autocommit=True) as other:
            pid = killed.info.backend_pid
            sql = "select 1 from pg_locks where not granted"
            until(lambda: other.execute(sql).fetchone() is not None)
            other.execute("select pg_terminate_backend(%s)", (pid,))
        asked.join(timeout=30)

        assert not asked.is_alive()
    assert len(world.admin("GET", "/accounts/default/tasks")["tasks"]) == 1
