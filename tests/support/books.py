"""Reads the tables of every account, and checks the invariants that hold after any history."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.faults.rules import Stage
from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction

Rows = list[dict[str, Any]]
Books = dict[str, Rows]

TABLES = {
    "call": "id", "ledger": "call_id", "package": "id",
    "charge_total": "day, package_id, operation, refused",
    "task": "number", "fault": "id", "callback": "id", "attempt": "id",
}  # fmt: skip
ENDS = {"delivered", "failed", "lost"}
MOST_TRIES = 5  # the first, three retries, and a repetition of the acknowledged one
RANK = {"pending": 0, "running": 1, "succeeded": 2, "failed": 2}


@dataclass
class Life:
    """The test's record of an account since it was created or reset."""

    charged: int = 0
    furthest: dict[str, str] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)
    deliveries: set[str] = field(default_factory=set)
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    first_of_slot: dict[str, int] = field(default_factory=dict)

    def know(self, rule: dict[str, Any]) -> None:
        """Record a rule that was just armed."""
        order = {**rule, "calls": rule["calls_left"]}
        self.orders[rule["id"]] = {name: order[name] for name in order if order[name] is not None}
        self.first_of_slot.setdefault(KINDS[rule["kind"]].slot, rule["id"])


def read(database: Database) -> dict[str, Books]:
    """Return every row of every account."""

    def look(tx: Transaction) -> dict[str, Books]:
        found: dict[str, Books] = defaultdict(lambda: {name: [] for name in TABLES})
        for name, order in TABLES.items():
            for row in tx.all(f"select * from {name} order by account, {order}"):
                found[row["account"]][name].append({key: row[key] for key in row.keys()})  # noqa: SIM118
        return found

    return database.read(look)


def check(life: Life, books: Books) -> None:
    """Check every invariant that needs only the tables."""
    check_money(life, books)
    check_rules(life, books)
    check_callbacks(life, books)


def check_money(life: Life, books: Books) -> None:
    """Check that ledger, journal, packages and totals have the same charges."""
    ledger = books["ledger"]
    charged = [row for row in books["call"] if row["charge"] == "charged"]
    assert [row["call_id"] for row in ledger] == [row["id"] for row in charged]
    assert [row["fen"] for row in ledger] == [row["fen"] for row in charged]
    assert {row["status"] for row in charged} <= {200}
    assert len(ledger) == life.charged
    spent = Counter(row["package_id"] for row in ledger)
    for package in books["package"]:
        assert 0 <= package["remaining"] == package["credits"] - spent.pop(package["id"], 0)
    assert not spent
    assert _sums(books["charge_total"], "charged", "charged_fen") == _sums(ledger, None, "fen")


def _sums(rows: Rows, calls: str | None, fen: str) -> dict[tuple[int, str], tuple[int, int]]:
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for row in rows:
        key = (row["package_id"], row["operation"])
        before = found.get(key, (0, 0))
        found[key] = (before[0] + (row[calls] if calls else 1), before[1] + row[fen])
    return {key: value for key, value in found.items() if value != (0, 0)}


def check_statuses(life: Life, tasks: Iterable[dict[str, Any]]) -> None:
    """Check that no task goes back to an earlier status, and that an ended task does not change."""
    for task in tasks:
        before = life.furthest.get(task["task_id"], "pending")
        assert RANK[task["status"]] >= RANK[before], (task, before)
        assert RANK[before] < RANK["failed"] or task["status"] == before, (task, before)
        life.furthest[task["task_id"]] = task["status"]


