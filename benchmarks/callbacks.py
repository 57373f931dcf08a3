"""The time from the jump of a clock until its callback reaches the receiver."""

import statistics
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3

from benchmarks.flask_and_serve import SERVE
from benchmarks.servers import rich_app_code, started

JUMPS = 50


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


def measure() -> str:
    """Return the result as a line."""
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
