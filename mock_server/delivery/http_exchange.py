"""One HTTP/1.1 request and its answer, on a connection of its own.

Rule 1: the target is sent exactly as the address says it. Client libraries spell it anew: they
decode, encode and shorten it.
Rule 2: the environment has no say: no proxy, no cookie, no redirect, no credentials from a file.
Rule 3: an answer is bounded: its head here, its body by the caller.
"""

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httptools

from mock_server.delivery.callback_request import Seen
from mock_server.delivery.egress_guard import Endpoint, TargetRefusedError
from mock_server.domain.call.calls import Headers
from mock_server.domain.urls import Address

MAX_HEAD_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
# A place that says nothing for so long gives way to the next of the same name; the last does not.
NEXT_PLACE_S = 0.3
# Old and small receivers write these; other clients read them.
LENIENT = {
    "lenient_headers": True,
    "lenient_optional_lf_after_cr": True,
    "lenient_optional_cr_before_lf": True,
    "lenient_spaces_after_chunk_size": True,
}

log = logging.getLogger(__name__)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ExchangeError(Exception):
    """No answer came of a request; the message says why in words for a person."""


@dataclass(slots=True)
class HttpAnswer:
    """What came back; a header is as its bytes are, read as Latin-1."""

    status: int = 0
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What to send; `headers` are complete but for Host and Authorization."""

    method: str
    address: Address
    headers: Headers
    body: bytes | AsyncIterator[bytes] = b""

    @property
    def all_headers(self) -> Headers:
        """Return the headers as they are sent."""
        login = self.address.authorization
        authorization = (("Authorization", login),) if login else ()
        return (("Host", self.address.authority), *self.headers, *authorization)


async def connect(
    address: Address, endpoints: Sequence[Endpoint], context: ssl.SSLContext | None
) -> Connection:
    """Return a connection to the first place that takes one. Raises OSError."""
    last = len(endpoints) - 1
    for number, endpoint in enumerate(endpoints):
        patience = None if number == last else NEXT_PLACE_S
        try:
            async with asyncio.timeout(patience):
                connected = await _socket(endpoint)
        except OSError:  # a time-out is one
            if number == last:
                raise
            continue
        name = address.host if context is not None else None
        return await asyncio.open_connection(sock=connected, ssl=context, server_hostname=name)
    raise ExchangeError(f"the host {address.host} has no address")


async def exchange(
    connection: Connection, request: HttpRequest, seen: Seen, limit: int
) -> HttpAnswer:
    """Send a request and return its answer, with at most `limit` bytes of its body.

    What leaves is noted on `seen`. Raises ExchangeError, OSError, and what `request.body` raises.
    """
    reader, writer = connection
    sending = asyncio.create_task(_send(writer, request, seen))
    receiving = asyncio.create_task(_receive(reader, limit))
    try:
        await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
        if not receiving.done():
            # One that closes its ear may have answered all the same.
            with contextlib.suppress(OSError):
                await sending
        return await receiving
    finally:
        for task in (sending, receiving):
            task.cancel()
        await asyncio.gather(sending, receiving, return_exceptions=True)
        writer.close()


def reason_of(error: Exception, address: Address) -> str:
    """Return in words for a person why a request had no answer."""
    where = f"{address.host}:{address.port}"
    if isinstance(error, ExchangeError | TargetRefusedError):
        return str(error)
    if isinstance(error, socket.gaierror):
        return f"the host {address.host} was not found"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {where} is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with {where}: {error.reason or 'the connection broke'}"
    if isinstance(error, OSError):
        said = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
        return f"{said[:1].lower()}{said[1:]} ({where})"
    log.error("a call to %s failed", where, exc_info=error)
    return f"{type(error).__name__}: {error}"[:500]


async def _socket(endpoint: Endpoint) -> socket.socket:
    connected = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)  # noqa: FBT003 - the standard library wants it so
        await asyncio.get_running_loop().sock_connect(connected, endpoint.socket_address)
    except BaseException:
        connected.close()
        raise
    return connected


async def _send(writer: asyncio.StreamWriter, request: HttpRequest, seen: Seen) -> None:
    headers = request.all_headers
    lines = [f"{request.method} {request.address.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    writer.write(head + request.body if isinstance(request.body, bytes) else head)
    seen.headers = headers
    if isinstance(request.body, bytes):
        seen.sent = len(request.body)
        await writer.drain()
        return
    async for piece in request.body:
        writer.write(piece)
        seen.sent += len(piece)
        await writer.drain()


async def _receive(reader: asyncio.StreamReader, limit: int) -> HttpAnswer:
    reading = _Reading()
    parser = httptools.HttpResponseParser(reading)
    with contextlib.suppress(AttributeError, TypeError):  # an older httptools is as strict as it is
        parser.set_dangerous_leniencies(**LENIENT)
    reading.parser = parser
    while not reading.is_whole and len(reading.body) < limit:
        data = await reader.read(READ_BYTES)
        if not data:
            reading.ended()
            break
        reading.feed(data)
    answer = reading.answer
    answer.body = bytes(reading.body[:limit])
    return answer


@dataclass(slots=True)
class _Reading:
    """Takes what the parser finds."""

    answer: HttpAnswer = field(default_factory=HttpAnswer)
    body: bytearray = field(default_factory=bytearray)
    parser: Any = None
    is_whole: bool = False
    _has_head: bool = False
    _head_bytes: int = 0
    _headers: list[tuple[str, str]] = field(default_factory=list)

    def feed(self, data: bytes) -> None:
        """Take bytes of the answer. Raises ExchangeError."""
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_whole = True
        except httptools.HttpParserError as error:
            if not self.is_whole:
                raise ExchangeError(f"the answer is not HTTP/1.1: {error}") from None
        if not self._has_head and self._head_bytes > MAX_HEAD_BYTES:
            raise ExchangeError(f"the head of the answer is over {MAX_HEAD_BYTES} bytes")

    def ended(self) -> None:
        """Take the end of the connection. Raises ExchangeError if there is more to come."""
        if not self._head_bytes:
            raise ExchangeError("the connection was closed without an answer")
        framed = any(
            name.lower() == "content-length"
            or (name.lower() == "transfer-encoding" and "chunked" in value.lower())
            for name, value in self.answer.headers
        )
        if not self._has_head or framed:
            raise ExchangeError("the connection was closed in the middle of the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; one after the body is none of the head's."""
        if not self._has_head:
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Keep the head, unless only an interim answer (1xx) has one."""
        status = self.parser.get_status_code()
        if status >= 200 or status == 101:
            self._has_head = True
            self.answer = HttpAnswer(status=status, headers=tuple(self._headers))
        self._headers = []

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        if not self.is_whole:
            self.body += body

    def on_message_complete(self) -> None:
        """Note the end of an answer that is not an interim one."""
        self.is_whole = self._has_head
