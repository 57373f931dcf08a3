"""Resident memory: at the start, after many calls, and after many first fetches of pictures."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import urllib3

from benchmarks import wrk
from benchmarks.calls import WrongAnswerError, submit_json
from benchmarks.drawn import first_task, pictures_of, size_of
from benchmarks.figures import Figure, figure
from benchmarks.part import Bench, Part
from benchmarks.process_cost import memory_mb, peak_memory_mb
from benchmarks.servers import Account, Server

CALLS, QUICK = 50_000, 5_000
CLIENTS = 32


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the memory after each step; one run shows it."""
    calls = bench.pick(CALLS, QUICK)
    with bench.server() as server, urllib3.PoolManager(maxsize=CLIENTS) as pool:
        yield from _memory(server, "at the start")
        _call(server, server.account(frozen=True), calls)
        after = f"after {calls:,} calls"
        yield from _memory(server, after)
        account = server.account(frozen=True)
        tasks = [first_task(server, account) for _ in range(CLIENTS + 1)]
        server.turn_clock(account, advance="30m")
        one, *others = pictures_of(server, account, tasks)
        _fetch(pool, [one] * CLIENTS)
        yield from _memory(server, f"{after} and {CLIENTS} first fetches of a picture")
        _fetch(pool, others)
        yield from _memory(server, f"then {CLIENTS} different pictures at once")


def _memory(server: Server, row: str) -> Iterator[Figure]:
    time.sleep(0.5)  # what is free is given back by then
    resident, peak = memory_mb(server.pid), peak_memory_mb(server.pid)
    for column, value in (("resident", resident), ("highest so far", peak)):
        if value is not None:
            yield figure("Memory", row, column, "MB", [value])


def _call(server: Server, account: Account, calls: int) -> None:
    """Make at least so many calls."""
    request = submit_json(server.url, account.app_code)
    while server.charged(account) < calls:
        wrk.run(request, connections=CLIENTS, seconds=1)


def _fetch(pool: urllib3.PoolManager, pictures: list[str]) -> None:
    """Fetch pictures that nobody has drawn yet, all at once."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        sizes = list(clients.map(lambda picture: size_of(pool, picture), pictures))
    if min(sizes) < 10_000:
        raise WrongAnswerError(f"a picture of {min(sizes)} bytes is none")


PART = Part(
    name="memory",
    title="Memory",
    says="One server through all steps: submits, then 32 clients that ask for the same picture "
    "before it is drawn, then for 32 different ones. With the children of the server's process; "
    "the highest value is that of the process alone.",
    measure=measure,
)
