"""HTTP byte by byte: requests that no client library would send, and the exact answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_S = 15.0
AUTHORIZED = ("Authorization: APPCODE mock-demo",)
SUBMIT = b"text=https://example.com&style_id=food_fryrice"


@dataclass(frozen=True)
class Reply:
    """One answer, as on the wire."""

    status_line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def status(self) -> int:
        """Its status."""
        return int(self.status_line.split(" ")[1])

    def all(self, name: str) -> list[str]:
        """Return every value of a header with exactly this spelling."""
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        """Return the value of a header that appears exactly once."""
        (value,) = self.all(name)
        return value


class Wire:
    """One connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), TIMEOUT_S)
        self._held = b""

    def send(self, data: bytes) -> None:
        """Send bytes unchanged."""
        self.socket.sendall(data)

    def reply(self, *, head_only: bool = False) -> Reply:
        """Read one answer, exactly to its last byte."""
        while b"\r\n\r\n" not in self._held:
            self._more()
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.partition(": ") for line in lines]
        headers = tuple((name, value) for name, _, value in pairs)
        lengths = [int(value) for name, value in headers if name.lower() == "content-length"]
        length = 0 if head_only or not lengths else lengths[0]
        while len(self._held) < length:
            self._more()
        body, self._held = self._held[:length], self._held[length:]
        return Reply(status_line, headers, body)

    def is_closed(self) -> bool:
        """Whether the other side closes without another byte."""
        if self._held:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"the connection ended after {self._held[:200]!r}")
        self._held += data


@contextmanager
def wire(url: str) -> Iterator[Wire]:
    """Keep a connection open during a `with` block."""
    connection = Wire(url)
    with connection.socket:
        yield connection


def request(
    target: str,
    body: bytes = b"",
    *lines: str,
    method: str = "POST",
    version: str = "1.1",
) -> bytes:
    """Return a request with a Host, the headers of `lines` and a Content-Length."""
    head = [f"{method} {target} HTTP/{version}", "Host: 127.0.0.1", *lines]
    if body or method == "POST":
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def submit(*lines: str) -> bytes:
    """Return a valid submit."""
    return request("/submitTask", SUBMIT, *AUTHORIZED, *lines)


def exchange(url: str, data: bytes) -> Reply:
    """Send bytes on a new connection and return the first answer."""
    with wire(url) as connection:
        connection.send(data)
        return connection.reply()
