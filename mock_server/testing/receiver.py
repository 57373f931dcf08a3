"""A real HTTP server for callbacks on a free port of this machine, which answers as it is told."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request that came in; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class CallbackReceiver:
    """Keeps what comes in. `status` is what it answers, and may be changed at any time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 200
        self._arrived = threading.Condition()
        self._received: list[Received] = []

    @property
    def received(self) -> list[Received]:
        """What came in so far, in the order of arrival."""
        with self._arrived:
            return list(self._received)

    def wait_for(self, count: int, seconds: float = DEADLINE_S) -> list[Received]:
        """Return what came in once it is `count` or more; fail if it is not in time."""
        __tracebackhide__ = True
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._received) >= count, timeout=seconds):
                raise AssertionError(
                    f"{len(self._received)} of {count} callbacks came within {seconds:g} s; a task "
                    "has to end first: artqr.clock.next()"
                )
            return list(self._received)

    def clear(self) -> None:
        """Forget what came in."""
        with self._arrived:
            self._received.clear()

    def take(self, received: Received) -> int:
        """Keep one request, wake whoever waits, and return the status to answer."""
        with self._arrived:
            self._received.append(received)
            self._arrived.notify_all()
        return self.status


@contextlib.contextmanager
def receiving_callbacks() -> Iterator[CallbackReceiver]:
    """Receive callbacks for the length of a `with` block."""
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        listener.receiver = CallbackReceiver(f"http://127.0.0.1:{listener.server_address[1]}/")
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield listener.receiver
        finally:
            listener.shutdown()
            thread.join()


class _Listener(ThreadingHTTPServer):
    receiver: CallbackReceiver
    request_queue_size = 512

    def handle_error(self, *_: Any) -> None:
        """A peer that gave up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = DEADLINE_S

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = self.server.receiver.take(
            Received(method=self.command, path=self.path, headers=headers, body=body)
        )
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_GET = _take  # noqa: N815 - the standard library wants it so

    def log_message(self, *_: Any) -> None:
        """Say nothing: a test has its own report."""
