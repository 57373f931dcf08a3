"""Accounts with many rows, made from one real call by SQL: as if so many had been made like it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from benchmarks.calls import NOBODY, submit_form
from benchmarks.filling import call_of
from mock_server.actions.accounts import accounts
from mock_server.actions.accounts.accounts import NewAccount
from mock_server.actions.callbacks import wait
from mock_server.actions.gateway import pipeline
from mock_server.domain.account.accounts import Account, AccountTemplate
from mock_server.domain.call.calls import Answer
from mock_server.domain.callback.payload import Outcome
from mock_server.real_clock import wall_clock
from mock_server.settings import Settings
from mock_server.simulator import Network, Simulator, build_simulator
from mock_server.store import accounts as account_rows
from mock_server.store.engine.transaction import Transaction
from mock_server.store.task_blocks import SIZE

HOST = "http://127.0.0.1:3040"
CREDITS = 100_000_000
MOST = 1_000_000_000
CHUNK = 100_000
DAY_MS = 24 * 3_600_000
_NUMBERS = (
    "with recursive n (i) as (select cast(? as bigint) union all select i + 1 from n where i < ?)"
)


@contextmanager
def closed_in(database: str, **settings: Any) -> Iterator[Simulator]:
    """Give a simulator without a server or a network, whose journal drops nothing.

    Its callbacks count as delivered. It is closed at the end of the `with` block.
    """
    bounds = {"journal_calls": MOST, "journal_mib": MOST, **settings}
    simulator = build_simulator(
        Settings(database=database, **bounds),
        real_now=wall_clock, network=Network(post=_taken, fetch=_taken),
    )  # fmt: skip
    try:
        yield simulator
    finally:
        simulator.close()


def _taken(_address: Any, posting: Any = None) -> Any:
    """Take a callback as delivered, without a network."""
    future: Future[Outcome] = Future()
    future.set_result(Outcome(status=204, sent=len(posting.body), sent_headers=(), duration_ms=1))
    return future


def new_account(simulator: Simulator) -> Account:
    """Return a new account that can pay for everything."""
    wish = NewAccount(origin=AccountTemplate(credits=CREDITS, readings={}, frozen=True))
    return simulator.database.run(lambda tx: accounts.create(tx, simulator, wish))


def filled(simulator: Simulator, many: int, *, apart_ms: int = 0) -> Account:
    """Return an account with so many submits, each journalled and charged, its task ended and its
    callback delivered; the tasks end `apart_ms` apart, the last one now.
    """
    account = new_account(simulator)
    call = call_of(submit_form(HOST, account.app_code, NOBODY))
    answer = simulator.database.run(lambda tx: pipeline.handle(tx, simulator, call))
    assert isinstance(answer, Answer)
    assert answer.status == 200, answer
    simulator.database.run(lambda tx: _end(tx, account.id))
    assert wait.deliver_due(simulator, account.id) == 1
    first = simulator.database.read(
        lambda tx: tx.one("select size from call where account = ?", (account.id,))
    )
    assert first is not None
    for begin in range(2, many + 1, CHUNK):
        upto = min(begin + CHUNK - 1, many)
        simulator.database.run(
            lambda tx, begin=begin, upto=upto: _clone(tx, account.id, begin, upto)  # type: ignore[misc]
        )
    simulator.database.run(lambda tx: _sum_up(tx, account.id, many, first["size"], apart_ms))
    return account


def planned(simulator: Simulator, many: int, *, url: str, due_at: int) -> Account:
    """Return an account, its clock running, with so many callbacks to one address that are all due
    at an instant, as their tasks end then.
    """
    wish = NewAccount(origin=AccountTemplate(credits=CREDITS, readings={}))
    account = simulator.database.run(lambda tx: accounts.create(tx, simulator, wish))
    call = call_of(submit_form(HOST, account.app_code, url))
    simulator.database.run(lambda tx: pipeline.handle(tx, simulator, call))

    def plan(tx: Transaction) -> None:
        tx.execute("update task set ends_at = ? where account = ?", (due_at, account.id))
        tx.execute(
            "update callback set due_at = ?, next_at = ? where account = ?",
            (due_at, due_at, account.id),
        )
        _clone(tx, account.id, 2, many)
        _sum_up(tx, account.id, many, 0, 0)

    simulator.database.run(plan)
    return account


def multiplied(simulator: Simulator, account: Account, many: int) -> list[Account]:
    """Return an account with so many others that have the same rows."""
    simulator.database.run(lambda tx: _multiply(tx, account.id, many))
    return simulator.database.read(
        lambda tx: [
            found
            for each in account_rows.ids_after(tx, "", many + 1_000)
            if (found := account_rows.get(tx, each)) is not None
        ]
    )


def _multiply(tx: Transaction, account_id: str, many: int) -> None:
    span = (2, many)
    name = "'b' || substr('0000000' || i, -7)"
    source = "from n, {0} where {0}.account = ?"
    unique = {"id": name, "app_code": name, "app_key": name, "app_secret": name}
    _copy(tx, "account", unique, "from n, account where account.id = ?", (*span, account_id))
    packages = _shift(tx, "package", account_id)
    for table in ("package", "callback", "call", "attempt"):
        other = {"account": name, "id": _shift(tx, table, account_id)}
        if table == "attempt":
            other["callback_id"] = _shift(tx, "callback", account_id, "attempt.callback_id")
        _copy(tx, table, other, source.format(table), (*span, account_id))
    for table in ("task", "task_block", "call_total", "ledger", "charge_total"):
        other = {"account": name}
        if table in ("ledger", "charge_total"):
            other["package_id"] = packages.replace("package.id", f"{table}.package_id")
        if table == "ledger":
            other["call_id"] = _shift(tx, "call", account_id, "ledger.call_id")
        _copy(tx, table, other, source.format(table), (*span, account_id))


def _shift(tx: Transaction, table: str, account_id: str, column: str = "") -> str:
    """Return the id that a copied row of the `i`-th account has."""
    row = tx.one(f"select min(id) as first, max(id) as last from {table} where account = ?",
                 (account_id,))  # fmt: skip
    assert row is not None
    return f"(i - 1) * {row['last'] - row['first'] + 1} + {column or table + '.id'}"


def _end(tx: Transaction, account_id: str) -> None:
    """Let the task have ended, so that the account's clock need not move."""
    tx.execute(
        "update task set submitted_at = submitted_at - 20000, starts_at = starts_at - 20000,"
        " ends_at = ends_at - 20000 where account = ?", (account_id,),
    )  # fmt: skip
    tx.execute(
        "update callback set due_at = due_at - 20000, next_at = next_at - 20000 where account = ?",
        (account_id,),
    )


