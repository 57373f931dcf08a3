"""Compares requests to several servers under the load of wrk, in interleaved rounds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks import wrk
from benchmarks.calls import Request, WrongAnswerError
from benchmarks.contenders.contender import Started
from benchmarks.figures import Figure, figure, ratios
from benchmarks.part import Bench
from benchmarks.process_cost import cost_of
from benchmarks.rounds import interleaved

MICROSECONDS = 1e6
SAMPLES = 2  # calls that wrk.run makes to check their answers, before and after
BASES = ("mountebank", "Prism")  # what every request is divided by, if it is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request to one server. `count` says how many calls the server says it has booked."""

    request: Request
    pid: int
    count: Callable[[], int] | None = None
    warm_ups: int = 1
    is_contender: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one round of one case measured."""

    load: wrk.Load
    cpu_us: float


class WrongCountError(Exception):
    """A server booked another number of calls than it answered."""


def stub_cases(bench: Bench, started: Mapping[str, Started]) -> dict[str, Case]:
    """Return what each contender that runs is asked."""
    return {
        name: Case(
            request=bench.contenders[name].request(server.url), pid=server.pid,
            warm_ups=bench.contenders[name].warm_ups, is_contender=True,
        )
        for name, server in started.items()
    }  # fmt: skip


def compare(
    bench: Bench, cases: Mapping[str, Case], *, connections: int, rounds: int
) -> Iterator[Figure]:
    """Measure the cases in turn; yield requests a second, ratios, CPU time and latencies."""
    table = f"{connections} connections"
    samples = measured(bench, cases, connections=connections, rounds=rounds)
    rates = {name: [each.load.per_second for each in found] for name, found in samples.items()}
    for name, found in samples.items():
        yield figure(table, name, "requests a second", "", rates[name])
        for base in BASES:
            if base in rates and name != base:
                yield figure(table, name, f"÷ {base}", "", ratios(rates[name], rates[base]))
        yield figure(table, name, "CPU", "µs", [each.cpu_us for each in found])
        yield figure(table, name, "p50", "ms", [each.load.p50_ms for each in found])
        yield figure(table, name, "p99", "ms", [each.load.p99_ms for each in found])


def latencies(bench: Bench, cases: Mapping[str, Case], *, table: str) -> Iterator[Figure]:
    """Measure the cases in turn on one connection; yield p50, p99, their ratios, and CPU time."""
    samples = measured(bench, cases, connections=1, rounds=bench.rounds)
    halves = {name: [each.load.p50_ms for each in found] for name, found in samples.items()}
    for name, found in samples.items():
        last = [each.load.p99_ms for each in found]
        yield figure(table, name, "p50", "ms", halves[name])
        for base in BASES:
            if base in halves and name != base:
                yield figure(table, name, f"p50 ÷ {base}", "", ratios(halves[name], halves[base]))
        yield figure(table, name, "p99", "ms", last)
        yield figure(table, name, "p99 ÷ p50", "", ratios(last, halves[name]))
        yield figure(table, name, "CPU", "µs", [each.cpu_us for each in found])


def measured(
    bench: Bench, cases: Mapping[str, Case], *, connections: int, rounds: int
) -> dict[str, list[Sample]]:
    """Return the samples of each case: rounds in turn, after its warm-ups.

    A contender that answers wrongly while it warms up is left out, and named.
    """
    runs = {}
    for name, case in cases.items():
        run = _runner(bench, case, connections)
        try:
            for _ in range(case.warm_ups - 1):
                run()
        except WrongAnswerError as error:
            if not case.is_contender:
                raise
            bench.leave_out(name, error)
        else:
            runs[name] = run
    return interleaved(runs, rounds)


def _runner(bench: Bench, case: Case, connections: int) -> Callable[[], Sample]:
    def run() -> Sample:
        before = case.count() if case.count else 0
        load, cpu = cost_of(
            case.pid,
            lambda: wrk.run(case.request, connections=connections, seconds=bench.seconds),
        )
        if case.count:
            check_count(case.count() - before, load.requests, connections)
        return Sample(load=load, cpu_us=cpu / load.requests * MICROSECONDS)

    return run


def check_count(booked: int, answered: int, connections: int) -> None:
    """Check that each answered call is booked; at its end wrk hangs up on one a connection.

    Raises WrongCountError.
    """
    if not answered <= booked - SAMPLES <= answered + connections:
        raise WrongCountError(f"{answered} calls were answered and {booked} were booked")
