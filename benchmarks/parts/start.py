"""Cold starts: from the start of a process to its first 200, and a command that asks a server."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import urllib3

from benchmarks.calls import submit_form
from benchmarks.contenders.contender import Contender
from benchmarks.figures import Figure, figure, ratios
from benchmarks.part import Bench, Part
from benchmarks.rounds import interleaved
from benchmarks.servers import serving

CONTENDERS = ("mountebank", "Prism", "WireMock", "moto")
ROUNDS, QUICK = 7, 3
OURS = "artqr-mock"
COMMAND = ("account", "list")


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the times of cold starts, and that of a command."""
    numbers = count()
    names = list(_startable(bench, bench.pick(CONTENDERS, CONTENDERS[:1])))
    cases: dict[str, Callable[[], float]] = {OURS: partial(_ours, bench, numbers)}
    cases |= {name: partial(_theirs, bench, bench.contenders[name], numbers) for name in names}
    took = interleaved(cases, bench.pick(ROUNDS, QUICK))
    for name, samples in took.items():
        yield figure("Cold start", name, "to the first 200", "ms", samples)
        if name != "mountebank" and "mountebank" in took:
            ratio = ratios(samples, took["mountebank"])
            yield figure("Cold start", name, "÷ mountebank", "", ratio)
    with bench.server("commands") as server:
        runs = [_command_time(server.url) for _ in range(bench.pick(ROUNDS, QUICK) + 1)][1:]
    yield figure("Commands", f"artqr-mock {' '.join(COMMAND)}", "time", "ms", runs)


def _startable(bench: Bench, names: tuple[str, ...]) -> Iterator[str]:
    """Yield those that start here; this start does not count."""
    for name in names:
        with bench.contender_servers(name) as found:
            yield from found


def _ours(bench: Bench, numbers: "count[int]") -> float:
    """Return the time to the first submit that is answered, on a new database, in ms."""
    database = bench.scratch / f"start-{next(numbers)}.sqlite3"
    started_at = time.perf_counter()
    with serving(database) as server:
        request = submit_form(server.url, "mock-demo")
        answer = urllib3.request(
            request.method, request.url, body=request.body, headers=dict(request.headers)
        )
        took = (time.perf_counter() - started_at) * 1000
        assert answer.status == 200
        request.check(answer.data)
    return took


def _theirs(bench: Bench, contender: Contender, numbers: "count[int]") -> float:
    installed = bench.installed / contender.name.lower()
    scratch: Path = bench.scratch / f"{contender.name.lower()}-{next(numbers)}"
    started_at = time.perf_counter()
    with contender.started(installed, scratch):
        return (time.perf_counter() - started_at) * 1000


def _command_time(url: str) -> float:
    """Return how long a command takes that only talks to a server, in ms."""
    command = [str(Path(sys.executable).with_name("artqr-mock")), *COMMAND, "--url", url]
    started_at = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    took = (time.perf_counter() - started_at) * 1000
    assert "default" in done.stdout
    return took


PART = Part(
    name="start",
    title="Cold start",
    says="From the start of the process until a submit is answered with 200, on a new database. A "
    "contender is asked every 2 ms.",
    measure=measure,
    uses=CONTENDERS,
)
