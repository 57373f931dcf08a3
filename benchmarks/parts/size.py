"""The CPU of calls and of the bill by how much an account, or a server, has."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.calls import NOBODY, Request, WrongAnswerError, query, submit_form, task_list
from benchmarks.figures import Figure, figure, ratios
from benchmarks.filled import HOST, closed_in, filled, multiplied
from benchmarks.filling import call_of
from benchmarks.part import Bench, Part
from benchmarks.rounds import interleaved
from mock_server.actions.gateway import pipeline
from mock_server.actions.reports import reports
from mock_server.domain.account.accounts import Account
from mock_server.domain.call.calls import Answer
from mock_server.simulator import Simulator
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction

SMALL, LARGE, QUICK = 1_000, 1_000_000, 20_000
FEW, MANY, QUICK_MANY = 25, 10_000, 500
EACH = 100  # tasks of each of many accounts
ROUNDS, QUICK_ROUNDS, CALLS = 40, 5, 25
PAGE = 20
FORGOTTEN_AFTER_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A simulator, and the accounts that are called in turn."""

    simulator: Simulator
    accounts: list[Account]

    def account(self, number: int) -> Account:
        """Return another account for each number, as far apart as can be."""
        return self.accounts[number * 7919 % len(self.accounts)]


# Returns the request of a call; whatever it has to look up first is not measured.
Ask = Callable[[Case, int], Request]


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the CPU at few and at many tasks, then with few and with many accounts."""
    large, many = bench.pick(LARGE, QUICK), bench.pick(MANY, QUICK_MANY)
    apart_ms = 2 * FORGOTTEN_AFTER_MS // large
    with ExitStack() as stack:
        tasks = {
            f"{SMALL:,} tasks": _one(stack, SMALL),
            f"{large:,} tasks": _one(stack, large),
            f"{large:,} tasks, half of them forgotten": _one(stack, large, apart_ms),
        }
        yield from _compared(bench, "One account", tasks)
    with ExitStack() as stack:
        accounts = {
            f"{count:,} accounts": _many(stack, count) for count in (FEW, many)
        }  # fmt: skip
        yield from _compared(bench, "One server", accounts)


def _one(stack: ExitStack, count: int, apart_ms: int = 0) -> Case:
    simulator = stack.enter_context(closed_in(":memory:"))
    return Case(simulator=simulator, accounts=[filled(simulator, count, apart_ms=apart_ms)])


def _many(stack: ExitStack, count: int) -> Case:
    """Return so many accounts, each of which has noted already what it met of the contract."""
    simulator = stack.enter_context(closed_in(":memory:"))
    accounts = multiplied(simulator, filled(simulator, EACH), count)
    for account in accounts:
        alone = Case(simulator=simulator, accounts=[account])
        for ask in ASKED.values():
            _called(alone, [ask(alone, 0)])
    return Case(simulator=simulator, accounts=accounts)


def _compared(bench: Bench, table: str, cases: Mapping[str, Case]) -> Iterator[Figure]:
    rounds = bench.pick(ROUNDS, QUICK_ROUNDS)
    usual = next(iter(cases))
    for row, ask in ASKED.items():
        runs = {name: _runner(case, ask) for name, case in cases.items()}
        yield from _row(table, row, usual, interleaved(runs, rounds))
    bills = {name: partial(_bills, case) for name, case in cases.items()}
    yield from _row(table, "the bill", usual, interleaved(bills, rounds))


def _row(table: str, row: str, usual: str, took: Mapping[str, list[float]]) -> Iterator[Figure]:
    for name, samples in took.items():
        yield figure(table, row, name, "µs", samples)
        if name != usual:
            yield figure(table, row, f"{name} ÷ {usual}", "", ratios(samples, took[usual]))


def _runner(case: Case, ask: Ask) -> Callable[[], float]:
    """Return what measures one round; each round asks for something else."""
    begin = 0

    def run() -> float:
        nonlocal begin
        begin += CALLS
        return _called(case, [ask(case, number) for number in range(begin, begin + CALLS)])

    return run


def _called(case: Case, requests: list[Request]) -> float:
    """Return the CPU of one call in µs, that of its commit included."""
    calls = [call_of(request) for request in requests]
    works = [partial(pipeline.handle, simulator=case.simulator, call=call) for call in calls]
    started_at = time.process_time()
    answers = [case.simulator.database.start(work) for work in works]
    found = [answer.result() for answer in answers]
    took = time.process_time() - started_at
    for request, answer in zip(requests, found, strict=True):
        request.check(_body(answer))
    return took / len(calls) * 1e6


def _bills(case: Case) -> float:
    """Return the CPU of one bill in µs."""
    chosen = [case.account(number) for number in range(CALLS)]
    started_at = time.process_time()
    found = [
        case.simulator.database.read(
            partial(reports.bill, simulator=case.simulator, account_id=account.id)
        )
        for account in chosen
    ]
    took = time.process_time() - started_at
    if not all(bill.totals for bill in found):
        raise WrongAnswerError("a bill is empty")
    return took / CALLS * 1e6


def _body(answer: Any) -> bytes:
    if not isinstance(answer, Answer) or answer.status != 200:
        raise WrongAnswerError(f"a call was refused: {answer!r}")
    return bytes(answer.body)


def _submit(case: Case, number: int) -> Request:
    return submit_form(HOST, case.account(number).app_code, NOBODY)


def _query(case: Case, number: int) -> Request:
    account = case.account(number)

    def some_id(tx: Transaction) -> str:
        last = tx.one("select max(number) as number from task where account = ?", (account.id,))
        assert last is not None
        at = last["number"] - number * 7919 % (last["number"] // 3)  # not one that is forgotten
        (task,) = task_rows.after(tx, account.id, at - 1, 1)
        return task.id

    return query(HOST, account.app_code, case.simulator.database.read(some_id))


def _first_page(case: Case, number: int) -> Request:
    return task_list(HOST, case.account(number).app_code, 1, PAGE)


def _last_page(case: Case, number: int) -> Request:
    """Return a request for the last page that is full."""
    call = call_of(_first_page(case, number))
    work = partial(pipeline.handle, simulator=case.simulator, call=call)
    listed = json.loads(_body(case.simulator.database.run(work)))["showapi_res_body"]
    return task_list(HOST, case.account(number).app_code, listed["allPages"] - 1, PAGE)


ASKED: dict[str, Ask] = {
    "a submit": _submit,
    "a query": _query,
    "the first page of the list": _first_page,
    "the last page of the list": _last_page,
}

PART = Part(
    name="size",
    title="Size",
    says="The CPU time of one call in process, its commit included, in an account of 1,000 tasks, "
    "each with its call, charge, callback and attempt, and in one of 1,000,000 (`--quick`: "
    "20,000); then on a server of 25 accounts, called in turn, and on one of 10,000 (`--quick`: "
    "500). The databases are in memory, HTTP is left out.",
    measure=measure,
)
