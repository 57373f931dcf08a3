"""Callbacks: the CPU time of one, and the time from the jump of a clock until one arrives."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

import urllib3

from benchmarks.calls import WrongAnswerError, is_submitted, submit_json
from benchmarks.figures import Figure, figure
from benchmarks.part import Bench, Part
from benchmarks.process_cost import cpu_seconds
from benchmarks.servers import Account, Server

DELAYS_MS = (0, 20)
ACCOUNTS = 4
EACH, QUICK = 500, 100
JUMPS, QUICK_JUMPS = 50, 10
LATER = "30m"  # every task has ended by then
SETTLE_S = 0.3  # in which the last attempts are recorded


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield CPU and rate with a fast and with a slow receiver, and the time until one arrives."""
    for delay_ms in DELAYS_MS:
        row = f"receiver takes {delay_ms} ms"
        with bench.server(f"receiver-{delay_ms}") as server, _receiver(delay_ms) as receiver:
            rounds = [
                _delivered(server, receiver, bench.pick(EACH, QUICK))
                for _ in range(bench.few_rounds + 1)
            ][1:]
        costs, rates = zip(*rounds, strict=True)
        yield figure("Callbacks", row, "CPU", "µs", costs)
        yield figure("Callbacks", row, "a second", "", rates)
    row = "after a jump of the clock"
    yield figure("One callback", row, "until it arrives", "ms", _jumps(bench))


@dataclass(slots=True, kw_only=True)
class Counter:
    """A receiver in a process of its own, which counts what came."""

    url: str
    asked: IO[str]
    said: IO[str]
    expected: int = 0

    def wait(self, more: int) -> None:
        """Wait until so many more callbacks have come."""
        self.expected += more
        self.asked.write(f"{self.expected}\n")
        self.asked.flush()
        if not self.said.readline():
            raise WrongAnswerError("the receiver ended")


@contextmanager
def _receiver(delay_ms: int) -> Iterator[Counter]:
    """Start a receiver that answers after some ms."""
    command = [sys.executable, "-m", "benchmarks.callback_receiver", str(delay_ms)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        yield Counter(url=url, asked=process.stdin, said=process.stdout)
        process.stdin.close()


def _delivered(server: Server, receiver: Counter, each: int) -> tuple[float, float]:
    """Deliver the callbacks of new accounts; return CPU µs for each, and how many a second."""
    accounts = [server.account(frozen=True) for _ in range(ACCOUNTS)]
    with ThreadPoolExecutor(ACCOUNTS) as clients:
        list(clients.map(lambda account: _submit(server, account, receiver.url, each), accounts))
    count = ACCOUNTS * each
    cpu, at = cpu_seconds(server.pid), time.perf_counter()
    for account in accounts:
        server.turn_clock(account, advance=LATER)
    receiver.wait(count)
    took = time.perf_counter() - at
    time.sleep(SETTLE_S)
    cpu = cpu_seconds(server.pid) - cpu
    for account in accounts:
        _check_delivered(server, account, each)
    return cpu / count * 1e6, count / took


def _submit(server: Server, account: Account, call_back: str, count: int) -> None:
    request = submit_json(server.url, account.app_code, call_back)
    with urllib3.PoolManager() as pool:
        for _ in range(count):
            answer = pool.request("POST", request.url, body=request.body, headers=request.headers)
            is_submitted(answer.data)


def _check_delivered(server: Server, account: Account, count: int) -> None:
    """Check that each callback was delivered, and each with one attempt."""
    pages = server.admin.pages(f"/accounts/{account.id}/callbacks", "callbacks")
    found = [(each["state"], len(each["attempts"])) for page in pages for each in page]
    if found != [("delivered", 1)] * count:
        raise WrongAnswerError(f"not each of {count} callbacks was delivered: {found[:3]} …")


class _Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived = threading.Event()
        self.at = 0.0


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        self.server.at = time.perf_counter()
        self.send_response(204)
        self.end_headers()
        self.server.arrived.set()

    def log_message(self, *_: Any) -> None:
        pass


def _jumps(bench: Bench) -> tuple[float, ...]:
    with _Receiver() as receiver, bench.server("jumps") as server, urllib3.PoolManager() as pool:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        account = server.account(frozen=False)
        took = tuple(
            _jump(pool, server, account, receiver) for _ in range(bench.pick(JUMPS, QUICK_JUMPS))
        )
        receiver.shutdown()
    return took


def _jump(
    pool: urllib3.PoolManager, server: Server, account: Account, receiver: _Receiver
) -> float:
    """Return the time from an order to the clock to the arrival of a callback, in ms."""
    receiver.arrived.clear()
    call_back = f"http://127.0.0.1:{receiver.server_address[1]}/"
    request = submit_json(server.url, account.app_code, call_back)
    is_submitted(pool.request("POST", request.url, body=request.body, headers=request.headers).data)
    started_at = time.perf_counter()
    server.turn_clock(account, advance=LATER)
    if not receiver.arrived.wait(10):
        raise WrongAnswerError("no callback came in 10 s")
    return (receiver.at - started_at) * 1000


PART = Part(
    name="callbacks",
    title="Callbacks",
    says="Accounts with a frozen clock submit first; then their clocks jump, and the receiver "
    "counts what comes. Afterwards each callback must have been delivered with one attempt. CPU is "
    "everything that the server does from the jump on.",
    measure=measure,
)
