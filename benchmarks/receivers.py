"""Receivers of callbacks: one counts them in a process of its own, one notes when the last came."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

from benchmarks.calls import WrongAnswerError

PATIENCE_S = 10


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
def counting(delay_ms: int) -> Iterator[Counter]:
    """Start a receiver that answers after some ms, for a `with` block."""
    command = [sys.executable, "-m", "benchmarks.callback_receiver", str(delay_ms)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        yield Counter(url=url, asked=process.stdin, said=process.stdout)
        process.stdin.close()


class Noting(ThreadingHTTPServer):
    """A receiver in this process, which notes when the last callback came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self._arrived = threading.Event()
        self._at = 0.0

    def forget(self) -> None:
        """Wait for a new callback from now on."""
        self._arrived.clear()

    def arrival(self) -> float:
        """Wait for a callback; return when it came. Raises WrongAnswerError."""
        if not self._arrived.wait(PATIENCE_S):
            raise WrongAnswerError(f"no callback came in {PATIENCE_S} s")
        return self._at

    def note(self, at: float) -> None:
        """Note that a callback came."""
        self._at = at
        self._arrived.set()


class _Handler(BaseHTTPRequestHandler):
    server: Noting

    def do_POST(self) -> None:
        at = time.perf_counter()
        self.send_response(204)
        self.end_headers()
        self.server.note(at)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def noting() -> Iterator[Noting]:
    """Start a receiver that notes when a callback came, for a `with` block."""
    with Noting() as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
