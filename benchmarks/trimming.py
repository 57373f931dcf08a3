"""What trimming does to calls: their p99 under a steady half load, with and without it.

Both servers have the same 300,000 finished tasks with what belongs to them; one of them may keep
1,000. They take turns under the load, second by second compared with the other's.
"""

import tempfile
from pathlib import Path

import psutil

from benchmarks.filled import filled
from benchmarks.loads import (
    Second,
    failed,
    half_of_capacity,
    percentile,
    rich_app_code,
    started,
    steady_load,
)
from benchmarks.size import post_nowhere
from mock_server.settings import Settings
from mock_server.simulator import Network, build_simulator
from mock_server.store.engine.transaction import Transaction

MANY, KEEP = 300_000, 1_000
SECONDS = 30


def measure() -> str:
    """Return the result as a line."""
    with tempfile.TemporaryDirectory() as folder:
        usual = _under_load(Path(folder) / "all.sqlite3", "all", rate=None)
        trimming = _under_load(Path(folder) / "few.sqlite3", str(KEEP), rate=usual[1])
    (alone, rate, _), (busy, _, gone) = usual, trimming
    assert failed(busy) == 0
    before, meanwhile = percentile(alone, 0.99), percentile(busy, 0.99)
    return (
        f"while {gone / SECONDS:,.0f} tasks a second are trimmed, {rate:,} submits/s have a p99 of "
        f"{meanwhile:.1f} ms, {meanwhile / before:.2f} x the usual one ({before:.1f} ms; p50 "
        f"{percentile(busy, 0.5):.1f} and {percentile(alone, 0.5):.1f} ms)"
    )


def _under_load(path: Path, keep: str, rate: int | None) -> tuple[list[Second], int, int]:
    """Return the seconds under the load, its rate, and how many tasks were trimmed meanwhile."""
    simulator = build_simulator(
        Settings(database=str(path)), network=Network(post=post_nowhere, fetch=post_nowhere)
    )
    try:
        filled(simulator, MANY)
    finally:
        simulator.close()
    command = ("mock_server", "serve", "--port", "0", "--database", str(path), "--keep", keep)
    with started(*command) as server:
        process = psutil.Process().children()[-1]
        code = rich_app_code(server)
        rate = rate or half_of_capacity(server, code)
        with steady_load(server, code, rate, process) as load:
            load.wait(2)
            seconds = load.wait(SECONDS)
    return seconds, rate, _trimmed(path)


def _trimmed(path: Path) -> int:
    simulator = build_simulator(Settings(database=str(path)))
    try:
        return simulator.database.read(_count)
    finally:
        simulator.close()


def _count(tx: Transaction) -> int:
    row = tx.one("select coalesce(sum(tasks), 0) as gone from retention")
    return int(row["gone"]) if row else 0


if __name__ == "__main__":
    print(measure())
