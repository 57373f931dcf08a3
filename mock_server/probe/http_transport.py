"""The calls of a probe over HTTP, with bounds: a server that sends without end stops nothing.

Rule 1: an answer is read up to MOST_BYTES, and the connection is closed after MOST_S at the latest,
in whatever state it is.
Rule 2: pictures of a server on this machine are fetched from this machine only.
"""

import contextlib
import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

from mock_server.domain.urls import Address, AddressError, is_this_machine, parse_address
from mock_server.formatting import printable
from mock_server.probe.connections import cut_after
from mock_server.probe.request import ProbeRequest, with_header
from mock_server.probe.shape import SeenAnswer
from mock_server.probe.transport import LostError
from mock_server.tls import ca_file

MOST_BYTES = 1024 * 1024
MOST_S = 60.0
CONNECT_S = 10.0
READ_S = 30.0
CHUNK = 64 * 1024


class RealClock:
    """The machine's clock."""

    def now(self) -> int:
        """See ProbeClock."""
        return time.time_ns() // 1_000_000

    def wait(self, ms: int) -> None:
        """See ProbeClock."""
        threading.Event().wait(ms / 1000)


class HttpTransport:
    """The way to the server at an address, one connection for each call."""

    def __init__(self, place: Address, most_s: float = MOST_S) -> None:
        self._place = place
        self._most_s = most_s

    def send(self, request: ProbeRequest) -> SeenAnswer:
        """See Transport."""
        return self._exchange(self._place, request)

    def fetch(self, url: str) -> SeenAnswer:
        """See Transport."""
        try:
            place = parse_address(url)
        except AddressError as error:
            raise LostError(f"the address of the picture: {error}", was_sent=False) from None
        if is_this_machine(self._place.host) and not is_this_machine(place.host):
            raise LostError(
                "the picture is on another machine than the server, which is on this one: it is "
                "not fetched",
                was_sent=False,
            )
        path, _, query = place.target.partition("?")
        request = ProbeRequest(
            method="GET", path=path, query=query, headers=(("Host", place.authority),)
        )
        return self._exchange(place, request)

    def _exchange(self, place: Address, request: ProbeRequest) -> SeenAnswer:
        connection, target = _connected(place, request.target)
        with cut_after(self._most_s, connection.sock) as is_late:
            try:
                with contextlib.closing(connection), _lost():
                    _write(connection, with_header(request, "Connection", "close"), target)
                    answer = _read(connection.getresponse())
            except LostError:
                if is_late.is_set():
                    raise LostError(f"no whole answer within {self._most_s:g} s") from None
                raise
        if is_late.is_set():  # it only looks whole
            raise LostError(f"no whole answer within {self._most_s:g} s")
        return answer


def _connected(place: Address, target: str) -> tuple[http.client.HTTPConnection, str]:
    """Return an open connection to a server, and the target that it wants. Raises LostError."""
    proxy = _proxy(place)
    first = place if proxy is None else proxy
    connection = http.client.HTTPConnection(first.host, first.port, timeout=CONNECT_S)
    if place.scheme == "https":
        connection = http.client.HTTPSConnection(
            first.host, first.port, timeout=CONNECT_S, context=_trust(place)
        )
    if proxy is not None and place.scheme == "https":
        connection.set_tunnel(place.host, place.port)
    elif proxy is not None:
        target = f"{place.scheme}://{place.authority}{target}"
    try:
        connection.connect()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise LostError(_why(error), was_sent=False) from None
    connection.sock.settimeout(READ_S)
    return connection, target


def _proxy(place: Address) -> Address | None:
    """Return the proxy that leads to a server; this machine needs none."""
    if is_this_machine(place.host) or proxy_bypass(place.host):
        return None
    found = getproxies().get(place.scheme)
    if not found:
        return None
    return parse_address(found if "//" in found else f"http://{found}")


def _trust(place: Address) -> ssl.SSLContext:
    context = ssl.create_default_context()
    own: Path = ca_file()
    if is_this_machine(place.host) and own.exists():
        context.load_verify_locations(own)
    return context


def _write(connection: http.client.HTTPConnection, request: ProbeRequest, target: str) -> None:
    connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers:
        connection.putheader(name, value.encode("latin-1", "replace"))
    if request.body or request.method == "POST":
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body or None)


def _read(response: http.client.HTTPResponse) -> SeenAnswer:
    body = b""
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise LostError(f"the answer is larger than {MOST_BYTES // 1024} KiB")
    missing = response.length
    if missing:
        raise LostError(f"the answer ends {missing} bytes before its end")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return SeenAnswer(status=response.status, headers=headers, body=body)


@contextlib.contextmanager
def _lost() -> Iterator[None]:
    """Turn whatever ends a call without an answer into LostError."""
    try:
        yield
    except TimeoutError:
        raise LostError(f"no answer within {READ_S:g} s") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LostError(_why(error)) from None


def _why(error: Exception) -> str:
    shown = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return printable(str(shown), 200)