def check_rules(life: Life, books: Books) -> None:
    """Check that a rule fires as often as its conditions say, and as calls and callbacks record."""
    calls = Counter(met["id"] for row in books["call"] for met in json.loads(row["faults"]))
    pushes = Counter(row["fault_id"] for row in books["callback"])
    for row in books["fault"]:
        order, seen, hits = life.orders.get(row["id"], {}), row["seen"], row["hits"]
        assert 0 <= hits <= seen
        if row["calls_left"] is not None and "calls" in order:
            assert 0 <= row["calls_left"] == order["calls"] - hits
        wanted = _wanted(order, seen)
        assert hits <= wanted, row
        kind = KINDS[row["kind"]]
        if life.first_of_slot.get(kind.slot) == row["id"] and "probability" not in order:
            assert hits == wanted, row
        if kind.stage is not Stage.CALLBACK:
            assert hits == calls[row["id"]], row
        elif row["kind"] in ("callback_reordered", "callback_crossed"):
            assert hits <= pushes[row["id"]] <= 2 * hits, (
                row
            )  # it affects two callbacks, if there are two
        else:
            assert hits == pushes[row["id"]], row


def _wanted(order: dict[str, Any], seen: int) -> int:
    seen = max(0, seen - int(order.get("after", 0)))
    most: int = min(seen, order.get("calls", seen))
    if "nth" in order:
        return int(seen >= order["nth"])
    if "first" in order:
        return min(seen, int(order["first"]))
    if "every" in order:
        return min(most, seen // int(order["every"]))
    return most


NOT_JSON = ("callback_malformed", "callback_not_json", "callback_other_charset")
OTHER_FIELDS = ("callback_extra_fields", "callback_missing_field")


def check_callbacks(life: Life, books: Books) -> None:
    """Check that a callback ends once, with the attempts that its state, readings and fault
    require.
    """
    tries: dict[int, Rows] = defaultdict(list)
    for row in books["attempt"]:
        tries[row["callback_id"]].append(row)
    tasks = {row["id"] for row in books["task"]}
    for row in books["callback"]:
        made = tries.pop(row["id"], [])
        if row["state"] != "sending":
            assert row["tries"] == len(made)
        _check_end(life, row, made)
        for number, attempt in enumerate(made):
            if row["task_id"]:
                _check_sent(row, attempt, None if number else row["fault"], tasks)
    assert not tries


def _check_end(life: Life, row: dict[str, Any], made: Rows) -> None:
    taken = [200 <= (attempt["status"] or 0) < 300 for attempt in made]
    assert len(made) <= (1 if life.deliveries == {"once"} or row["copy_of"] else MOST_TRIES)
    before = life.ended.get(row["id"])
    assert before in (None, row["state"]), (row, before)
    if row["state"] in ENDS:
        life.ended[row["id"]] = row["state"]
        assert row["next_at"] is None
        assert any(taken) == (row["state"] == "delivered"), row
        assert bool(made) == (row["state"] != "lost"), row
    lost = row["fault"] and json.loads(row["fault"])["kind"] == "callback_lost"
    assert bool(lost) == (row["state"] == "lost"), row


def _check_sent(
    row: dict[str, Any], attempt: dict[str, Any], fault: str | None, tasks: set[str]
) -> None:
    kind = json.loads(fault)["kind"] if fault else None
    huge = attempt["request_length"] > 1_000_000
    assert huge == (kind == "callback_huge"), row
    plain = "application/json" in (attempt["request_headers"] or "application/json")
    assert plain == (kind != "callback_wrong_content_type"), (row, attempt)
    if kind == "callback_dropped":
        return
    try:
        said = json.loads(attempt["request_body"])
    except ValueError:
        # Of a long body only the beginning is kept.
        assert kind in (*NOT_JSON, "callback_huge", "callback_many_pictures"), (row, attempt)
        return
    assert kind not in NOT_JSON, (row, attempt)
    assert (set(said) != {"task_id", "resList"}) == (kind in OTHER_FIELDS)
    assert (None in said.values()) == (kind == "callback_null_field")
    if kind == "callback_unknown_task":
        assert said["task_id"] not in tasks
    elif kind == "callback_crossed":
        assert said["task_id"] == (row["crossed_with"] or row["task_id"])
        assert said["task_id"] in tasks
    elif said["task_id"] is not None:
        assert said["task_id"] == row["task_id"], (row, attempt)
