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
from mock_server.domain.task.tasks import Plan, Status, Task
from mock_server.simulator import Simulator
from mock_server.store import billing as billing_rows
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction
from tests.support import worlds
from tests.support.money_buyers import READINGS, flip
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
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox) as simulator:
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


def task(number: int, ends_at: int | None) -> Task:
    """A task of the default account."""
    return Task(
        account=DEFAULT_ID, id=f"{number:024x}", number=number, content="x", text="x",
        qr_code_url=None, style_id="pet_cat", your_prompt=None, call_back=None, base_url="",
        pictures=1, plan=plan(ends_at),
    )  # fmt: skip


def plan(ends_at: int | None) -> Plan:
    return Plan(submitted_at=0, starts_at=0, ends_at=ends_at, outcome=Status.SUCCEEDED)


# The ends are close together, so that many are in one minute and around its edges.
ends = st.none() | st.integers(START_AT, START_AT + 300_000) | st.sampled_from(
    [START_AT + minute * 60_000 + ms for minute in (1, 2, 3) for ms in (-1, 0, 1)]
)  # fmt: skip


@settings(max_examples=60)
@given(
    inserted=st.lists(ends, max_size=30),
    forced=st.lists(st.tuples(st.integers(0, 29), ends), max_size=20),
    waits=st.lists(st.integers(-1, 320_000), min_size=1, max_size=10),
)
def test_the_number_of_listed_tasks_is_the_count_of_those_that_are_kept(
    inserted: list[int | None], forced: list[tuple[int, int | None]], waits: list[int]
) -> None:
    planned = dict(enumerate(inserted, start=1))

    def work(tx: Transaction) -> None:
        for number, ends_at in planned.items():
            task_rows.insert(tx, task(number, ends_at))
        for which, ends_at in forced:
            if (number := which + 1) in planned:
                planned[number] = ends_at
                task_rows.set_plan(tx, task(number, ends_at))
        instants = [end for end in planned.values() if end is not None]
        for at in [*(START_AT + wait for wait in waits), *instants, *(at - 1 for at in instants)]:
            kept = [number for number, end in planned.items() if end is None or end > at]
            assert task_rows.kept(tx, DEFAULT_ID, at) == len(kept)
        (left,) = tx.all("select coalesce(sum(tasks), 0) as n, min(tasks) as least from task_total")
        assert (left["n"], (left["least"] or 0) >= 0) == (len(planned), True)

    with worlds.simulator() as simulator:
        simulator.database.run(work)


def fill(tx: Transaction, first: int, last: int) -> None:
    """Book charged calls of two packages, three operations and five days, each with a task."""
    for number in range(first, last):
        operation, package, day = OPERATIONS[number % 3], number % 2 + 1, number % 5
        at = START_AT + day * 24 * HOUR_MS
        done = task(number, START_AT + number % 60 * 60_000)
        task_rows.insert(tx, done)
        entry = LedgerEntry(
            account=DEFAULT_ID, call_id=number, package_id=package, operation=operation,
            task_id=done.id, fen=28, at=at,
        )  # fmt: skip
        billing_rows.add_entry(tx, entry)
        line = Total(
            day=day, package_id=package, operation=operation, refused=False, calls=1,
            charged=1, charged_fen=28,
        )  # fmt: skip
        billing_rows.add_to_totals(tx, DEFAULT_ID, line)


def steps_of(simulator: Simulator, work: Callable[[Transaction], object]) -> int:
    """Return how many instructions the engine runs for a work."""

    def counted(tx: Any) -> int:
        ran = 0

        def tick() -> int:
            nonlocal ran
            ran += 1
            return 0

        tx._connection.set_progress_handler(tick, 1)
        try:
            work(tx)
        finally:
            tx._connection.set_progress_handler(None, 1)
        return ran

    return simulator.database.read(counted)


def test_neither_bill_nor_list_takes_more_steps_for_ten_times_as_many_calls(
    simulator: Simulator,
) -> None:
    looks: dict[str, Callable[[Transaction], object]] = {
        "bill": lambda tx: reports.bill(tx, simulator, DEFAULT_ID),
        "page": lambda tx: reports.task_charges(tx, DEFAULT_ID, after=500, limit=10),
        "allNum": lambda tx: task_rows.kept(tx, DEFAULT_ID, START_AT),
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


def reports_bill(simulator: Simulator) -> list[Total]:
    """Return the totals of the bill."""
    bill = simulator.database.read(lambda tx: reports.bill(tx, simulator, DEFAULT_ID))
    return bill.totals
