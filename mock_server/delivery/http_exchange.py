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
from typing import Any, cast

import httptools

from mock_server.delivery.callback_request import Seen
from mock_server.delivery.egress_guard import Endpoint, TargetRefusedError
from mock_server.domain.call.calls import Headers
from mock_server.domain.urls import Address

MAX_HEAD_BYTES = 64 * 1024
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
    # Whether the body ends with an error of its own: no answer is waited for, or taken.
    is_unheard: bool = False

    @property
    def all_headers(self) -> Headers:
        """Return the headers as they are sent."""
        login = self.address.authorization
        authorization = (("Authorization", login),) if login else ()
        return (("Host", self.address.authority), *self.headers, *authorization)

    def head(self, headers: Headers) -> bytes:
        """Return the request line and all headers as they are sent."""
        lines = [f"{self.method} {self.address.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def connect(
    address: Address, endpoints: Sequence[Endpoint], context: ssl.SSLContext | None, limit: int
) -> "Connection":
    """Return a connection to the first place that takes one. Raises OSError.

    It reads at most `limit` bytes of the body of an answer.
    """
    last = len(endpoints) - 1
    for number, endpoint in enumerate(endpoints):
        if number == last:
            return await _connection(_where(endpoint), address, context, limit)
        try:
            async with asyncio.timeout(NEXT_PLACE_S):
                connected = await _socket(endpoint)
        except OSError:  # a time-out is one
            continue
        return await _connection({"sock": connected}, address, context, limit)
    raise ExchangeError(f"the host {address.host} has no address")


async def _connection(
    where: dict[str, Any], address: Address, context: ssl.SSLContext | None, limit: int
) -> "Connection":
    loop = asyncio.get_running_loop()
    name = address.host if context is not None else None
    _, connection = await loop.create_connection(
        lambda: Connection(limit), **where, ssl=context, server_hostname=name
    )
    return connection


def _where(endpoint: Endpoint) -> dict[str, Any]:
    """Return where the loop connects to by itself, which costs half of connecting a socket for it.

    AI_NUMERICHOST: this is an address that was checked, and no name can come in its place.
    """
    scope = endpoint.socket_address[3:] and endpoint.socket_address[3]
    return {
        "host": f"{endpoint.ip}%{scope}" if scope else endpoint.ip,
        "port": endpoint.socket_address[1],
        "family": endpoint.family,
        "flags": socket.AI_NUMERICHOST,
    }


class Connection(asyncio.Protocol):
    """A connection for one request and its answer."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._reading = _Reading()
        self._answered: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        self._drained: asyncio.Future[None] | None = None  # while the receiver takes no more
        self._transport: asyncio.Transport

    async def exchange(self, request: HttpRequest, seen: Seen) -> HttpAnswer:
        """Send a request and return its answer.

        What leaves is noted on `seen`. Raises ExchangeError, OSError, and what `request.body`
        raises.
        """
        try:
            headers = request.all_headers
            head = request.head(headers)
            if isinstance(request.body, bytes):
                self._transport.write(head + request.body)
                seen.headers, seen.sent = headers, len(request.body)
            else:
                self._transport.write(head)
                seen.headers = headers
                await self._send(request.body, seen, is_unheard=request.is_unheard)
            return await self._answered
        finally:
            if not self._answered.cancel() and not self._answered.cancelled():
                self._answered.exception()  # so that one that nobody waited for is not logged
            self._reading.parser = None  # it refers back: nothing is left for the collector
            self._transport.close()

    async def _send(self, body: AsyncIterator[bytes], seen: Seen, *, is_unheard: bool) -> None:
        """Send a body in pieces, until it is sent or the answer is there."""
        if is_unheard:
            await self._send_pieces(body, seen)
            return
        sending = asyncio.create_task(self._send_pieces(body, seen))
        try:
            either: set[asyncio.Future[Any]] = {sending, self._answered}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not self._answered.done():
                # One that closes its ear may have answered all the same.
                with contextlib.suppress(OSError):
                    await sending
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send_pieces(self, body: AsyncIterator[bytes], seen: Seen) -> None:
        async for piece in body:
            self._transport.write(piece)
            seen.sent += len(piece)
            if self._drained is not None:
                await self._drained

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        """Read a part of the answer."""
        if self._answered.done():
            return
        try:
            self._reading.feed(data)
        except ExchangeError as error:
            self._answered.set_exception(error)
            return
        if self._reading.is_whole or len(self._reading.body) >= self._limit:
            self._answer()

    def eof_received(self) -> None:
        """Read the end of the answer."""
        if self._answered.done():
            return
        try:
            self._reading.ended()
        except ExchangeError as error:
            self._answered.set_exception(error)
            return
        self._answer()

    def connection_lost(self, error: Exception | None) -> None:
        """Take the end of the connection, by whatever it came."""
        self.resume_writing()
        if error is None:
            self.eof_received()
        elif not self._answered.done():
            self._answered.set_exception(error)

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def _answer(self) -> None:
        answer = self._reading.answer
        answer.body = bytes(self._reading.body[: self._limit])
        self._answered.set_result(answer)


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


@dataclass(slots=True)
class _Reading:
    """Takes what the parser finds."""

    answer: HttpAnswer = field(default_factory=HttpAnswer)
    body: bytearray = field(default_factory=bytearray)
    is_whole: bool = False
    parser: Any = field(init=False)
    _has_head: bool = False
    _head_bytes: int = 0
    _headers: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        # An older httptools is as strict as it is.
        with contextlib.suppress(AttributeError, TypeError):
            self.parser.set_dangerous_leniencies(**LENIENT)

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
