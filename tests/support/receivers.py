"""A receiver of callbacks on a free port of this machine, which answers as it is told."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEADLINE_S = 20.0


@dataclass(frozen=True)
class Received:
    """One POST that came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class Reply:
    """What the receiver answers; `silent` never answers, for as long as it lives."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    silent: bool = False


class Receiver(ThreadingHTTPServer):
    """Keeps what comes in."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, answer: Callable[[Received], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.closed = threading.Event()
        self._arrived = threading.Condition()
        self._received: list[Received] = []

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def received(self) -> list[Received]:
        """What came in so far, in the order of arrival."""
        with self._arrived:
            return list(self._received)

    def take(self, received: Received) -> None:
        """Keep one POST and wake whoever waits."""
        with self._arrived:
            self._received.append(received)
            self._arrived.notify_all()

    def wait_for(self, count: int, seconds: float = DEADLINE_S) -> list[Received]:
        """Return what came in once it is `count` or more; fail when it is not in time."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self._received) >= count, timeout=seconds)
            assert came, f"{len(self._received)} of {count} callbacks came within {seconds:g} s"
            return list(self._received)

    def handle_error(self, *_: Any) -> None:
        """A peer that gave up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Take one callback and answer as told."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        received = Received(self.path, dict(self.headers), body, time.monotonic())
        reply = self.server.answer(received)
        self.server.take(received)
        if reply.silent:
            self.server.closed.wait()
            return
        with suppress(OSError):
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

    do_GET = do_POST  # noqa: N815 - the standard library wants it so

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def receiving(answer: Callable[[Received], Reply] | Reply | None = None) -> Iterator[Receiver]:
    """Receive callbacks for the length of a `with` block."""
    fixed = answer if isinstance(answer, Reply) else Reply()
    with Receiver(answer if callable(answer) else lambda _: fixed) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.closed.set()
            receiver.shutdown()
            thread.join()
