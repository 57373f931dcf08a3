"""What the inspector costs with a million calls, and what an open page costs the operations."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from werkzeug.test import Client

from benchmarks import wrk
from benchmarks.calls import WrongAnswerError, submit_form
from benchmarks.comparison import MICROSECONDS
from benchmarks.figures import Figure, figure, ratios
from benchmarks.filled import HOST, closed_in
from benchmarks.filling import call_of, submit_many
from benchmarks.loads import checked, percentile, steady_load
from benchmarks.open_page import open_page
from benchmarks.part import Bench, Part
from benchmarks.process_cost import cost_of
from benchmarks.rounds import interleaved
from benchmarks.servers import Account, Server
from mock_server.actions.accounts import accounts
from mock_server.domain.account import DEFAULT_ID
from mock_server.store.engine.transaction import Transaction
from mock_server.web.flask_app import create_app
from mock_server.web.serving.event_streams import REST_MS, SHARE

T = TypeVar("T")
CALLS, QUICK = 1_000_000, 20_000
LOOKS, QUICK_LOOKS = 10, 3
CONNECTIONS, RATE = 32, 1_000
CLOSED, OPEN = "no page is open", "a page is open"
FULL, STEADY = f"{CONNECTIONS} connections", f"{RATE:,} calls a second"
PAGE = f"/_mock/inspect/{DEFAULT_ID}/calls"
# Nothing is found, so each looks at as many calls as a request may.
SEARCHES = {"finding": "?finding=nonce-reused", "text": "?text=zzzzzz"}


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the CPU of the first page, of searches, and of the live view."""
    calls, looks = bench.pick(CALLS, QUICK), bench.pick(LOOKS, QUICK_LOOKS)
    column = f"{calls:,} calls"
    live = f"an open page of {column} while more come"
    with closed_in(":memory:") as simulator:
        account = simulator.database.run(lambda tx: accounts.ensure_default(tx, simulator))
        submit = partial(submit_many, simulator, call_of(submit_form(HOST, account.app_code)), 1)
        submit()
        simulator.database.run(partial(_multiply, calls=calls))
        http = Client(create_app(simulator))
        yield figure("Inspector", "first page", column, "ms", _ms(looks, partial(http.get, PAGE)))
        for what, search in SEARCHES.items():
            took = _ms(looks, partial(http.get, PAGE + search))
            yield figure("Inspector", f"search for a {what}", column, "ms", took)
        region = _ms(looks, partial(http.get, f"{PAGE}/region"), before=submit)
    yield figure("Live view", live, f"CPU every {REST_MS} ms", "ms", region)
    shares = [100 * each / (REST_MS + each) for each in region]
    yield figure("Live view", live, "of a core", "%", shares)
    with bench.server() as server:
        yield from _full_speed(bench, server)
        yield from _steady(bench, server)


def _full_speed(bench: Bench, server: Server) -> Iterator[Figure]:
    """Yield what an open page costs submits that come as fast as they are answered."""
    account = server.account(frozen=False)
    request = submit_form(server.url, account.app_code)

    def load() -> tuple[wrk.Load, float]:
        run = partial(wrk.run, request, connections=CONNECTIONS, seconds=bench.seconds)
        return cost_of(server.pid, run)

    cases: dict[str, Callable[[], tuple[wrk.Load, float]]] = {
        CLOSED: load,
        OPEN: partial(_with_page, server, account, load),
    }
    took = interleaved(cases, bench.rounds)
    rates = {name: [load.per_second for load, _ in found] for name, found in took.items()}
    costs = {name: [cpu / load.requests * MICROSECONDS for load, cpu in found]
             for name, found in took.items()}  # fmt: skip
    for name in cases:
        yield figure(FULL, name, "submits a second", "", rates[name])
        yield figure(FULL, name, "CPU", "µs", costs[name])
    yield figure(FULL, OPEN, "rate ÷ closed", "", ratios(rates[OPEN], rates[CLOSED]))
    yield figure(FULL, OPEN, "CPU ÷ closed", "", ratios(costs[OPEN], costs[CLOSED]))


def _steady(bench: Bench, server: Server) -> Iterator[Figure]:
    """Yield what an open page costs submits that come at a rate, and what it shows of them."""
    account, shown = server.account(frozen=False), list[int]()
    with steady_load(server, RATE, account) as load:

        def watch() -> tuple[float, float]:
            seconds, cpu = cost_of(server.pid, partial(load.wait, bench.seconds))
            answered = sum(len(each.ms) for each in checked(seconds))
            return cpu / answered * MICROSECONDS, percentile(seconds, 0.99)

        cases: dict[str, Callable[[], tuple[float, float]]] = {
            CLOSED: watch,
            OPEN: partial(_with_page, server, account, watch, shown),
        }
        took = interleaved(cases, bench.rounds)
    costs = {name: [cpu for cpu, _ in found] for name, found in took.items()}
    for name, found in took.items():
        yield figure(STEADY, name, "CPU", "µs", costs[name])
        yield figure(STEADY, name, "p99", "ms", [last for _, last in found])
    yield figure(STEADY, OPEN, "CPU ÷ closed", "", ratios(costs[OPEN], costs[CLOSED]))
    yield figure(STEADY, OPEN, "shows 1 in", "", shown)
    _, cpu = cost_of(server.pid, partial(time.sleep, bench.seconds))
    yield figure(STEADY, f"{CLOSED}, and no calls", "of a core", "%", [100 * cpu / bench.seconds])


def _with_page(
    server: Server, account: Account, work: Callable[[], T], shown: list[int] | None = None
) -> T:
    """Do something while a page is open; add to `shown` of how many calls it showed one."""
    with open_page(server, account) as page:
        done = work()
    if shown is not None:
        shown += page.one_in
    return done


def _multiply(tx: Transaction, calls: int) -> None:
    """Repeat the only call of the journal."""
    (row,) = tx.all("select * from call")
    names = ", ".join(name for name in row.keys() if name != "id")  # noqa: SIM118 - a row
    there = 1
    while there < calls:
        more = min(there, calls - there)
        tx.execute(
            f"insert into call ({names}) select {names} from call order by id limit ?", (more,)
        )
        there += more
    tx.execute("update call_total set seen = ?, kept = ?", (calls, calls))


def _ms(looks: int, look: Callable[[], Any], before: Callable[[], Any] = int) -> list[float]:
    """Return the CPU time of requests, in ms; the first, which compiles the templates, is none."""
    took = []
    for _ in range(looks + 1):
        before()
        started_at = time.process_time()
        answer = look()
        took.append((time.process_time() - started_at) * 1000)
        if answer.status_code != 200:
            raise WrongAnswerError(f"the inspector answered {answer.status}")
    return took[1:]


PART = Part(
    name="inspector",
    title="Inspector",
    says="The CPU time of a page in process, with 1,000,000 calls in the journal (`--quick`: "
    "20,000). Searches that find nothing look at as many calls as one request may. A page that is "
    f"open asks for news, rests {REST_MS} ms, and never takes more than {100 * SHARE:.0f} % of a "
    "core; while none is open, nothing is done. Then submits to a server, with the page of their "
    "account open and without, in turn: as fast as they are answered, and at a steady rate. What "
    "the page says of how many calls it shows is checked against the number that came.",
    measure=measure,
    is_quick=False,
)
