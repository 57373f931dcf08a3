"""A submit that fails between any two of its statements leaves consistent records."""

import itertools
import json
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from mock_server import store
from mock_server.actions.gateway import pipeline
from mock_server.domain.call.calls import Answer, Call
from mock_server.store.engine import sqlite
from mock_server.store.engine.database import Database
from mock_server.store.engine.sqlite_transaction import SharedTransaction
from mock_server.store.engine.transaction import Merge, Numbers, Transaction, Value, added
from tests.support.databases import SQLITE
from tests.support.remembered import false_memories
from tests.support.turns import at_line, in_one_turn
from tests.support.worlds import World

CREDITS = 5000
SUBMIT = {"text": "https://example.com", "style_id": "pet_cat", "call_back": "http://127.0.0.1:9/"}
STORE = str(Path(store.__file__).parent)
Die = Callable[[Any], None]


class Fuse:
    """Counts the statements of all transactions and fails before one of them."""

    def __init__(self, die: Die) -> None:
        self.die = die
        self.left = 0
        self.blown = 0

    def set(self, left: int) -> None:
        """Let so many statements pass; 0 lets all pass."""
        self.left, self.blown = left, 0

    def burn(self, connection: Any) -> None:
        self.left -= 1
        if self.left == 0:
            self.blown += 1
            self.die(connection)


def fused(kind: Any, fuse: Fuse) -> Any:
    """Return a kind of transaction whose statements count against a fuse."""

    class Fused(kind):  # type: ignore[misc]
        def __init__(self, of: Any, *more: Any) -> None:
            super().__init__(of, *more)
            # A turn of SQLite has its connection; a transaction of PostgreSQL is given it.
            connection = getattr(of, "connection", of)
            self.burn: Callable[[], None] = lambda: fuse.burn(connection)

        def execute(self, sql: str, values: Sequence[Value] = ()) -> Any:
            self.burn()
            return super().execute(sql, values)

        def insert(self, sql: str, values: Sequence[Value]) -> Any:
            self.burn()
            return super().insert(sql, values)

        def one(self, sql: str, values: Sequence[Value] = ()) -> Any:
            self.burn()
            return super().one(sql, values)

        def all(self, sql: str, values: Sequence[Value] = ()) -> Any:
            self.burn()
            return super().all(sql, values)

        def execute_later(self, sql: str, values: tuple[Value, ...]) -> None:
            self.burn()
            super().execute_later(sql, values)

        def insert_later(self, sql: str, values: tuple[Value, ...]) -> Any:
            self.burn()
            return super().insert_later(sql, values)

        def add_later(
            self, sql: str, numbers: Numbers, key: tuple[Value, ...], merge: Merge = added
        ) -> None:
            self.burn()
            super().add_later(sql, numbers, key, merge)

    return Fused


def raise_a_bug(_connection: Any) -> None:
    raise LookupError("a bug of ours")


