"""100,000 callbacks fall due in the same second, by real time and by a jump of the clock.

All of them have to arrive, the server's memory stays bounded, and calls under a steady half load
are answered meanwhile.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil
import urllib3

from benchmarks.filled import planned
from benchmarks.loads import (
    Second,
    Watched,
    failed,
    half_of_capacity,
    percentile,
    rich_app_code,
    started,
    steady_load,
)
from mock_server.real_clock import wall_clock
from mock_server.settings import Settings
from mock_server.simulator import build_simulator

MANY = 100_000
DELAYS_MS = (0, 20)
ALONE_S = 15
# Until the server is there and the load has been measured alone.
AHEAD_MS = (ALONE_S + 20) * 1000
HOUR_MS = 3_600_000


def measure(many: int = MANY) -> str:
    """Return the results as lines; raise if a callback did not arrive."""
    lines = [_measured(many, delay_ms, by_jump=True) for delay_ms in DELAYS_MS]
    return "\n".join([*lines, _measured(many, 0, by_jump=False)])


def _measured(many: int, delay_ms: int, *, by_jump: bool) -> str:
    with tempfile.TemporaryDirectory() as folder, receiver(delay_ms) as (url, asked, said):
        path = Path(folder) / "timers.sqlite3"
        due_in_ms = HOUR_MS if by_jump else AHEAD_MS
        account, due_at = _plan(path, url, many, due_in_ms)
        command = ("mock_server", "serve", "--port", "0", "--database", str(path))
        with started(*command) as server, urllib3.PoolManager() as pool:
            process = psutil.Process().children()[-1]
            code = rich_app_code(server)
            rate = half_of_capacity(server, code)
            with steady_load(server, code, rate, process) as load:
                load.wait(3)
                alone = load.wait(ALONE_S)
                begin = len(load.seconds)
                if by_jump:
                    clock = f"{server}/_mock/accounts/{account}/clock"
                    pool.request("POST", clock, json={"advance": "1h"})
                else:
                    time.sleep(max(0.0, (due_at - wall_clock()) / 1000))
                took = _arrived(many, asked, said, load)
                during = load.since(begin)
    how = f"by {'a jump' if by_jump else 'real time'}, receiver takes {delay_ms} ms"
    arrived = f"all arrived in {took:.0f} s, {many / took:,.0f}/s"
    calls = _compared(alone, during, rate)
    return f"{many:,} callbacks due in one second {how}: {arrived}; {calls}"


def _arrived(many: int, asked: IO[str], said: IO[str], load: Watched) -> float:
    """Wait until all have arrived; return how many seconds that took."""
    started_at = time.perf_counter()
    asked.write(f"{many}\n")
    asked.flush()
    assert said.readline().strip() == "all"
    took = time.perf_counter() - started_at
    load.wait(1)
    return took


def _plan(path: Path, url: str, many: int, due_in_ms: int) -> tuple[str, int]:
    """Plan the callbacks in a file that no server has open; return their account, and when they
    are due on its clock."""
    simulator = build_simulator(Settings(database=str(path)))
    try:
        due_at = wall_clock() + due_in_ms
        return planned(simulator, many, url=url, due_at=due_at).id, due_at
    finally:
        simulator.close()


@contextmanager
def receiver(delay_ms: int) -> Iterator[tuple[str, IO[str], IO[str]]]:
    """Start a receiver; give its address, its input and its output."""
    command = [sys.executable, "-m", "benchmarks.callback_receiver", str(delay_ms)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.stdin, process.stdout
        process.stdin.close()


def _compared(alone: list[Second], during: list[Second], rate: int) -> str:
    usual, busy = percentile(alone, 0.99), percentile(during, 0.99)
    grown = max(each.rss_mb for each in during) - max(each.rss_mb for each in alone)
    return (
        f"meanwhile {rate:,} submits/s, p99 {busy:.1f} ms, {busy / usual:.1f} x that of the load "
        f"alone ({usual:.1f} ms; p50 {percentile(during, 0.5):.1f} and "
        f"{percentile(alone, 0.5):.1f} ms), {failed(during)} failed; {grown:.0f} MB more memory"
    )


if __name__ == "__main__":
    print(measure())
