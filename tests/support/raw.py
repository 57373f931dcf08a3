"""Sends raw bytes to a server, and parses its answers strictly."""

import re
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

DEADLINE_S = 10.0
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) [\x20-\x7e]+")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\x20-\x7e\x80-\xff]*)")


class MalformedError(AssertionError):
    """The received bytes are not an HTTP answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, header names as on the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header, None if it is absent."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    @property
    def code(self) -> str | None:
        """The gateway's error code."""
        return self.header("X-Ca-Error-Code")


def connect(url: str) -> socket.socket:
    """Return a connection to a server."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port or 80), DEADLINE_S)


def exchange(
    url: str, data: bytes, *, half_close: bool = True, bodies: bool = True
) -> list[Answer]:
    """Send bytes on a new connection; return every answer until the server closes.

    `half_close`: end the sending side, so that a server that waits for more gives up. `bodies` off:
    the answers have none, as those to HEAD.
    """
    with connect(url) as connection:
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:  # the server has refused already and closed
            pass
        return answers_in(read_all(connection), bodies=bodies)


def read_all(connection: socket.socket, seconds: float = DEADLINE_S) -> bytes:
    """Return everything until the other side closes. Raises TimeoutError if it does not."""
    received = b""
    deadline = time.monotonic() + seconds
    while True:
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part


def read_one(connection: socket.socket) -> Answer:
    """Return the next complete answer and nothing after it. Interim answers count too."""
    received = b""
    while True:
        found = first_answer(received)
        if found is not None:
            return found[0]
        # The head byte by byte, then the rest of the body: no byte of a following answer is read.
        head, end, rest = received.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if end else None
        part = connection.recv(int(length[1]) - len(rest) if length else 1)
        if not part:
            raise MalformedError(f"closed after {received[:200]!r}")
        received += part


def answers_in(received: bytes, *, bodies: bool = True) -> list[Answer]:
    """Return the answers in a stream. Raises MalformedError for anything else in it."""
    answers = []
    while received:
        found = first_answer(received, bodies=bodies)
        if found is None:
            raise MalformedError(f"cut short: {received[:200]!r}")
        answers.append(found[0])
        received = received[found[1] :]
    return answers


def first_answer(received: bytes, *, bodies: bool = True) -> tuple[Answer, int] | None:
    """Return the first answer and its length; None if it is not complete."""
    head, end, rest = received.partition(b"\r\n\r\n")
    if not end:
        return None
    status_line, *lines = head.split(b"\r\n")
    status = STATUS_LINE.fullmatch(status_line)
    headers = [HEADER.fullmatch(line) for line in lines]
    if status is None or not all(headers):
        raise MalformedError(f"not HTTP: {head[:300]!r}")
    pairs = tuple((m[1].decode(), m[2].decode("latin-1")) for m in headers if m)
    code = int(status[1])
    lengths = [value for name, value in pairs if name.lower() == "content-length"]
    if len(lengths) != (0 if code < 200 else 1):
        raise MalformedError(f"{code} with Content-Length {lengths}")
    length = int(lengths[0]) if lengths and bodies else 0
    if len(rest) < length:
        return None
    return Answer(status=code, headers=pairs, body=rest[:length]), len(head) + 4 + length


def request(
    target: str | bytes = b"/submitTask",
    body: bytes = b"text=https://example.com&style_id=food_fryrice",
    *,
    method: bytes = b"POST",
    headers: tuple[bytes, ...] = (),
    length: bool = True,
) -> bytes:
    """Return a request with a right app code and, unless `length` is off, a Content-Length."""
    raw = target.encode("latin-1") if isinstance(target, str) else target
    lines = [method + b" " + raw + b" HTTP/1.1", b"Host: qr.test"]
    lines += [b"Authorization: APPCODE mock-demo"]
    lines += [b"Content-Length: %d" % len(body)] if length else []
    return b"\r\n".join([*lines, *headers, b"", b""]) + body
