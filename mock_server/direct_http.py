"""HTTP/1.1 over sockets that no test tool replaces: how we talk to a server of ours.

Rule 1: what patches `socket`, `ssl`, `http.client`, urllib3 or the clock does not reach a call.
Rule 2: a connection is kept for the next GET of the same process. The server may close it just
then: a GET is sent again on a new one; nothing else may be sent twice.
Rule 3: a timeout (seconds) is for each step, not for the whole call: it needs no clock.
"""

import _socket
import contextlib
import os
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from mock_server.unpatched import in_real_thread

CONNECT_S = 10.0
READ_S = 600.0
CHUNK = 65536
MOST_HEAD = 65536
MOST_IDLE = 8
# What may stand in a target as it is; everything else is percent-encoded.
IN_TARGET = "!$%&'()*+,/:;=?@~"


class NoAnswerError(Exception):
    """There is no answer; the message says why, in a few words."""


class LateError(NoAnswerError):
    """The server took the call and has not answered in time."""


class _ClosedError(NoAnswerError):
    """The connection ended before there was an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Stream(Protocol):
    """A connection, encrypted or not."""

    def send(self, data: bytes) -> None: ...
    def receive(self) -> bytes: ...
    def is_open(self) -> bool: ...
    def close(self) -> None: ...


class DirectHttp:
    """A client with its connections. Safe for any thread."""

    def __init__(self, ca_file: Path | None = None) -> None:
        """Trust the certificates of `ca_file` if it is there, else those of this machine.

        It is looked for at each connection: a server makes it on its first start.
        """
        self._ca_file = ca_file
        self._pid = os.getpid()
        self._idle: deque[tuple[str, Stream]] = deque()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Return the answer of any status. Raises NoAnswerError, ValueError for no address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r}: write an address such as http://127.0.0.1:3040")
        target = quote(parts.path or "/", IN_TARGET) + (
            "?" + quote(parts.query, IN_TARGET) if parts.query else ""
        )
        host = parts.netloc.rpartition("@")[2]
        lines = {"Host": host, "Content-Length": str(len(body)), **(headers or {})}
        head = [f"{method} {target} HTTP/1.1", *(f"{name}: {lines[name]}" for name in lines)]
        data = "\r\n".join([*head, "", ""]).encode("utf-8", "surrogateescape") + body
        place = f"{parts.scheme}://{host}"
        port = parts.port if parts.port is not None else {"http": 80, "https": 443}[parts.scheme]
        name = parts.hostname

        def connect() -> Stream:
            stream = _Plain(_connected(name, port))
            return stream if parts.scheme == "http" else _Encrypted(stream, name, self._ca_file)

        is_get = method == "GET"
        return in_real_thread(lambda: self._exchange(place, connect, data, may_repeat=is_get))

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop()[1].close()

    def _exchange(
        self, place: str, connect: Callable[[], Stream], data: bytes, *, may_repeat: bool
    ) -> Reply:
        kept = self._kept(place) if may_repeat else None
        if kept is not None:
            with contextlib.suppress(_ClosedError):
                return self._over(place, kept, data)
        try:
            stream = connect()
        except OSError as error:
            raise NoAnswerError(_reason(error)) from None
        return self._over(place, stream, data)

    def _over(self, place: str, stream: Stream, data: bytes) -> Reply:
        """Return the answer on a connection, which is kept if it is good for another call."""
        try:
            stream.send(data)
            reply, is_whole = _read_reply(stream)
        except BaseException as error:
            stream.close()
            if isinstance(error, OSError):
                raise _ClosedError(_reason(error)) from None
            raise
        if is_whole and len(self._idle) < MOST_IDLE:
            self._idle.append((place, stream))
        else:
            stream.close()
        return reply

    def _kept(self, place: str) -> Stream | None:
        """Return a connection that is still open, if any."""
        if self._pid != os.getpid():  # a fork: these are the connections of the other process
            self._pid = os.getpid()
            self.close()
        while True:
            try:
                there, stream = self._idle.pop()
            except IndexError:
                return None
            if there == place and stream.is_open():
                return stream
            stream.close()


class _Plain:
    def __init__(self, sock: _socket.socket) -> None:
        self._socket = sock

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> bytes:
        try:
            return self._socket.recv(CHUNK)
        except TimeoutError:
            raise LateError(f"no answer for {READ_S:g} s") from None

    def is_open(self) -> bool:
        """Whether nothing has come: after an answer only an end can."""
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library wants it so
        try:
            self._socket.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self._socket.settimeout(READ_S)
        return False

    def close(self) -> None:
        self._socket.close()


class _Encrypted:
    """TLS in memory: the library's own would need a socket that may be patched."""

    def __init__(self, stream: Stream, host: str, ca_file: Path | None) -> None:
        self._stream = stream
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            is_there = ca_file is not None and ca_file.exists()
            context = ssl.create_default_context(cafile=str(ca_file) if is_there else None)
            self._tls = context.wrap_bio(self._in, self._out, server_hostname=host)
            self._do(self._tls.do_handshake)
        except BaseException:
            stream.close()
            raise

    def send(self, data: bytes) -> None:
        self._do(lambda: self._tls.write(data))

    def receive(self) -> bytes:
        data: bytes = self._do(lambda: self._tls.read(CHUNK))
        return data

    def is_open(self) -> bool:
        return self._stream.is_open()

    def close(self) -> None:
        self._stream.close()

    def _do(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._stream.receive()
                if not data:
                    raise NoAnswerError("the connection was closed") from None
                self._in.write(data)
            except ssl.SSLZeroReturnError:
                return b""
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if waiting := self._out.read():
            self._stream.send(waiting)


def _connected(host: str, port: int) -> _socket.socket:
    """Return a connection to the first address that takes one. Raises OSError."""
    found = _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM)
    failed: OSError = OSError("no address")
    for family, kind, protocol, _, address in found:
        sock = _socket.socket(family, kind, protocol)
        try:
            sock.settimeout(CONNECT_S)
            sock.connect(address)
            sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            sock.settimeout(READ_S)
        except OSError as error:
            failed = error
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failed


