"""Several processes on PostgreSQL: two workers against one, costs, a jump of a clock elsewhere."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import urllib3

from benchmarks.process_cost import cpu_seconds as cpu_s
from benchmarks.servers import CREDITS
from mock_server.actions import clock
from mock_server.actions.clock import Change
from mock_server.settings import Settings
from mock_server.simulator import build_simulator
from mock_server.store.engine.transaction import Transaction

ROUNDS, SECONDS, CONNECTIONS = 5, 3, 32
JUMPS = 50
TASKS, CALLBACK_ROUNDS = 500, 5
SCRIPT = """
wrk.method = "POST"
wrk.body = "text=https%3A%2F%2Fexample.com&style_id=food_fryrice"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
local codes = {{ {app_codes} }}
local number = 0
request = function()
  number = number + 1
  wrk.headers["Authorization"] = "APPCODE " .. codes[number % #codes + 1]
  return wrk.format()
end
"""
FIELDS = {"text": "https://example.com", "style_id": "pet_cat"}


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server of our own."""

    pid: int

    @property
    def cpu_s(self) -> float:
        """The CPU time of all its processes."""
        return cpu_s(self.pid)


@contextmanager
def started(*module: str) -> Iterator[str]:
    """Start `python -m ...` and return the address it prints."""
    with subprocess.Popen(
        [sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().removeprefix("ARTQR_BASE_URL=")
        finally:
            process.terminate()
            process.wait(timeout=30)


def measure() -> str:
    """Return the results as lines."""
    from tests.support import postgres  # noqa: PLC0415 - it needs the packages of the tests

    try:
        server = Postgres(_pid_of(postgres.server()))
        return "\n".join([
            *_one_and_two(postgres, server),
            _callbacks(postgres.empty_schema(), server),
            _jumps_elsewhere(postgres.empty_schema()),
        ])  # fmt: skip
    finally:
        postgres.close()


def _pid_of(address: str) -> int:
    """Return the process of the server whose sockets are in the folder that an address names."""
    folder = urllib3.util.parse_url(address.replace("@/", "@localhost/")).query or ""
    lines = Path(folder.removeprefix("host="), "postmaster.pid").read_text("utf-8").splitlines()
    return int(lines[0])


@contextmanager
def _serving(address: str, workers: int = 1) -> Iterator[tuple[str, int]]:
    """Start a server on PostgreSQL; give its address and its process."""
    flags = ("--port", "0", "--workers", str(workers), "--database", address)
    with started("mock_server", "serve", *flags) as url:
        yield (
            url,
            next(each.pid for each in psutil.Process().children() if address in each.cmdline()),
        )


def _account(pool: urllib3.PoolManager, url: str, **wish: Any) -> tuple[str, str]:
    """Create an account; return its id and its app code."""
    made = pool.request("POST", f"{url}/_mock/accounts", json={"credits": CREDITS, **wish}).json()
    return made["id"], made["app_code"]


def _one_and_two(postgres: Any, server: Postgres) -> Iterator[str]:
    rates: dict[int, list[float]] = {1: [], 2: []}
    costs: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    with ExitStack() as stack, urllib3.PoolManager() as pool:
        running = {n: stack.enter_context(_serving(postgres.empty_schema(), n)) for n in rates}
        # Several accounts: the calls of one wait for each other.
        codes = {n: [_account(pool, url)[1] for _ in range(16)] for n, (url, _) in running.items()}
        for n, (url, _) in running.items():
            wrk_round(url, codes[n])  # opens the connections to the database
        for _ in range(ROUNDS):
            for n, (url, pid) in running.items():
                before = cpu_s(pid), server.cpu_s
                rate = wrk_round(url, codes[n])
                took = cpu_s(pid) - before[0], server.cpu_s - before[1]
                rates[n].append(rate)
                costs[n].append((took[0] / rate / SECONDS, took[1] / rate / SECONDS))
    one, two = (statistics.median(rates[n]) for n in (1, 2))
    yield (
        f"submits on PostgreSQL, two workers: {two / one:.2f} x one "
        f"({two:,.0f}/s and {one:,.0f}/s, 16 accounts, median of {ROUNDS} interleaved rounds)"
    )
    for n, word in ((1, "one worker"), (2, "two workers")):
        ours, theirs = (statistics.median(each) * 1e6 for each in zip(*costs[n], strict=True))
        yield (
            f"a submit on PostgreSQL, {word}: {ours:.0f} µs of CPU in our processes, "
            f"{theirs:.0f} µs in PostgreSQL's"
        )


def wrk_round(url: str, app_codes: Sequence[str]) -> float:
    """Return how many submits a second were answered, by accounts in turn."""
    named = ", ".join(f'"{code}"' for code in app_codes)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "submit.lua"
        script.write_text(SCRIPT.format(app_codes=named), "utf-8")
        command = [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{SECONDS}s",
            "--timeout",
            "30s",
            "-s",
            str(script),
        ]
        done = subprocess.run(
            [*command, f"{url}/submitTask"], capture_output=True, text=True, check=True
        )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"not every submit was answered with 200:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1))


def _callbacks(address: str, server: Postgres) -> str:
    ours, theirs, rates = [], [], []
    with (
        _serving(address) as (url, pid),
        _receiver() as (receiver, asked, said),
        urllib3.PoolManager() as pool,
    ):
        for number in range(1, CALLBACK_ROUNDS + 1):
            account, code = _account(pool, url, clock={"frozen": True})
            for _ in range(TASKS):
                _submit(pool, url, code, receiver)
            before, at = (cpu_s(pid), server.cpu_s), time.perf_counter()
            pool.request(
                    "POST", f"{url}/_mock/accounts/{account}/clock",
                    json={"advance": "20s", "settle": True},
                )  # fmt: skip
            asked.write(f"{number * TASKS}\n")
            asked.flush()
            said.readline()
            rates.append(TASKS / (time.perf_counter() - at))
            ours.append((cpu_s(pid) - before[0]) / TASKS)
            theirs.append((server.cpu_s - before[1]) / TASKS)
    return (
        f"a callback on PostgreSQL: {statistics.median(ours) * 1e6:.0f} µs of CPU in our process, "
        f"{statistics.median(theirs) * 1e6:.0f} µs in PostgreSQL's, "
        f"{statistics.median(rates):,.0f}/s (median of {CALLBACK_ROUNDS} rounds of {TASKS})"
    )


@contextmanager
def _receiver() -> Iterator[tuple[str, Any, Any]]:
    """Start a receiver of callbacks; give its address, its input and its output."""
    command = [sys.executable, "-m", "benchmarks.callback_receiver", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.stdin, process.stdout
        process.stdin.close()


def _submit(pool: urllib3.PoolManager, url: str, code: str, call_back: str) -> None:
    answer = pool.request(
        "POST", f"{url}/submitTask", json={**FIELDS, "call_back": call_back},
        headers={"Authorization": f"APPCODE {code}"},
    )  # fmt: skip
    assert answer.status == 200, answer.data


class _Receiver(ThreadingHTTPServer):
    """Notes when the last callback came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived = threading.Event()
        self.at = 0.0


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        self.server.at = time.perf_counter()
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.arrived.set()

    def log_message(self, *_: Any) -> None:
        pass


def _jumps_elsewhere(address: str) -> str:
    """Move the clock in this process, which delivers nothing, and time the server's callback."""
    took = []
    with _serving(address) as (url, _), _Receiver() as receiver, urllib3.PoolManager() as pool:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        account, code = _account(pool, url)
        here = build_simulator(Settings(database=address))

        def jump(tx: Transaction) -> None:
            clock.change(tx, here, account, Change(advance_ms=20_000))

        try:
            for _ in range(JUMPS):
                receiver.arrived.clear()
                _submit(pool, url, code, f"http://127.0.0.1:{receiver.server_address[1]}/")
                at = time.perf_counter()
                here.database.run(jump)
                assert receiver.arrived.wait(10), "no callback came"
                took.append(receiver.at - at)
        finally:
            here.close()
            receiver.shutdown()
    return (
        "callback of one server after a jump at another: "
        f"median {statistics.median(took) * 1000:.1f} ms, "
        f"worst {max(took) * 1000:.1f} ms of {JUMPS}"
    )
