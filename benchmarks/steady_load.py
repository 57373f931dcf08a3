"""`python -m benchmarks.steady_load URL APP_CODE RATE EVERY_S`: submits at a steady rate.

An open load: every submit has its time, whether or not earlier ones are answered, and its latency
is counted from that time. It prints a line of JSON each so many seconds, until its input ends:
`{"ms": [...], "failed": n, "waiting": n, "busy": share of a processor}`.

It must not take the processor that the server and others need, or it measures its own delays: it
sleeps until the next submit is due.
"""

import asyncio
import json
import selectors
import sys
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = 64
BODY = b"text=https%3A%2F%2Fexample.com&style_id=food_fryrice"


class _Connection(asyncio.Protocol):
    """One connection that is kept; it has at most one request under way."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._data = b""
        self._since = 0.0

    def connection_made(self, transport: Any) -> None:  # uvloop's is no asyncio.Transport
        self._transport = transport
        self._load.free(self)

    def send(self, since: float) -> None:
        self._since = since
        self._transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(body) < length:
            return
        self._data = b""
        self._load.answered(self._since, ok=head.startswith(b"HTTP/1.1 200"))
        self._load.free(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._load.lost += 1


class _Load:
    def __init__(self, app_code: str, host: str) -> None:
        head = (
            f"POST /submitTask HTTP/1.1\r\nHost: {host}\r\nAuthorization: APPCODE {app_code}\r\n"
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
            f"Content-Length: {len(BODY)}\r\n\r\n"
        )
        self.request = head.encode() + BODY
        self.lost = 0
        self._idle: deque[_Connection] = deque()
        self._waiting: deque[float] = deque()
        self._ms: list[float] = []
        self._failed = 0
        self._told = time.perf_counter(), time.process_time()

    def free(self, connection: _Connection) -> None:
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._idle.append(connection)

    def due(self, at: float) -> None:
        if self._idle:
            self._idle.popleft().send(at)
        else:
            self._waiting.append(at)

    def answered(self, since: float, *, ok: bool) -> None:
        self._ms.append(round((time.perf_counter() - since) * 1000, 2))
        self._failed += not ok

    def report(self) -> None:
        told = time.perf_counter(), time.process_time()
        said = {
            "ms": self._ms,
            "failed": self._failed + self.lost,
            "waiting": len(self._waiting),
            "busy": round((told[1] - self._told[1]) / (told[0] - self._told[0]), 3),
        }
        print(json.dumps(said), flush=True)
        self._ms, self._failed, self._told = [], 0, told


async def _main(url: str, app_code: str, rate: float, every_s: float) -> None:
    parts = urlsplit(url)
    load, loop = _Load(app_code, parts.netloc), asyncio.get_running_loop()
    host, port = parts.hostname or "", parts.port or 80
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: _Connection(load), host, port)
    ended = loop.run_in_executor(None, sys.stdin.read)
    begin = time.perf_counter()
    sent, told = 0, 1
    while not ended.done():
        passed = time.perf_counter() - begin
        while sent <= passed * rate:
            load.due(begin + sent / rate)
            sent += 1
        if passed >= told * every_s:
            load.report()
            told += 1
        await asyncio.sleep(max(0, begin + sent / rate - time.perf_counter()))


def _loop_factory() -> asyncio.AbstractEventLoop:
    """Return a loop whose timers are exact to microseconds: epoll, and uvloop, know only ms."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_loop_factory) as runner:
        runner.run(_main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
