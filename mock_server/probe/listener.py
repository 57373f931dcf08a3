"""The listener of a probe: what the service calls, on this machine, behind the user's own tunnel.

Rule 1: its address has a token that nobody can guess. Whatever comes without it is answered 404,
and nothing of it is kept.
Rule 2: whatever comes is bounded: connections at once, time, bytes of a body, attempts in all.
Rule 3: before anything is paid for, the probe calls its own listener on the way that it names: so a
tunnel that leads elsewhere, or that changes what it carries, is known.
"""

import contextlib
import queue
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mock_server.domain.urls import Address, AddressError, parse_address
from mock_server.domain.usage_errors import UsageError
from mock_server.probe import callbacks, moves
from mock_server.probe.callbacks import ADDRESS, LOGIN, Heard, login_of
from mock_server.probe.connections import cut_after
from mock_server.probe.request import ProbeRequest
from mock_server.probe.source_image import source_png
from mock_server.probe.transport import LostError, ProbeClock, Transport

MOST_BYTES = 64 * 1024
MOST_AT_ONCE = 16
MOST_ATTEMPTS = 500
MOST_S = 15.0
CHECK = "self-check"


class HttpListener:
    """See Listener. `url` is the address under which others reach it, with the token; `here` is the
    one that it listens on.
    """

    def __init__(self, url: str, here: str, token: str, clock: ProbeClock) -> None:
        self.url = f"{(url or here).rstrip('/')}/{token}"
        self.here = here
        self._token = token
        self._clock = clock
        self._came: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._attempts = 0
        self._checked: Heard | None = None

    def hear(self, until: int) -> Heard | None:
        """See Listener."""
        left_s = max(0, until - self._clock.now()) / 1000
        with contextlib.suppress(queue.Empty):
            return self._came.get(timeout=left_s) if left_s else self._came.get_nowait()
        return None

    def behind(self, path: str) -> str | None:
        """Return what a path says behind the token; None if it has none."""
        _, token, rest = path.partition(f"/{self._token}")
        return rest if token else None

    def take(self, heard: Heard) -> int:
        """Keep an attempt of a callback, and return the status that it is answered."""
        with self._lock:
            if heard.task_id == CHECK:
                self._checked = heard
                return callbacks.ACKNOWLEDGED
            self._attempts += 1
            if self._attempts > MOST_ATTEMPTS:
                return 429
            number = self._numbers[heard.task_id] = self._numbers.get(heard.task_id, 0) + 1
        self._came.put(heard)
        return callbacks.answer_to(number)

    def now(self) -> int:
        """Return ms since 1970."""
        return self._clock.now()

    def check(self, way: Transport) -> list[str]:
        """Call the listener on the way that its address names; return what arrives changed.

        Raises UsageError if nothing arrives.
        """
        place = parse_address(self.url + moves.CALLBACK_PATH)
        request = ProbeRequest(
            path=place.target,
            headers=(("Host", place.authority), ("Authorization", moves.CALLBACK_AUTHORIZATION),
                     ("Content-Type", "application/json")),
            body=b'{"task_id": "%s"}' % CHECK.encode(),
        )  # fmt: skip
        try:
            answer = way.send(request)
            why = f"HTTP {answer.status}"
        except LostError as error:
            why = str(error)
        with self._lock:
            checked = self._checked
        if checked is None:
            raise UsageError(
                f"no callback can arrive: a call of {place.scheme}://{place.authority} does not "
                f"reach the listener ({why}); let your tunnel lead to the address of "
                "--callback-listen, and name its public address with --callback-url"
            )
        arrived = {ADDRESS: checked.target == moves.CALLBACK_PATH,
                   LOGIN: checked.login == callbacks.SENT}  # fmt: skip
        return [part for part, is_same in arrived.items() if not is_same]


def new_token() -> str:
    """Return a token for an address that nobody can guess."""
    return secrets.token_hex(8)


def address_of(url: str) -> Address:
    """Return the public address of a listener. Raises UsageError."""
    try:
        place = parse_address(url)
    except AddressError as error:
        raise UsageError(f"--callback-url: {error}") from None
    if place.login is not None or "?" in place.target or "#" in url:
        raise UsageError(
            "--callback-url: leave out user, password, query and fragment; the probe adds its own"
        )
    return place


class _Server(ThreadingHTTPServer):
    listener: HttpListener
    daemon_threads = True
    block_on_close = False  # a peer that drips holds nobody up

    def __init__(self, place: tuple[str, int]) -> None:
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(place, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on a thread of its own, if there is room."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer within the time that one may take."""
        try:
            with cut_after(MOST_S, request):
                super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, *_: Any) -> None:
        """A peer that gave up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = MOST_S

    def do_POST(self) -> None:
        """Take a callback."""
        listener = self.server.listener
        target = listener.behind(self.path)
        if target is None:
            self._answer(404)
            return
        body = _body(self)
        if body is None:
            self._answer(413)
            return
        self._answer(listener.take(Heard(
            at=listener.now(), target=target[:1000],
            login=login_of(self.headers.get("Authorization")),
            content_type=self.headers.get("Content-Type", "")[:200], body=body,
        )))  # fmt: skip

    def do_GET(self) -> None:
        """Give the source image."""
        if self.server.listener.behind(self.path) == moves.IMAGE_PATH:
            self._answer(200, source_png(), "image/png")
        else:
            self._answer(404)

    def _answer(self, status: int, body: bytes = b"", content_type: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: what came is in the file of the probe."""


def _body(handler: BaseHTTPRequestHandler) -> bytes | None:
    """Return the body of a request; None: it is too large, or has no end that can be told."""
    if "chunked" in handler.headers.get("Transfer-Encoding", "").lower():
        return _chunks(handler.rfile)
    given = handler.headers.get("Content-Length", "0")
    if not given.isdecimal() or len(given) > 9 or int(given) > MOST_BYTES:
        return None
    return handler.rfile.read(int(given))


def _chunks(file: Any) -> bytes | None:
    body = b""
    while True:
        head = file.readline(100).partition(b";")[0].strip()
        try:
            size = int(head, 16)
        except ValueError:
            return None
        if size < 0 or len(body) + size > MOST_BYTES:
            return None
        if size == 0:
            return body
        body += file.read(size)
        file.readline(10)


@contextlib.contextmanager
def listening(
    place: tuple[str, int], url: str, token: str, clock: ProbeClock
) -> Iterator[HttpListener]:
    """Listen for the length of a `with` block; `url` '': under the address that it listens on.

    Raises UsageError.
    """
    try:
        server = _Server(place)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {place[0]}:{place[1]}: {error.strerror or error}; choose another "
            "address with --callback-listen"
        ) from None
    host = f"[{place[0]}]" if ":" in place[0] else place[0]
    server.listener = HttpListener(url, f"http://{host}:{server.server_port}", token, clock)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
