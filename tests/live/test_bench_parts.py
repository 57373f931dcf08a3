"""Each part of the benchmark still measures the simulator as it is; a few calls stand for wrk."""

import time
from pathlib import Path

import pytest

from benchmarks import deliveries, loads, process_cost, wrk
from benchmarks.calls import Request, checked
from benchmarks.part import Bench
from benchmarks.parts import (
    PARTS,
    books,
    callbacks,
    growth,
    inspector,
    memory,
    query,
    size,
    soak,
    space,
    start,
    timers,
    trimming,
    turns,
    workers,
)  # fmt: skip

CALLS = 3
# The first runs pytest a dozen times; the second is like `submit`, with one more server.
# A few calls are too short for the profiler of the stages.
LEFT_OUT = {"plugin", "flask", "stages"}

pytestmark = pytest.mark.slow


def few_calls(request: Request, *, connections: int, seconds: int) -> wrk.Load:
    """Do what wrk does, but only a few times; two more calls stand for the samples."""
    del connections, seconds
    sizes = [len(checked(request)) for _ in range(CALLS + 2)]
    return wrk.Load(requests=CALLS, per_second=200.0, p50_ms=1.0, p99_ms=2.0, read_bytes=sum(sizes))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything small."""
    monkeypatch.setattr(wrk, "run", few_calls)
    # So few calls take no tick of CPU time.
    monkeypatch.setattr(process_cost, "cpu_seconds", lambda _: time.perf_counter())
    monkeypatch.setattr(Bench, "rounds", 1)
    monkeypatch.setattr(growth, "SMALL", 40)
    monkeypatch.setattr(growth, "QUICK", 80)
    monkeypatch.setattr(growth, "WAIT_S", 0.01)
    monkeypatch.setattr(query, "TASKS", 30)
    monkeypatch.setattr(memory, "QUICK", 5)
    monkeypatch.setattr(books, "SMALL", 300)
    monkeypatch.setattr(books, "QUICK", 600)
    monkeypatch.setattr(books, "AFTER", 100)
    monkeypatch.setattr(turns, "QUICK", 100)
    monkeypatch.setattr(memory, "CLIENTS", 2)
    monkeypatch.setattr(callbacks, "QUICK", 3)
    monkeypatch.setattr(callbacks, "QUICK_JUMPS", 1)
    monkeypatch.setattr(deliveries, "SETTLE_S", 0.1)
    monkeypatch.setattr(start, "QUICK", 1)
    monkeypatch.setattr(size, "SMALL", 120)
    monkeypatch.setattr(size, "QUICK", 240)
    monkeypatch.setattr(size, "FEW", 2)
    monkeypatch.setattr(size, "QUICK_MANY", 4)
    monkeypatch.setattr(size, "QUICK_ROUNDS", 1)
    monkeypatch.setattr(space, "QUICK", 100)
    monkeypatch.setattr(loads, "EVERY_S", 0.2)
    monkeypatch.setattr(trimming, "QUICK", 1_500)
    monkeypatch.setattr(timers, "QUICK", 20)
    monkeypatch.setattr(timers, "CASES", (timers.CASES[0], timers.CASES[-1]))
    monkeypatch.setattr(timers, "QUICK_START_S", (4, 20))
    monkeypatch.setattr(timers, "WARM_S", 1)
    for each in (timers, trimming):  # the soak measures it
        monkeypatch.setattr(each, "half_of_capacity", lambda _: 50)
    monkeypatch.setattr(soak, "QUICK", 3)
    monkeypatch.setattr(inspector, "QUICK", 50)
    monkeypatch.setattr(inspector, "QUICK_LOOKS", 1)
    monkeypatch.setattr(inspector, "RATE", 50)
    monkeypatch.setattr(workers, "QUICK", 3)
    monkeypatch.setattr(workers, "QUICK_JUMPS", 2)


@pytest.mark.parametrize("name", sorted({part.name for part in PARTS} - LEFT_OUT))
def test_a_part_yields_figures_without_any_contender(name: str, tmp_path: Path) -> None:
    part = next(part for part in PARTS if part.name == name)
    bench = Bench(quick=True, scratch=tmp_path, installed=tmp_path, contenders={})

    figures = list(part.measure(bench))

    places = [(each.table, each.row, each.column) for each in figures]
    assert places
    assert len(set(places)) == len(places)
    assert bench.left_out == []
