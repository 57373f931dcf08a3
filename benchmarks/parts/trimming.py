"""What trimming does to calls: their p99 under a steady half load, with and without it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.calls import WrongAnswerError
from benchmarks.figures import Figure, figure, ratios
from benchmarks.filled import closed_in, filled
from benchmarks.loads import checked, half_of_capacity, percentile, steady_load
from benchmarks.part import Bench, Part
from benchmarks.rounds import interleaved
from benchmarks.servers import SERVE, serving
from mock_server.store.engine.transaction import Transaction

MANY, QUICK, KEEP = 300_000, 20_000, 1_000
ROUNDS = 3
WARM_S, SECONDS, QUICK_SECONDS = 2, 20, 2
USUAL, BUSY = "everything is kept", "the rest is trimmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one round of a server came to."""

    p50_ms: float
    p99_ms: float
    trimmed_per_second: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield latencies of submits with and without trimming, and how much is trimmed meanwhile."""
    origin = bench.scratch / "origin.sqlite3"
    with closed_in(str(origin)) as simulator:
        filled(simulator, bench.pick(MANY, QUICK))
    table, rate = f"{bench.pick(MANY, QUICK):,} tasks", half_of_capacity(bench)
    keeping = {USUAL: "all", BUSY: str(KEEP)}
    runs = {name: partial(_run, bench, origin, keep, rate) for name, keep in keeping.items()}
    took = interleaved(runs, bench.pick(ROUNDS, 1), warm_ups=0)
    if not all(each.trimmed_per_second for each in took[BUSY]):
        raise WrongAnswerError("nothing was trimmed")
    last = {name: [each.p99_ms for each in found] for name, found in took.items()}
    for name, found in took.items():
        trimmed = [each.trimmed_per_second for each in found]
        yield figure(table, name, "tasks trimmed a second", "", trimmed)
        yield figure(table, name, "submits a second", "", [rate])
        yield figure(table, name, "p50", "ms", [each.p50_ms for each in found])
        yield figure(table, name, "p99", "ms", last[name])
    yield figure(table, BUSY, "p99 ÷ usual", "", ratios(last[BUSY], last[USUAL]))


def _run(bench: Bench, origin: Path, keep: str, rate: int) -> Sample:
    """Return what a load on a copy of the database measures."""
    database = bench.scratch / "round.sqlite3"
    shutil.copyfile(origin, database)
    seconds = bench.pick(SECONDS, QUICK_SECONDS)
    with (
        serving(database, program=(*SERVE, "--keep", keep)) as server,
        steady_load(server, rate) as load,
    ):
        load.wait(WARM_S)
        found = checked(load.wait(seconds))
    with closed_in(str(database)) as simulator:
        gone = simulator.database.read(_count)
    for file in bench.scratch.glob(f"{database.name}*"):
        file.unlink()
    return Sample(
        p50_ms=percentile(found, 0.5), p99_ms=percentile(found, 0.99),
        trimmed_per_second=gone / (WARM_S + seconds),
    )  # fmt: skip


def _count(tx: Transaction) -> int:
    row = tx.one("select coalesce(sum(tasks), 0) as gone from retention")
    return int(row["gone"]) if row else 0


PART = Part(
    name="trimming",
    title="Trimming",
    says="Submits at half of the rate that a server takes, while it has 300,000 finished tasks "
    "(`--quick`: 20,000) with what belongs to them. In turn, each time on a new copy of the "
    "database, it keeps all of them or only 1,000.",
    measure=measure,
    is_quick=False,
)
