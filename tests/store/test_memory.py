"""The one writer remembers rows, and forgets them when anybody else writes to their tables."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_server.domain.durations import DAY_MS
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.simulator import Simulator
from mock_server.store import billing
from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction
from mock_server.web.flask_app import create_app
from tests.support.databases import POSTGRES
from tests.support.remembered import false_memories, memories
from tests.support.turns import ByHand, Seen
from tests.support.worlds import START_AT, World

PATCH = {
    "standing": "arrears",
    "skew_ms": 5,
    "throttle": {"per_second": 2, "burst": 9},
    "notify_url": "http://127.0.0.1:9/n",
}
FAULT = {"kind": "task_slow", "lasts_ms": 28_000}
SCENARIO = {"says": "It is slow.", "client": "It waits.", "readings": {"charge.polls": "every-200"}}
Change = Callable[[World, dict[str, Any]], Any]


def send(method: str, path: str, body: Any = None, expect: int = 200) -> Change:
    """Return a change by one route; `{id}`, `{task}` and `{fault}` stand for those of the buyer."""
    return lambda world, buyer: world.admin(method, path.format(**buyer), body, expect)


# Every admin route that changes anything, and a change by it.
CHANGES: dict[tuple[str, str], Change] = {
    ("POST", "/accounts"): send("POST", "/accounts", {"credits": 3}, 201),
    ("PATCH", "/accounts/<account_id>"): send("PATCH", "/accounts/{id}", PATCH),
    ("DELETE", "/accounts/<account_id>"): send("DELETE", "/accounts/{id}", None, 204),
    ("POST", "/accounts/<account_id>/reset"): send("POST", "/accounts/{id}/reset"),
    ("POST", "/reset"): send("POST", "/reset"),
    ("PATCH", "/accounts/<account_id>/readings"): send(
        "PATCH", "/accounts/{id}/readings", {"packages.order": "oldest-purchase"}
    ),
    ("POST", "/accounts/<account_id>/clock"): send(
        "POST", "/accounts/{id}/clock", {"advance": "400d", "settle": True}
    ),
    ("POST", "/accounts/<account_id>/tasks/<task_id>"): send(
        "POST", "/accounts/{id}/tasks/{task}", {"state": "failed"}
    ),
    ("POST", "/accounts/<account_id>/callbacks/<callback_id>/resend"): send(
        "POST", "/accounts/{id}/callbacks/1/resend", {"settle": True}, 200
    ),
    ("POST", "/accounts/<account_id>/faults"): send("POST", "/accounts/{id}/faults", FAULT, 201),
    ("DELETE", "/accounts/<account_id>/faults"): send("DELETE", "/accounts/{id}/faults", None, 204),
    ("DELETE", "/accounts/<account_id>/faults/<int:fault_id>"): send(
        "DELETE", "/accounts/{id}/faults/{fault}", None, 204
    ),
    ("POST", "/accounts/<account_id>/packages"): send(
        "POST", "/accounts/{id}/packages", {"offer": "50", "valid_days": 1}, 201
    ),
    ("POST", "/accounts/<account_id>/scenario"): send(
        "POST", "/accounts/{id}/scenario", {"scenario": SCENARIO}
    ),
}


def call(world: World, app_code: str) -> list[int]:
    """Send a call of each kind; return the statuses of the answers."""
    fields = {"text": "x", "style_id": "pet_cat", "call_back": "http://127.0.0.1:9/"}
    return [
        world.vendor(path, each, app_code).status_code
        for path, each in (
            ("/submitTask", fields), ("/taskList", {}), ("/queryTask", {"task_id": "x"}),
            ("/submitTask", {}), ("/nowhere", {}),
        )
    ]  # fmt: skip


def buyer(world: World) -> dict[str, Any]:
    """Return a buyer whose rows are remembered, with a task and a fault."""
    made = world.account(credits=50)
    world.admin("PATCH", f"/accounts/{made['id']}", {"throttle": {"per_second": 50, "burst": 90}})
    fault = world.admin("POST", f"/accounts/{made['id']}/faults", FAULT | {"probability": 0.5}, 201)
    call(world, made["app_code"])
    task = world.submit(made["app_code"], call_back="http://127.0.0.1:9/")
    return {**made, "task": task, "fault": fault["id"]}


def test_every_admin_route_that_changes_anything_is_tried(simulator: Simulator) -> None:
    reading = {"GET", "HEAD", "OPTIONS"}
    changing = {
        (method, rule.rule.removeprefix("/_mock"))
        for rule in create_app(simulator).url_map.iter_rules()
        for method in (rule.methods or set()) - reading
        if rule.rule.startswith("/_mock")
    }

    assert changing == set(CHANGES)


@pytest.mark.parametrize("route", CHANGES, ids=" ".join)
def test_no_admin_route_leaves_a_false_memory(world: World, route: tuple[str, str]) -> None:
    ours, other = buyer(world), buyer(world)
    call(world, ours["app_code"])  # the new account has made the writer forget it
    known = memories(world.simulator.database)
    assert {"account", "package", "call_total", "bucket", "call"} <= set(known)
    assert ours["id"] in known["account"]

    CHANGES[route](world, ours)

    assert false_memories(world.simulator.database) == []
    for each in (ours, other):
        call(world, each["app_code"])
        assert false_memories(world.simulator.database) == []
    if route[1].startswith("/accounts"):
        assert 200 in call(world, other["app_code"])


def test_a_call_that_fails_leaves_no_false_memory(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ours = buyer(world)
    before = world.bill(ours["id"])["balance"]

    def fail(*_: object) -> None:
        raise LookupError("a bug of ours")

    with monkeypatch.context() as patch:
        patch.setattr("mock_server.store.billing.add_entry", fail)
        assert world.vendor("/taskList", {}, ours["app_code"]).status_code == 500
    assert false_memories(world.simulator.database) == []
    assert world.bill(ours["id"])["balance"] == before

    assert 200 in call(world, ours["app_code"])
    assert false_memories(world.simulator.database) == []
    assert world.bill(ours["id"])["balance"] < before


def test_an_earlier_instant_finds_the_package_that_is_remembered_as_expired(world: World) -> None:
    ours = world.account(credits=5)
    offer = {"offer": "50", "valid_days": 10}
    world.admin("POST", f"/accounts/{ours['id']}/packages", offer, 201)

    def paying(tx: Transaction) -> list[str]:
        instants = (START_AT + days * DAY_MS for days in (0, 20, 30, 20, 0))
        found = [billing.paying_package(tx, ours["id"], at, DEFAULT_READINGS) for at in instants]
        return [each.offer for each in found if each is not None]

    assert world.simulator.database.run(paying) == ["50", "custom", "custom", "custom", "50"]


def test_the_last_remembered_credit_is_spent_once(world: World) -> None:
    ours = world.account(credits=2)
    statuses = [
        world.vendor("/submitTask", {"text": "x", "style_id": "pet_cat"}, ours["app_code"])
        for _ in range(4)
    ]

    assert [each.status_code for each in statuses] == [200, 200, 403, 403]
    assert world.bill(ours["id"])["balance"] == 0
    assert false_memories(world.simulator.database) == []


@pytest.mark.parametrize("address", [POSTGRES], indirect=True)
def test_on_postgresql_nothing_is_remembered_and_what_waits_is_seen(
    database: Database, scheduler: ByHand
) -> None:
    def keep(tx: Transaction) -> list[str]:
        tx.memory.keep("note", "last", "a")
        assert (tx.memory.get("note", "last"), tx.memory.lasts) == (None, False)
        tx.execute_later("insert into note values (?)", ("a",))
        return [row["text"] for row in tx.all("select text from note")]

    seen = Seen()
    database.submit(keep, seen)
    scheduler.turn_until(lambda: bool(seen.outcomes))

    assert seen.outcomes == [(["a"], None)]
