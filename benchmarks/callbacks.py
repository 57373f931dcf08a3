"""Callbacks: the CPU time of one, and the time from the jump of a clock until one arrives."""

import statistics
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

import urllib3

from benchmarks import timers
from benchmarks.flask_and_serve import SERVE
from benchmarks.servers import rich_app_code, started
from mock_server.server import Running, running
from mock_server.settings import Settings

JUMPS = 50
ACCOUNTS, EACH, ROUNDS = 4, 250, 5
DELAYS_MS = (0, 20)


def measure() -> str:
    """Return the results as lines."""
    return "\n".join([*(_cpu(delay_ms) for delay_ms in DELAYS_MS), _latency()])


def _cpu(delay_ms: int) -> str:
    """Say how much CPU time of the server's process a callback takes."""
    settings = Settings(port=0, database=":memory:")
    with timers.receiver(delay_ms) as receiver, running(settings) as server:
        rounds = [_delivered(server, receiver, number) for number in range(1, ROUNDS + 2)][1:]
    costs, rates = zip(*rounds, strict=True)
    return (
        f"a callback, receiver takes {delay_ms} ms: {statistics.median(costs):.0f} µs of CPU "
        f"({min(costs):.0f} to {max(costs):.0f} of {ROUNDS} rounds), "
        f"{statistics.median(rates):,.0f}/s"
    )


def _delivered(
    server: Running, receiver: tuple[str, IO[str], IO[str]], number: int
) -> tuple[float, float]:
    """Deliver the callbacks of new accounts; return CPU µs for each, and how many a second."""
    url, asked, said = receiver
    with urllib3.PoolManager() as pool:
        clocks = [_submitted(pool, server.url, url) for _ in range(ACCOUNTS)]
        cpu, at = time.process_time(), time.perf_counter()
        for clock in clocks:
            pool.request("POST", clock, json={"advance": "20s"})
        asked.write(f"{number * ACCOUNTS * EACH}\n")
        asked.flush()
        said.readline()
        took = time.perf_counter() - at
        while server.simulator.database.read(_unfinished):
            time.sleep(0.002)
        cpu = time.process_time() - cpu
    return cpu * 1e6 / (ACCOUNTS * EACH), ACCOUNTS * EACH / took


def _unfinished(tx: Any) -> bool:
    return tx.one("select 1 from callback where state in ('due', 'sending') limit 1") is not None


def _submitted(pool: urllib3.PoolManager, url: str, call_back: str) -> str:
    """Submit tasks in an account of its own whose clock stands still; return its clock's URL."""
    made = pool.request("POST", f"{url}/_mock/accounts", json={"clock": {"frozen": True}}).json()
    fields = {"text": "https://example.com", "style_id": "pet_cat", "call_back": call_back}
    headers = {"Authorization": f"APPCODE {made['app_code']}"}
    for _ in range(EACH):
        pool.request("POST", f"{url}/submitTask", json=fields, headers=headers)
    return f"{url}/_mock/accounts/{made['id']}/clock"


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


def _latency() -> str:
    with _Receiver() as receiver, started(*SERVE) as url, urllib3.PoolManager() as pool:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        app_code = rich_app_code(url)
        account = pool.request("GET", f"{url}/_mock/accounts").json()["accounts"][-1]["id"]
        took = [_jump(pool, url, app_code, account, receiver) for _ in range(JUMPS)]
        receiver.shutdown()
    return (
        f"callback after a jump of the clock: median {statistics.median(took) * 1000:.1f} ms, "
        f"worst {max(took) * 1000:.1f} ms of {JUMPS}"
    )


def _jump(
    pool: urllib3.PoolManager, url: str, app_code: str, account: str, receiver: _Receiver
) -> float:
    receiver.arrived.clear()
    fields = {
        "text": "https://example.com",
        "style_id": "pet_cat",
        "call_back": f"http://127.0.0.1:{receiver.server_address[1]}/",
    }
    headers = {"Authorization": f"APPCODE {app_code}"}
    pool.request_encode_body(
        "POST", f"{url}/submitTask", fields=fields, encode_multipart=False, headers=headers
    )
    started_at = time.perf_counter()
    pool.request("POST", f"{url}/_mock/accounts/{account}/clock", json={"advance": "20s"})
    assert receiver.arrived.wait(10), "no callback came"
    return receiver.at - started_at
