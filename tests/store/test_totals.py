"""Totals are stored with the rows they count: equal to the sums, and read without counting."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.actions.reports import reports
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.billing.bills import Total
from mock_server.domain.billing.charges import LedgerEntry
from mock_server.domain.call.paging import Page
from mock_server.domain.task.tasks import Task
from mock_server.simulator import Simulator
from mock_server.store import billing as billing_rows
from mock_server.store import task_list
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction
from tests.support import worlds
from tests.support.databases import address_of
from tests.support.money_buyers import READINGS, flip
from tests.support.sqlite_steps import steps_of
from tests.support.stored_tasks import stored_task
from tests.support.worlds import START_AT, Postbox, RealClock, World

SHANGHAI = timezone(timedelta(hours=8))
HOUR_MS = 3_600_000
OPERATIONS = ("submit_task", "query_task", "list_tasks")

steps = st.one_of(
    st.sampled_from(["submit", "list", "refused", "query", "buy"]).map(lambda what: (what, "")),
    st.sampled_from(["3h", "1d", "200d"]).map(lambda time: ("wait", time)),
    st.sampled_from([f"{name} {word}" for name, words in READINGS.items() for word in words]).map(
        lambda change: ("flip", change)
    ),
)


def live(world: World, account: dict[str, Any], what: str, how: str) -> None:
    """Take one step with an account."""
    code, path = account["app_code"], f"/accounts/{account['id']}"
    if what == "submit":
        world.vendor("/submitTask", {"text": "https://example.com", "style_id": "pet_cat"}, code)
    elif what == "list":
        world.vendor("/taskList", {}, code)
    elif what == "refused":
        world.vendor("/submitTask", {"text": "x"}, code)
    elif what == "query":
        tasks = world.admin("GET", f"{path}/tasks")["tasks"]
        task_id = tasks[-1]["task_id"] if tasks else "0" * 24
        world.vendor("/queryTask", {"task_id": task_id}, code)
    elif what == "buy":
        world.admin("POST", f"{path}/packages", {"offer": "50", "valid_days": 30}, expect=201)
    elif what == "wait":
        world.clock(account["id"], advance=how)
    else:
        name, word = how.split()
        flip(world, account["id"], {name: word})


def day_number(at: int) -> int:
    """Return the day in Shanghai, in days since 1970."""
    day = datetime.fromtimestamp(at // 1000, SHANGHAI).date()
    return (day - datetime(1970, 1, 1, tzinfo=SHANGHAI).date()).days


@pytest.mark.slow
@settings(max_examples=40)
@given(story=st.lists(steps, min_size=5, max_size=30))
def test_the_totals_of_a_random_life_are_the_sums_of_its_ledger(
    story: list[tuple[str, str]],
) -> None:
    check_totals("sqlite", story)


@pytest.mark.slow
@settings(max_examples=6)
@given(story=st.lists(steps, min_size=15, max_size=30))
def test_they_are_on_postgresql(story: list[tuple[str, str]]) -> None:
    check_totals("postgres", story)


def check_totals(kind: str, story: list[tuple[str, str]]) -> None:
    """Live a story, and compare the totals with the ledger."""
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, database=address_of(kind)) as simulator:
        world = World(simulator, real_now, postbox)
        buyers = [world.account(credits=size) for size in (3, 50)]
        for number, (what, how) in enumerate(story):
            live(world, buyers[number % 3 == 0], what, how)

        rows = simulator.database.read(lambda tx: tx.all("select * from ledger"))
        totals = simulator.database.read(
            lambda tx: tx.all("select * from charge_total where charged > 0")
        )

    charges: Counter[tuple[object, ...]] = Counter()
    fen: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        refused = row["operation"] != "list_tasks" and row["task_id"] is None
        key = (row["account"], day_number(row["at"]), row["package_id"], row["operation"], refused)
        charges[key] += 1
        fen[key] += row["fen"]
    names = ("account", "day", "package_id", "operation")
    kept = {(*(row[name] for name in names), bool(row["refused"])): row for row in totals}
    assert {key: row["charged"] for key, row in kept.items()} == charges
    assert {key: row["charged_fen"] for key, row in kept.items()} == fen


def fill(tx: Transaction, first: int, last: int) -> None:
    """Book charged calls of two packages, three operations and five days, each with a task."""
    for number in range(first, last):
        operation, package, day = OPERATIONS[number % 3], number % 2 + 1, number % 5
        at = START_AT + day * 24 * HOUR_MS
        done = stored_task(number, START_AT + number % 60 * 60_000)
        task_rows.insert(tx, done)
        entry = LedgerEntry(
            account=DEFAULT_ID, call_id=number, package_id=package, operation=operation,
            task_id=done.id, task_number=number, fen=28, at=at,
        )  # fmt: skip
        billing_rows.add_entry(tx, entry)
        line = Total(
            day=day, package_id=package, operation=operation, refused=False, calls=1,
            charged=1, charged_fen=28,
        )  # fmt: skip
        billing_rows.add_to_totals(tx, DEFAULT_ID, line)


def test_neither_bill_nor_list_takes_more_steps_for_ten_times_as_many_calls(
    simulator: Simulator,
) -> None:
    looks: dict[str, Callable[[Transaction], object]] = {
        "bill": lambda tx: reports.bill(tx, simulator, DEFAULT_ID),
        "page": lambda tx: reports.task_charges(tx, DEFAULT_ID, after=500, limit=10),
        "allNum": lambda tx: task_list.kept(tx, DEFAULT_ID, START_AT - 1),
        "last page": lambda tx: last_page(tx, START_AT - 1),
        "scan": lambda tx: tx.one("select sum(fen) as fen from ledger"),
    }
    taken = []
    for first, last in ((1, 1_001), (1_001, 10_001)):
        simulator.database.run(lambda tx, first=first, last=last: fill(tx, first, last))  # type: ignore[misc]
        taken.append({name: steps_of(simulator, look) for name, look in looks.items()})
        assert sum(each.charged for each in reports_bill(simulator)) == last - 1

    ratios = {name: taken[1][name] / taken[0][name] for name in looks}
    assert ratios.pop("scan") > 5  # the cost of counting
    assert all(0.9 < ratio < 1.1 for ratio in ratios.values()), ratios


def last_page(tx: Transaction, ended_after: int) -> list[Task]:
    """Return the last page, of 30 tasks or fewer."""
    pages = -(-task_list.kept(tx, DEFAULT_ID, ended_after) // 30)
    return task_list.page(tx, DEFAULT_ID, ended_after, Page(number=pages, size=30))[1]


def reports_bill(simulator: Simulator) -> list[Total]:
    """Return the totals of the bill."""
    bill = simulator.database.read(lambda tx: reports.bill(tx, simulator, DEFAULT_ID))
    return bill.totals
