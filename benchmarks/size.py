"""The CPU of calls and of the bill by how much an account, or a server, has: interleaved.

An account of 1,000 tasks, each with its call, charge, callback and attempt, is compared with one of
1,000,000; and a server of 25 accounts, called in turn, with one of 10,000.
"""

import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

from benchmarks.filled import call_of, filled, multiplied, submit_of
from mock_server.actions.gateway import pipeline
from mock_server.actions.reports import reports
from mock_server.domain.account.accounts import Account
from mock_server.domain.call.calls import Answer, Call
from mock_server.domain.callback.payload import Outcome
from mock_server.real_clock import wall_clock
from mock_server.settings import Settings
from mock_server.simulator import Network, Simulator, build_simulator
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction

SMALL, LARGE = 1_000, 1_000_000
FEW_ACCOUNTS, ACCOUNTS, EACH = 25, 10_000, 100
ROUNDS, CALLS = 40, 25
HALF_FORGOTTEN_MS = 2 * 24 * 3_600_000 // LARGE
# Returns a call; whatever it has to look up first is not measured.
Ask = Callable[[Simulator, Account, int], Call]


def measure() -> str:
    """Return the results as lines; raise if a call was refused."""
    with ExitStack() as stack:
        tasks = {
            f"{SMALL:,} tasks": _one(stack, SMALL),
            f"{LARGE:,} tasks": _one(stack, LARGE),
            f"{LARGE:,} tasks, half of them forgotten": _one(stack, LARGE, HALF_FORGOTTEN_MS),
        }
        accounts = {
            f"{FEW_ACCOUNTS} accounts": _many(stack, FEW_ACCOUNTS),
            f"{ACCOUNTS:,} accounts": _many(stack, ACCOUNTS),
        }
        for simulator, called in accounts.values():
            _warm(simulator, called)
        return "\n".join([*_lines(tasks), *_lines(accounts)])


def _one(stack: ExitStack, many: int, apart_ms: int = 0) -> tuple[Simulator, list[Account]]:
    simulator = _simulator(stack)
    return simulator, [filled(simulator, many, apart_ms=apart_ms)]


def _many(stack: ExitStack, many: int) -> tuple[Simulator, list[Account]]:
    simulator = _simulator(stack)
    return simulator, multiplied(simulator, filled(simulator, EACH), many)


def _simulator(stack: ExitStack) -> Simulator:
    settings = Settings(database=":memory:", journal_calls=10 * LARGE, journal_mib=1_000_000)
    simulator = build_simulator(
        settings, real_now=wall_clock, network=Network(post=post_nowhere, fetch=post_nowhere)
    )
    stack.callback(simulator.close)
    return simulator


def post_nowhere(_address: Any, posting: Any = None) -> Any:
    """Take a callback as delivered, without a network."""
    future: Future[Outcome] = Future()
    future.set_result(Outcome(status=204, sent=len(posting.body), sent_headers=(), duration_ms=1))
    return future


def _warm(simulator: Simulator, accounts: list[Account]) -> None:
    """Let each account make its first calls, which note what of the contract they met."""
    for account in accounts:
        for ask in ASKED.values():
            _check(simulator.database.run(_handled(simulator, ask(simulator, account, 0))))


def _lines(cases: dict[str, tuple[Simulator, list[Account]]]) -> list[str]:
    took: dict[str, dict[str, list[float]]] = {
        name: {case: [] for case in cases} for name in (*ASKED, BILL)
    }
    for number in range(ROUNDS + 1):
        for name, found in took.items():
            for case, (simulator, accounts) in cases.items():
                cpu = _round(simulator, accounts, ASKED.get(name), number)
                if number:  # the first one opens connections and prepares statements
                    found[case].append(cpu)
    return [_line(name, rounds) for name, rounds in took.items()]


def _round(simulator: Simulator, accounts: list[Account], ask: Ask | None, number: int) -> float:
    """Return the CPU of one call in µs, that of its commit and of copying the log included."""
    chosen = [accounts[(number * CALLS + place) * 7919 % len(accounts)] for place in range(CALLS)]
    if ask is None:
        started_at = time.process_time()
        for account in chosen:
            assert simulator.database.read(_bill_of(simulator, account)).totals
        return (time.process_time() - started_at) / CALLS * 1e6
    calls = [ask(simulator, each, number * CALLS + place) for place, each in enumerate(chosen)]
    started_at = time.process_time()
    answers = [simulator.database.start(_handled(simulator, call)) for call in calls]
    for answer in answers:
        _check(answer.result())
    return (time.process_time() - started_at) / CALLS * 1e6


def _handled(simulator: Simulator, call: Call) -> Callable[[Transaction], Any]:
    return lambda tx: pipeline.handle(tx, simulator, call)


def _bill_of(simulator: Simulator, account: Account) -> Callable[[Transaction], Any]:
    return lambda tx: reports.bill(tx, simulator, account.id)


def _check(answer: Any) -> Answer:
    assert isinstance(answer, Answer)
    assert answer.status == 200, answer
    return answer


def _line(name: str, rounds: dict[str, list[float]]) -> str:
    (case, usual), *others = ((case, statistics.median(found)) for case, found in rounds.items())
    shown = ", ".join(f"{case} {found / usual:.2f} x ({found:.0f} µs)" for case, found in others)
    return f"{name}: with {case} {usual:.0f} µs of CPU; {shown}"


def _submit(_simulator: Simulator, account: Account, _number: int) -> Call:
    return submit_of(account)


def _query(simulator: Simulator, account: Account, number: int) -> Call:
    def some_id(tx: Transaction) -> str:
        last = tx.one("select max(number) as number from task where account = ?", (account.id,))
        assert last is not None
        at = last["number"] - number * 7919 % (last["number"] // 3)  # not one that is forgotten
        (task,) = task_rows.after(tx, account.id, at - 1, 1)
        return task.id

    task_id = simulator.database.read(some_id)
    return call_of(account, "/queryTask", f"task_id={task_id}".encode())


def _first_page(_simulator: Simulator, account: Account, _number: int) -> Call:
    return _page(account, 1)


def _last_page(simulator: Simulator, account: Account, _number: int) -> Call:
    work = _handled(simulator, _page(account, 1))
    body = json.loads(_check(simulator.database.run(work)).body)["showapi_res_body"]
    return _page(account, body["allPages"] - 1)


def _page(account: Account, number: int) -> Call:
    return call_of(account, "/taskList", f"page={number}&maxResult=20".encode())


BILL = "the bill"
ASKED: dict[str, Ask] = {
    "a submit": _submit,
    "a query": _query,
    "the first page of the list": _first_page,
    "the last page of the list": _last_page,
}


if __name__ == "__main__":
    print(measure())
