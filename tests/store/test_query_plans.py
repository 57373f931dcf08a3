"""No statement of a call, of a delivery or of an idle server walks a table that grows."""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from mock_server.actions.callbacks import outbox, wait
from mock_server.store import attempts, callbacks
from mock_server.store.engine.files import DatabaseFile
from mock_server.store.engine.transaction import Transaction
from tests.support import worlds
from tests.support.signed import Signer, seen, send
from tests.support.sqlite_steps import steps_of
from tests.support.worlds import START_AT, Postbox, RealClock, World

# What a plan may walk: the last ids of the tables, results of its other steps, and the accounts
# with a notice to come.
WALKED = re.compile(
    r"SCAN (sqlite_sequence|planned|coming|since|(\d+ )?CONSTANT ROW"
    r"|account USING INDEX acc)"
)
# The tables that a submit with a callback adds rows to, and their columns with random values: an
# index that has one is written in a random place.
RANDOM = {
    "task": {"id"},
    "callback": {"task_id"},
    "ledger": {"task_id"},
    "call": {"task_id", "request_id", "request_sha256"},
}
CALLBACK = {"call_back": "http://127.0.0.1:9/x"}


class Statements:
    """Every statement that the connections of a simulator run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def connect(self, file: DatabaseFile, *, read_only: bool = False) -> sqlite3.Connection:
        connection = CONNECT(file, read_only=read_only)
        connection.set_trace_callback(self.ran.append)
        return connection

    def plans(self, connection: sqlite3.Connection) -> dict[str, list[str]]:
        """Return the steps of the plan of each statement that reads or changes rows."""
        asked = {
            each for each in self.ran
            if each.lstrip().lower().startswith(("select", "insert", "update", "delete", "with"))
        }  # fmt: skip
        return {
            each: [row["detail"] for row in connection.execute(f"explain query plan {each}")]
            for each in asked
        }


CONNECT = DatabaseFile.connect


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    watched = Statements()

    def connect(file: DatabaseFile, *, read_only: bool = False) -> sqlite3.Connection:
        return watched.connect(file, read_only=read_only)

    monkeypatch.setattr(DatabaseFile, "connect", connect)
    return watched


@pytest.fixture
def world(statements: Statements) -> Iterator[World]:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox) as simulator:
        yield World(simulator, real_now, postbox)


def connection(world: World) -> sqlite3.Connection:
    engine: Any = world.simulator.database._engine
    writer: sqlite3.Connection = engine._writer
    return writer


def every_kind_of_call(world: World) -> None:
    """Submit, query, list, fetch, deliver, resend, and read what there is to read."""
    account = world.account(credits=50, notify_url="http://127.0.0.1:9/n")
    code, path = account["app_code"], f"/accounts/{account['id']}"
    task_id = world.submit(code, **CALLBACK)
    assert seen(send(world, Signer.of(account).signed())) == (200, None)
    world.query(task_id, code)
    world.vendor("/submitTask", {}, code)
    world.clock(account["id"], advance="1m")
    for order in ("newest-first", "oldest-first"):
        world.admin("PATCH", f"{path}/readings", {"list.order": order})
        world.vendor("/taskList", {"page": "1", "maxResult": "1"}, code)
    world.http.get(f"/pictures/{account['id']}/{task_id}/1.png")
    world.admin("POST", f"{path}/callbacks/1/resend", {"settle": True})
    for listed in ("calls?task_id=x&status=200&operation=submit_task", "calls?before=9", "tasks",
                   "tasks?before=9", "callbacks", "bill", "bill/tasks", "coverage"):  # fmt: skip
        world.http.get(f"/_mock{path}/{listed}")
    world.clock(account["id"], advance="4d")
    world.vendor("/taskList", {}, code)
    world.admin("POST", f"{path}/tasks/{world.submit(code, **CALLBACK)}", {"state": "succeeded"})


def look_around(world: World) -> None:
    """Do what an idle server does every second."""
    for delivery in worlds.claim_due(world.simulator):
        outbox.deliver(world.simulator, delivery).result(10)
    world.simulator.database.read(lambda tx: outbox.survey(tx, world.simulator))


def test_no_statement_walks_a_table(world: World, statements: Statements) -> None:
    statements.ran.clear()  # what a server does once, at its start, may
    every_kind_of_call(world)
    look_around(world)

    plans = statements.plans(connection(world))
    assert len(plans) > 40
    walking = {
        sql: [step for step in steps if step.startswith("SCAN") and not WALKED.match(step)]
        for sql, steps in plans.items()
    }
    assert {sql: steps for sql, steps in walking.items() if steps} == {}


def test_what_an_idle_server_does_is_the_same_however_many_callbacks_are_planned(
    world: World, statements: Statements
) -> None:
    code = world.account(credits=500)["app_code"]
    steps = []
    for many in (1, 200):
        for _ in range(many):
            world.submit(code, **CALLBACK)
        look_around(world)  # what a submit has changed is behind it
        steps.append(steps_of(world.simulator, lambda tx: outbox.survey(tx, world.simulator)))

    assert steps[0] > 100
    assert steps[1] < 1.2 * steps[0]


def test_to_wait_for_callbacks_takes_no_more_steps_however_many_were_delivered(
    world: World, statements: Statements
) -> None:
    account = world.account(credits=500)
    steps = []
    for many in (3, 200):
        for _ in range(many):
            world.submit(account["app_code"], **CALLBACK)
        world.clock(account["id"], advance="1m")
        steps.append(steps_of(world.simulator, lambda tx: _waited(tx, account["id"])))

    assert steps[1] < 1.2 * steps[0]


def _waited(tx: Transaction, account_id: str) -> None:
    waited = wait.due(tx, account_id, START_AT)
    assert waited.last_id
    assert waited.last_attempt
    after = waited.last_attempt
    assert attempts.count_tried(tx, account_id, until=2**60, after=after) == 0
    assert len(callbacks.after(tx, account_id, waited.last_id - 2, 100)) == 2


def test_a_submit_maintains_no_index_by_a_random_key(world: World) -> None:
    found = set()
    for table, random in RANDOM.items():
        for index in connection(world).execute(f"pragma index_list({table})").fetchall():
            columns = connection(world).execute(f"pragma index_info({index['name']})").fetchall()
            if random & {row["name"] for row in columns}:
                found.add(index["name"])

    assert found == set()
