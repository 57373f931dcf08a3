"""Several processes on PostgreSQL: two workers against one, costs, a jump of a clock elsewhere."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice

from benchmarks import wrk
from benchmarks.calls import Request, submit_form
from benchmarks.comparison import MICROSECONDS, check_count
from benchmarks.deliveries import LATER_MINUTES, arrival_ms, delivered
from benchmarks.figures import Figure, figure, ratios
from benchmarks.part import Bench, Part
from benchmarks.postgresql import Postgres, postgres
from benchmarks.process_cost import cost_of
from benchmarks.receivers import counting, noting
from benchmarks.rounds import interleaved
from benchmarks.servers import SERVE, Account, Server, serving
from mock_server.actions import clock
from mock_server.actions.clock import Change
from mock_server.settings import Settings
from mock_server.simulator import build_simulator
from mock_server.store.engine.transaction import Transaction

CONNECTIONS = 32
ACCOUNTS = 16  # the calls of one wait for each other
WORKERS = {"one worker": 1, "two workers": 2}
JUMPS, QUICK_JUMPS = 50, 5
EACH, QUICK = 125, 25
OURS, THEIRS = "our CPU", "PostgreSQL's CPU"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One round: the load, and the CPU of a call in our processes and in PostgreSQL's, in µs."""

    load: wrk.Load
    ours_us: float
    theirs_us: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield what two workers bring, what calls and callbacks cost, and the time of a jump."""
    with postgres(bench) as database:
        if database is None:
            return
        yield from _submits(bench, database)
        address = database.empty_schema()
        with _serving(bench, address) as server:
            yield from _callbacks(bench, database, server)
            took = _jumps_elsewhere(bench, address, server)
    row = "after a jump of the clock at another server"
    yield figure("One callback", row, "until it arrives", "ms", took)
    yield figure("One callback", row, f"slowest of {len(took)}", "ms", [max(took)])


@contextmanager
def _serving(bench: Bench, address: str, workers: int = 1) -> Iterator[Server]:
    program = (*SERVE, "--workers", str(workers))
    with serving(address, program=program, log=bench.scratch / f"{workers}.log") as server:
        yield server


def _submits(bench: Bench, database: Postgres) -> Iterator[Figure]:
    with ExitStack() as stack:
        runs = {}
        for name, workers in WORKERS.items():
            server = stack.enter_context(_serving(bench, database.empty_schema(), workers))
            accounts = [server.account(frozen=True) for _ in range(ACCOUNTS)]
            runs[name] = partial(_submit_run, bench, database, server, accounts)
        took = interleaved(runs, bench.few_rounds)
    yield from _submit_figures(took)


def _submit_figures(took: Mapping[str, list[Sample]]) -> Iterator[Figure]:
    rates = {name: [each.load.per_second for each in found] for name, found in took.items()}
    one, two = WORKERS
    for name, found in took.items():
        yield figure("Submits", name, "requests a second", "", rates[name])
        if name == two:
            yield figure("Submits", name, f"÷ {one}", "", ratios(rates[two], rates[one]))
        yield figure("Submits", name, OURS, "µs", [each.ours_us for each in found])
        yield figure("Submits", name, THEIRS, "µs", [each.theirs_us for each in found])
        yield figure("Submits", name, "p50", "ms", [each.load.p50_ms for each in found])
        yield figure("Submits", name, "p99", "ms", [each.load.p99_ms for each in found])


def _submit_run(
    bench: Bench, database: Postgres, server: Server, accounts: list[Account]
) -> Sample:
    def charged() -> int:
        return sum(server.charged(account) for account in accounts)

    before = charged()
    run = partial(
        wrk.run, _in_turn(server, accounts), connections=CONNECTIONS, seconds=bench.seconds
    )
    (load, ours), theirs = cost_of(database.pid, partial(cost_of, server.pid, run))
    check_count(charged() - before, load.requests, CONNECTIONS)
    us = MICROSECONDS / load.requests
    return Sample(load=load, ours_us=ours * us, theirs_us=theirs * us)


def _in_turn(server: Server, accounts: list[Account]) -> Request:
    """Return a submit that the accounts make in turn."""
    one = submit_form(server.url, accounts[0].app_code)
    headers = [submit_form(server.url, each.app_code).headers for each in accounts]
    return Request(
        url=one.url, check=one.check, headers=one.headers, body=one.body,
        header_sets=lambda count: islice(cycle(headers), count),
    )  # fmt: skip


def _callbacks(bench: Bench, database: Postgres, server: Server) -> Iterator[Figure]:
    with counting(0) as receiver:
        pids = [server.pid, database.pid]
        rounds = [
            delivered(server, receiver, bench.pick(EACH, QUICK), pids)
            for _ in range(bench.few_rounds + 1)
        ][1:]
    row = "one worker"
    yield figure("Callbacks", row, OURS, "µs", [each.cpu_us[0] for each in rounds])
    yield figure("Callbacks", row, THEIRS, "µs", [each.cpu_us[1] for each in rounds])
    yield figure("Callbacks", row, "a second", "", [each.per_second for each in rounds])


def _jumps_elsewhere(bench: Bench, address: str, server: Server) -> list[float]:
    """Move the clock in this process, which delivers nothing, and time the server's callback."""
    with noting() as receiver:
        account = server.account(frozen=False)
        here = build_simulator(Settings(database=address))

        def jump(tx: Transaction) -> None:
            clock.change(tx, here, account.id, Change(advance_ms=LATER_MINUTES * 60_000))

        try:
            return [
                arrival_ms(server, account, receiver, lambda: here.database.run(jump))
                for _ in range(bench.pick(JUMPS, QUICK_JUMPS))
            ]
        finally:
            here.close()


PART = Part(
    name="workers",
    title="Workers on PostgreSQL",
    says="Forms of 16 accounts in turn, 32 connections, `serve --workers` 1 and 2; then callbacks, "
    "whose clocks jump at the server itself, and one at a time, whose clock jumps at another. "
    "Client, servers and PostgreSQL share the cores, and PostgreSQL does not wait for its disk.",
    measure=measure,
    is_quick=False,
)
