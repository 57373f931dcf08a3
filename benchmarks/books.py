"""The time for a bill and for a list, with ten thousand and with a million ledger entries."""

import statistics
import time
from collections.abc import Callable
from typing import Any

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

SMALL, LARGE = 10_000, 1_000_000
DAYS = 365
CHUNK = 50_000
ROUNDS = 30
RETENTION_MS = 30 * 24 * 3_600_000


def measure() -> str:
    """Return the results as lines."""
    simulator = build_simulator(Settings(database=":memory:"))
    try:
        filled = [_filled(simulator, size) for size in (SMALL, LARGE)]
        asked: dict[str, Callable[[Transaction, Account], Any]] = {
            "the bill": lambda tx, account: reports.bill(tx, simulator, account.id),
            "a page of the bill by task": lambda tx, account: reports.task_charges(
                tx, account.id, after=5_000, limit=100
            ),
            "allNum of the list": lambda tx, account: task_list.kept(
                tx, account.id, wall_clock() - RETENTION_MS
            ),
            "the last page of the list": lambda tx, account: task_list.page(
                tx, account.id, wall_clock() - RETENTION_MS, _last_page(account)
            ),
        }
        return "\n".join(f"{what}: {_ratio(simulator, filled, ask)}" for what, ask in asked.items())
    finally:
        simulator.close()


def _ratio(
    simulator: Simulator, filled: list[Account], ask: Callable[[Transaction, Account], Any]
) -> str:
    took: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for times, account in zip(took, filled, strict=True):
            started = time.perf_counter()
            simulator.database.read(lambda tx, account=account: ask(tx, account))  # type: ignore[misc]
            times.append(time.perf_counter() - started)
    small, large = (statistics.median(times) for times in took)
    return (
        f"{large / small:.2f} x as long with {LARGE:,} entries as with {SMALL:,} "
        f"({large * 1000:.2f} ms and {small * 1000:.2f} ms)"
    )


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
        line = Total(
            day=day_of(at), package_id=package_id, operation="submit_task", refused=False,
            calls=1, charged=1, charged_fen=28,
        )  # fmt: skip
        billing.add_to_totals(tx, account.id, line)
