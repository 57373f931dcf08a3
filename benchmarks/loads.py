"""A steady load on a server, seen from the outside: its latencies, and what the server's process
takes meanwhile.
"""

import json
import math
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from benchmarks import calls, wrk
from benchmarks.calls import WrongAnswerError, submit_form
from benchmarks.part import Bench
from benchmarks.servers import Account, Server

EVERY_S = 1.0  # a report of the load; a test takes less
# A load that takes more of a processor measures its own delays.
MOST_BUSY = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """One second: the latencies of what was answered, and the server's memory and descriptors.

    `busy`: how much of a processor the load itself took.
    """

    ms: Sequence[float]
    failed: int
    waiting: int
    busy: float
    rss_mb: float
    descriptors: int


@dataclass(slots=True)
class Watched:
    """The seconds of a load so far."""

    seconds: list[Second] = field(default_factory=list)

    def wait(self, count: int) -> list[Second]:
        """Wait for so many seconds more, and for an answer in them; return them.

        Raises WrongAnswerError.
        """
        begin = len(self.seconds)
        until = time.perf_counter() + 30 + 10 * count
        while len(self.seconds) < begin + count or not any(each.ms for each in self.since(begin)):
            if time.perf_counter() > until:
                raise WrongAnswerError("the steady load does not report")
            time.sleep(0.05)
        return self.since(begin)

    def since(self, begin: int) -> list[Second]:
        """Return the seconds since there were `begin` of them."""
        return self.seconds[begin:]


def half_of_capacity(bench: Bench) -> int:
    """Return half of the submits a second that a new server answers to clients without a pause."""
    with bench.server("capacity") as server:
        request = submit_form(server.url, server.account(frozen=False).app_code)
        return int(wrk.run(request, connections=32, seconds=bench.seconds).per_second / 2)


@contextmanager
def steady_load(server: Server, rate: float, account: Account | None = None) -> Iterator[Watched]:
    """Submit at a rate during a `with` block, in an account or a new one, from another process."""
    app_code = (account or server.account(frozen=False)).app_code
    calls.checked(submit_form(server.url, app_code))  # what the first call loads is loaded then
    program = [sys.executable, "-m", "benchmarks.steady_load", server.url, app_code]
    command = [*program, str(rate), str(EVERY_S)]
    process = psutil.Process(server.pid)
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
    if not every:
        raise WrongAnswerError("no call of the steady load was answered")
    return every[min(len(every) - 1, math.ceil(share * len(every)) - 1)]


def checked(seconds: Sequence[Second]) -> Sequence[Second]:
    """Return seconds in which each answer was HTTP 200, and the load itself had time to spare.

    Raises WrongAnswerError.
    """
    if failed := sum(each.failed for each in seconds):
        raise WrongAnswerError(f"{failed} calls of the steady load were not answered with 200")
    busy = statistics.fmean(each.busy for each in seconds)
    if busy > MOST_BUSY:
        raise WrongAnswerError(f"the steady load measures itself: it took {busy:.0%} of a core")
    return seconds