def lose_it(connection: Any) -> None:
    """Abort the transaction from outside: as on a full disk, or a cut connection."""
    if isinstance(connection, psycopg.Connection):
        with psycopg.connect(connection.info.dsn, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", (connection.info.backend_pid,))
    else:
        connection.execute("rollback")
        raise sqlite3.OperationalError("disk I/O error")


@pytest.fixture(params=[raise_a_bug, lose_it])
def fuse(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, address: str) -> Fuse:
    """A fuse in every transaction that writes."""
    lit = Fuse(request.param)
    used = "mock_server.store.engine.sqlite.SharedTransaction"
    monkeypatch.setattr(used, fused(SharedTransaction, lit))
    if address != ":memory:":
        from mock_server.store.engine import postgres  # noqa: PLC0415 - it needs the extra

        kind = fused(postgres.PostgresTransaction, lit)
        monkeypatch.setattr(postgres, "PostgresTransaction", kind)
    return lit


ROWS = ("task", "callback", "ledger", "package", "call", "call_total", "account")


def rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Return every row."""

    def look(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
        return {table: [dict(**row) for row in tx.all(f"select * from {table}")] for table in ROWS}

    return database.read(look)


def check_books(world: World, account: str, acknowledged: set[str]) -> None:
    """Check that ledger, balance, journal, tasks and callbacks agree with each other and with
    the answers.
    """
    found = rows(world.simulator.database)
    ours = {
        table: [row for row in found[table] if row["account"] == account]
        for table in ROWS
        if table != "account"
    }
    served = {row["id"]: row["task_id"] for row in ours["call"] if row["status"] == 200}
    assert {row["call_id"]: row["task_id"] for row in ours["ledger"]} == served
    assert acknowledged <= set(served.values())
    assert {row["id"] for row in ours["task"]} == set(served.values())
    assert {row["task_id"] for row in ours["callback"]} == set(served.values())
    (package,) = ours["package"]
    assert package["remaining"] == CREDITS - len(served)
    (buyer,) = [row for row in found["account"] if row["id"] == account]
    assert buyer["submits"] == buyer["answers"] == len(served)
    totals = {row["account"]: row["seen"] for row in found["call_total"]}
    assert totals.get(account, 0) == len(ours["call"])


def test_nothing_is_ever_half_booked(
    world: World, address: str, fuse: Fuse, caplog: pytest.LogCaptureFixture
) -> None:
    buyer = world.account(credits=CREDITS)
    acknowledged: set[str] = set()
    statuses: list[int] = []
    with caplog.at_level(logging.CRITICAL):
        for statement in itertools.count(1):
            fuse.set(statement)
            answer = world.vendor("/submitTask", SUBMIT, buyer["app_code"])
            blown = fuse.blown
            fuse.set(0)
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                acknowledged.add(answer.get_json()["showapi_res_body"]["task_id"])
            check_books(world, buyer["id"], acknowledged)
            if not blown:
                break

    assert statuses[-1] == 200
    assert len(statuses) >= 10  # account, credit, task, callback, counters, journal, ledger, ...
    # After a lost connection, PostgreSQL repeats the whole work on another connection.
    again = fuse.die is lose_it and address != ":memory:"
    assert set(statuses[:-1]) == {200 if again else 500}
    assert world.bill(buyer["id"])["charges"] == len(acknowledged) == statuses.count(200)


@pytest.mark.parametrize("address", [SQLITE], indirect=True)
def test_a_submit_that_fails_at_any_line_costs_its_neighbours_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On SQLite, where works share their turn; the lines are those of the store."""
    monkeypatch.setattr(sqlite, "TURN_S", 60)
    buyer = world.account(credits=CREDITS)
    simulator = world.simulator
    head = (("host", "localhost"), ("authorization", f"APPCODE {buyer['app_code']}"))
    kind = (("content-type", "application/x-www-form-urlencoded"),)
    call = Call(
        method="POST", path="/submitTask", headers=head + kind, body=urlencode(SUBMIT).encode()
    )

    def submit(tx: Transaction) -> Answer | pipeline.Hold:
        return pipeline.handle(tx, simulator, call)

    acknowledged: set[str] = set()
    with caplog.at_level(logging.CRITICAL):
        for line in itertools.count(1):
            works = [submit, at_line(line, STORE, submit), submit]
            answers = in_one_turn(simulator.database, works)
            for answer in (answers[0], answers[2]):
                body = json.loads(answer.body)
                acknowledged.add(body["showapi_res_body"]["task_id"])
            assert len(acknowledged) == 2 * line
            if isinstance(answers[1], Answer):
                break
            assert answers[1].startswith("LookupError")
            assert false_memories(simulator.database) == []

    check_books(world, buyer["id"], acknowledged)
    calls = rows(simulator.database)["call"]
    assert [row["id"] for row in calls] == list(range(1, len(calls) + 1))
    assert line > 100
