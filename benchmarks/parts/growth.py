"""What must not grow with the data: a submit, a page of the list, and an idle server."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import wrk
from benchmarks.calls import Request, submit_json, task_list
from benchmarks.comparison import MICROSECONDS, check_count
from benchmarks.figures import Figure, figure, ratios
from benchmarks.filling import fill
from benchmarks.part import Bench, Part
from benchmarks.process_cost import cost_of
from benchmarks.rounds import interleaved
from benchmarks.servers import Account, Server, serving

SMALL, LARGE, QUICK = 1_000, 300_000, 20_000
CONNECTIONS = 32
WAIT_S = 1.0  # until a server is idle; it is watched some times as long
SLOWEST = 0.001  # the rate of a clock that lives, and at which nothing becomes due meanwhile


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield CPU times at few and at many tasks, and the load of an idle server."""
    size = bench.pick(LARGE, QUICK)
    large, account = _filled(bench, "large", size)
    with serving(large) as server:
        yield from _submits(bench, server, account, size)
        yield from _lists(bench, server, account, size)
        yield from _idle(bench, server, account, size)


def _filled(bench: Bench, name: str, size: int) -> tuple[Path, Account]:
    """Return a database with an account, whose clock stands still, and so many tasks."""
    database = bench.scratch / f"{name}.sqlite3"
    with serving(database) as server:
        account = server.account(frozen=True)
    fill(database, submit_json, account, size)
    return database, account


def _submits(bench: Bench, server: Server, account: Account, size: int) -> Iterator[Figure]:
    names = f"at {SMALL:,} tasks", f"at {size:,} tasks"
    cases = {
        names[0]: partial(_at_few, bench, iter(range(1_000))),
        names[1]: partial(_submit_cost, server, account),
    }
    took = interleaved(cases, bench.few_rounds)
    for name in names:
        yield figure("Submit", name, "CPU", "µs", took[name])
    many = ratios(took[names[1]], took[names[0]])
    yield figure("Submit", names[1], f"CPU ÷ at {SMALL:,}", "", many)


def _at_few(bench: Bench, numbers: Iterator[int]) -> float:
    """Return the cost of a submit on a new server, which begins with few tasks."""
    database, account = _filled(bench, f"small-{next(numbers)}", SMALL)
    with serving(database) as server:
        return _submit_cost(server, account)


def _submit_cost(server: Server, account: Account) -> float:
    before = server.charged(account)
    request = submit_json(server.url, account.app_code)
    load, cpu = cost_of(server.pid, partial(_load, request))
    check_count(server.charged(account) - before, load.requests, CONNECTIONS)
    return cpu / load.requests * MICROSECONDS


def _lists(bench: Bench, server: Server, account: Account, size: int) -> Iterator[Figure]:
    last = server.charged(account) // 30  # the page that is certainly full
    cases = {
        name: partial(_list_cost, server, task_list(server.url, account.app_code, page))
        for name, page in (("first page", 1), ("last page", last))
    }
    took = interleaved(cases, bench.few_rounds)
    for name, samples in took.items():
        yield figure("List", name, "CPU", "µs", samples)
    name = "last page" if size == LARGE else f"last page of {size:,} tasks"
    ratio = ratios(took["last page"], took["first page"])
    yield figure("List", name, "CPU ÷ first page", "", ratio)


def _list_cost(server: Server, request: Request) -> float:
    load, cpu = cost_of(server.pid, partial(_load, request))
    return cpu / load.requests * MICROSECONDS


def _load(request: Request) -> wrk.Load:
    return wrk.run(request, connections=CONNECTIONS, seconds=1)


def _idle(bench: Bench, server: Server, account: Account, size: int) -> Iterator[Figure]:
    """Yield what the server uses while every callback is planned and none is due."""
    server.turn_clock(account, freeze=False, rate=SLOWEST)
    time.sleep(WAIT_S)
    shares = []
    for _ in range(bench.pick(3, 1)):
        seconds = bench.pick(10, 3) * WAIT_S
        _, cpu = cost_of(server.pid, partial(time.sleep, seconds))
        shares.append(cpu / seconds * 100)
    yield figure("Idle", f"{size:,} planned callbacks", "of a core", "%", shares)


PART = Part(
    name="growth",
    title="Growth",
    says="JSON submits with a callback, on a server that begins each round with 1,000 tasks and on "
    "one with 300,000 (`--quick`: 20,000), 32 connections; then pages of the long list. "
    "For the idle server the account's clock runs, so slowly that no callback becomes due.",
    measure=measure,
)
