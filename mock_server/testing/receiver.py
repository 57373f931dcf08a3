"""A real HTTP server for callbacks on a free port of this machine, which answers as it is told."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEADLINE_S = 10.0
# The addresses of the receivers that are open: each has a thread of its own.
OPEN_RECEIVERS: set[str] = set()


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
        self._lock = threading.Lock()
        self._received: list[Received] = []
        # How many each of those who wait wants to see. A clock that a test moves or stops is not
        # asked: one wait of an event is bounded by itself.
        self._waiting: list[tuple[int, threading.Event]] = []

    @property
    def received(self) -> list[Received]:
        """What came in so far, in the order of arrival."""
        with self._lock:
            return list(self._received)

    def wait_for(self, count: int, seconds: float = DEADLINE_S) -> list[Received]:
        """Return what came in once it is `count` or more; fail if it is not in time."""
        __tracebackhide__ = True
        enough = threading.Event()
        with self._lock:
            self._waiting.append((count, enough))
            self._wake()
        is_enough = enough.wait(seconds)
        with self._lock:
            self._waiting.remove((count, enough))
            if not is_enough:
                raise AssertionError(
                    f"{len(self._received)} of {count} callbacks came within {seconds:g} s; a task "
                    "has to end first: artqr.clock.next()"
                )
            return list(self._received)

    def clear(self) -> None:
        """Forget what came in."""
        with self._lock:
            self._received.clear()

    def take(self, received: Received) -> int:
        """Keep one request, wake whoever waits, and return the status to answer."""
        with self._lock:
            self._received.append(received)
            self._wake()
        return self.status

    def _wake(self) -> None:
        for count, enough in self._waiting:
            if len(self._received) >= count:
                enough.set()


@contextlib.contextmanager
def receiving_callbacks() -> Iterator[CallbackReceiver]:
    """Receive callbacks for the length of a `with` block."""
    with _listener() as listener:
        listener.receiver = CallbackReceiver(f"http://127.0.0.1:{listener.server_address[1]}/")
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        address = listener.receiver.url
        OPEN_RECEIVERS.add(address)
        try:
            yield listener.receiver
        finally:
            OPEN_RECEIVERS.discard(address)
            listener.shutdown()
            thread.join()


def _listener() -> "_Listener":
    try:
        return _Listener(("127.0.0.1", 0), _Handler)
    except RuntimeError as error:  # pytest-socket's, for one
        tool = type(error).__module__.partition(".")[0]
        raise RuntimeError(
            f"the receiver of callbacks cannot listen, because {tool} blocks sockets in this test "
            f"({error}): allow them in tests that receive callbacks, with pytest-socket by "
            "@pytest.mark.enable_socket"
        ) from None


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
