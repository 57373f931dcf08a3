"""A steady load on a server, seen from the outside: its latencies, and what the server's process
takes meanwhile.
"""

import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
import urllib3

from benchmarks import wrk
from benchmarks.calls import submit_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """One second: the latencies of what was answered, and the server's memory and descriptors."""

    ms: Sequence[float]
    failed: int
    waiting: int
    rss_mb: float
    descriptors: int


@dataclass(slots=True)
class Watched:
    """The seconds of a load so far."""

    seconds: list[Second] = field(default_factory=list)

    def wait(self, count: int) -> list[Second]:
        """Wait for so many seconds more; return them."""
        begin = len(self.seconds)
        until = time.perf_counter() + 30 + 10 * count
        while len(self.seconds) < begin + count:
            assert time.perf_counter() < until, "the load does not report"
            time.sleep(0.05)
        return self.seconds[begin:]

    def since(self, begin: int) -> list[Second]:
        """Return the seconds since there were `begin` of them."""
        return self.seconds[begin:]


@contextmanager
def started(*module: str) -> Iterator[str]:
    """Start `python -m ...` and return the address it prints."""
    process = subprocess.Popen([sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix("ARTQR_BASE_URL=")
    finally:
        process.terminate()
        process.wait(timeout=15)


def rich_app_code(base_url: str) -> str:
    """Return the app code of an account with more credits than a benchmark uses."""
    answer = urllib3.request("POST", f"{base_url}/_mock/accounts", json={"credits": 100_000_000})
    app_code: str = answer.json()["app_code"]
    return app_code


def half_of_capacity(url: str, app_code: str) -> int:
    """Return half of the submits a second that the server answers to clients that never pause."""
    load = wrk.run(submit_form(url, app_code), connections=32, seconds=4)
    return int(load.per_second / 2)


@contextmanager
def steady_load(url: str, app_code: str, rate: float, process: psutil.Process) -> Iterator[Watched]:
    """Submit at a rate during a `with` block, from another process."""
    command = [sys.executable, "-m", "benchmarks.steady_load", url, app_code, str(rate)]
    watched = Watched()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdin is not None
        reader = threading.Thread(target=_read, args=(client, process, watched), daemon=True)
        reader.start()
        try:
            yield watched
        finally:
            client.stdin.close()
            client.wait(timeout=15)
            reader.join(timeout=15)


def _read(client: "subprocess.Popen[str]", process: psutil.Process, watched: Watched) -> None:
    assert client.stdout is not None
    for line in client.stdout:
        try:
            taken = process.memory_info().rss / 1e6, process.num_fds()
        except psutil.NoSuchProcess:
            return
        told = json.loads(line)
        watched.seconds.append(Second(**told, rss_mb=taken[0], descriptors=taken[1]))


def percentile(seconds: Sequence[Second], share: float) -> float:
    """Return the latency in ms that so large a share of all answers had at most."""
    every = sorted(ms for each in seconds for ms in each.ms)
    return every[min(len(every) - 1, math.ceil(share * len(every)) - 1)] if every else math.nan


def failed(seconds: Sequence[Second]) -> int:
    """Return how many answers were not HTTP 200."""
    return sum(each.failed for each in seconds)
