"""The time for a bill and for a list, with ten thousand and with a million ledger entries."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from benchmarks.figures import Figure, figure, ratios
from benchmarks.part import Bench, Part
from benchmarks.rounds import interleaved
from mock_server.actions.accounts import accounts
from mock_server.actions.accounts.accounts import NewAccount
from mock_server.actions.reports import reports
from mock_server.domain.account.accounts import Account, AccountTemplate
from mock_server.domain.billing.bills import Total, day_of
from mock_server.domain.call.paging import Page
from mock_server.real_clock import wall_clock
from mock_server.settings import Settings
from mock_server.simulator import Simulator, build_simulator
from mock_server.store import billing, task_list
from mock_server.store.engine.transaction import Transaction
from mock_server.store.task_blocks import SIZE

SMALL, LARGE, QUICK = 10_000, 1_000_000, 20_000
AFTER = 5_000  # the number of a task
DAYS = 365
CHUNK = 50_000
ROUNDS = 30
RETENTION_MS = 30 * 24 * 3_600_000


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the times with few and with many entries, and their ratio."""
    sizes = SMALL, bench.pick(LARGE, QUICK)
    simulator = build_simulator(Settings(database=str(bench.scratch / "books.sqlite3")))
    try:
        filled = {size: _filled(simulator, size) for size in sizes}
        asked: dict[str, Callable[[Transaction, Account], Any]] = {
            "the bill": lambda tx, account: reports.bill(tx, simulator, account.id),
            "a page of the bill by task": lambda tx, account: reports.task_charges(
                tx, account.id, after=AFTER, limit=100
            ),
            "allNum of the list": lambda tx, account: task_list.kept(
                tx, account.id, wall_clock() - RETENTION_MS
            ),
            "the last page of the list": lambda tx, account: task_list.page(
                tx, account.id, wall_clock() - RETENTION_MS, _last_page(account)
            ),
        }
        for row, ask in asked.items():
            yield from _compared(simulator, filled, row, ask)
    finally:
        simulator.close()


def _compared(
    simulator: Simulator,
    filled: Mapping[int, Account],
    row: str,
    ask: Callable[[Transaction, Account], Any],
) -> Iterator[Figure]:
    cases = {str(size): partial(_time, simulator, account, ask) for size, account in filled.items()}
    took = interleaved(cases, ROUNDS)
    for size in filled:
        yield figure("Books", row, f"{size:,} entries", "ms", took[str(size)])
    few, many = took.values()
    yield figure("Books", row, "ratio", "", ratios(many, few))


def _time(
    simulator: Simulator, account: Account, ask: Callable[[Transaction, Account], Any]
) -> float:
    """Return the CPU time of one read, in ms."""
    started = time.thread_time()
    found = simulator.database.read(lambda tx: ask(tx, account))
    took = (time.thread_time() - started) * 1000
    assert found, "there was nothing to read"
    return took


def _filled(simulator: Simulator, size: int) -> Account:
    """Return an account with `size` charged submits, spread over a year, and over three minutes."""
    wish = NewAccount(origin=AccountTemplate(credits=size, readings={}))
    account = simulator.database.run(lambda tx: accounts.create(tx, simulator, wish))
    (package,) = simulator.database.read(lambda tx: billing.packages(tx, account.id))
    for first in range(1, size + 1, CHUNK):
        numbers = range(first, min(first + CHUNK, size + 1))
        simulator.database.run(lambda tx, numbers=numbers: _fill(tx, account, package.id, numbers))  # type: ignore[misc]
    return account


def _last_page(account: Account) -> Page:
    return Page(number=account.origin.credits // 30, size=30)


def _fill(tx: Transaction, account: Account, package_id: int, numbers: range) -> None:
    now = account.created_at
    days: Counter[int] = Counter()
    for number in numbers:
        at = now + number % DAYS * 24 * 3_600_000
        ends_at = now + number % 180 * 1_000
        tx.execute(
            "insert into ledger (account, call_id, package_id, operation, task_id, task_number,"
            " fen, at) values (?,?,?,?,?,?,?,?)",
            (account.id, number, package_id, "submit_task", f"{number:024x}", number, 28, at),
        )
        tx.execute(
            "insert into task (account, id, number, content, base_url, pictures, submitted_at,"
            " starts_at, ends_at, outcome) values (?,?,?,?,?,?,?,?,?,?)",
            (account.id, f"{number:024x}", number, "x", "http://x", 1, now, now, ends_at,
             "succeeded"),
        )  # fmt: skip
        tx.execute(
            "insert into task_block values (?,?,1,?,?) on conflict (account, block)"
            " do update set tasks = task_block.tasks + 1, last_end = excluded.last_end",
            (account.id, number // SIZE, ends_at, ends_at),
        )
        days[day_of(at)] += 1
    for day, calls in days.items():
        line = Total(
            day=day, package_id=package_id, operation="submit_task", refused=False,
            calls=calls, charged=calls, charged_fen=28 * calls,
        )  # fmt: skip
        billing.add_to_totals(tx, account.id, line)


PART = Part(
    name="books",
    title="Bill and list of large accounts",
    says="The CPU time of one read in process, for an account with few charged submits and for one "
    "with many, spread over a year.",
    measure=measure,
)
