"""A receiver of callbacks on a free port, with configured answers."""

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
    """One received POST."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class Reply:
    """The receiver's answer; a `silent` receiver never answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    silent: bool = False


class Receiver(ThreadingHTTPServer):
    """Records the callbacks it receives."""

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
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def received(self) -> list[Received]:
        """The callbacks received so far, in the order of arrival."""
        with self._arrived:
            return list(self._received)

    def take(self, received: Received) -> None:
        """Record one POST and wake the waiting test."""
        with self._arrived:
            self._received.append(received)
            self._arrived.notify_all()

    def wait_for(self, count: int, seconds: float = DEADLINE_S) -> list[Received]:
        """Return the received callbacks once there are `count`; fail after `seconds`."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self._received) >= count, timeout=seconds)
            assert came, f"{len(self._received)} of {count} callbacks came within {seconds:g} s"
            return list(self._received)

    def handle_error(self, *_: Any) -> None:
        """Ignore a peer that disconnected."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Record one callback and send the configured answer."""
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
        """Log nothing."""


@contextmanager
def receiving(answer: Callable[[Received], Reply] | Reply | None = None) -> Iterator[Receiver]:
    """Receive callbacks during a `with` block."""
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