def _read_reply(stream: Stream) -> tuple[Reply, bool]:
    """Return the answer, and whether the connection is good for another call."""
    rest = bytearray()
    version, status, headers = "", 100, dict[str, str]()
    while 100 <= status < 200:  # what comes before the answer says nothing
        version, status, headers = _head(_until(stream, rest, b"\r\n\r\n"))
    length = headers.get("content-length", "")
    is_kept = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if status in (204, 304):
        data = b""
    elif headers.get("transfer-encoding", "").lower() == "chunked":
        data = b"".join(_chunks(stream, rest))
    elif length.isdecimal():
        data = _exactly(stream, rest, int(length))
    else:
        data, is_kept = _to_the_end(stream, rest), False
    return Reply(status=status, headers=headers, data=data), is_kept and not rest


def _head(head: bytes) -> tuple[str, int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, text = first.partition(" ")
    if not version.startswith("HTTP/") or not text[:3].isdecimal():
        raise NoAnswerError("what answers there speaks no HTTP")
    pairs = (line.partition(":") for line in lines)
    return version, int(text[:3]), {name.strip().lower(): value.strip() for name, _, value in pairs}


def _more(stream: Stream, rest: bytearray) -> None:
    data = stream.receive()
    if not data:
        raise _ClosedError("the connection was closed")
    rest += data


def _until(stream: Stream, rest: bytearray, end: bytes) -> bytes:
    while (at := rest.find(end)) < 0:
        if len(rest) > MOST_HEAD:
            raise NoAnswerError("what answers there speaks no HTTP")
        _more(stream, rest)
    found = bytes(rest[:at])
    del rest[: at + len(end)]
    return found


def _exactly(stream: Stream, rest: bytearray, length: int) -> bytes:
    while len(rest) < length:
        _more(stream, rest)
    found = bytes(rest[:length])
    del rest[:length]
    return found


def _chunks(stream: Stream, rest: bytearray) -> Iterator[bytes]:
    while size := _size(_until(stream, rest, b"\r\n")):
        yield _exactly(stream, rest, size)
        _until(stream, rest, b"\r\n")
    while _until(stream, rest, b"\r\n"):  # the trailer
        pass


def _size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise NoAnswerError("what answers there speaks no HTTP") from None


def _to_the_end(stream: Stream, rest: bytearray) -> bytes:
    while data := stream.receive():
        rest += data
    found = bytes(rest)
    rest.clear()
    return found


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted: {error.verify_message}"
    return (error.strerror or str(error) or type(error).__name__).lower()