def _clone(tx: Transaction, account_id: str, begin: int, upto: int) -> None:
    span = (begin, upto)
    _copy(tx, "task", {"number": "i", "id": "printf('%024x', i)"},
          "from n, task where account = ? and number = 1", (*span, account_id))  # fmt: skip
    top = tx.one("select coalesce(max(id), 0) as id from call")
    assert top is not None
    shift = top["id"] - begin + 1
    of_task = "from n join task as t on t.account = ? and t.number = i, "
    task = {"task_id": "t.id", "task_number": "t.number"}
    one = {"id": f"i + {shift}", "task_id": "t.id", "request_id": "lower(hex(randomblob(16)))"}
    values = (*span, account_id, account_id)
    first = "(select min(id) from {} where account = ?)"
    _copy(tx, "call", one, f"{of_task} call where call.id = {first.format('call')}", values)
    charge = f"{of_task} ledger where ledger.account = ? and ledger.task_number = 1"
    _copy(tx, "ledger", {**task, "call_id": f"i + {shift}"}, charge, values)
    top = tx.one("select coalesce(max(id), 0) as id from callback")
    assert top is not None
    later = top["id"] - begin + 1
    _copy(tx, "callback", {**task, "id": f"i + {later}"},
          f"{of_task} callback where callback.id = {first.format('callback')}", values)  # fmt: skip
    _copy(tx, "attempt", {"id": None, "callback_id": f"i + {later}"},
          f"from n, attempt where attempt.id = {first.format('attempt')}",
          (*span, account_id))  # fmt: skip


def _copy(
    tx: Transaction,
    table: str,
    other: Mapping[str, str | None],
    source: str,
    values: tuple[Any, ...],
) -> None:
    """Insert copies of a row, with other values in some columns; None leaves a column out."""
    row = tx.one(f"select * from {table} limit 1")
    if row is None:
        return
    columns = [name for name in row.keys() if other.get(name, "") is not None]  # noqa: SIM118
    shown = [other.get(name) or f"{table}.{name}" for name in columns]
    tx.execute(
        f"insert into {table} ({', '.join(columns)}) {_NUMBERS} select {', '.join(shown)} {source}",
        values,
    )


def _sum_up(tx: Transaction, account_id: str, many: int, size: int, apart_ms: int) -> None:
    """Give the account the totals of its rows, and let its tasks end one after the other."""
    if apart_ms:
        tx.execute(
            "update task set submitted_at = submitted_at - (? - number) * ?,"
            " starts_at = starts_at - (? - number) * ?, ends_at = ends_at - (? - number) * ?"
            " where account = ?",
            (many, apart_ms, many, apart_ms, many, apart_ms, account_id),
        )
    tx.execute("delete from task_block where account = ?", (account_id,))
    tx.execute(
        "insert into task_block (account, block, tasks, first_end, last_end)"
        f" select account, number / {SIZE}, count(*), min(ends_at), max(ends_at) from task"
        f" where account = ? group by account, number / {SIZE}",
        (account_id,),
    )
    account_rows.count(tx, account_id, submits=many - 1, answers=many - 1)
    more = (many - 1, account_id)
    tx.execute("update package set remaining = remaining - ? where account = ?", more)
    tx.execute(
        "update call_total set seen = ?, kept = ?, bytes = ? where account = ?",
        (many, many, many * size, account_id),
    )
    tx.execute(
        "update charge_total set calls = ?, charged = ?, charged_fen = ? where account = ?",
        (many, many, 28 * many, account_id),
    )
