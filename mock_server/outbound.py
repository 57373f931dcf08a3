"""The only way out: POSTs to allowed callback hosts, bounded in time and size.

Rule 1: loopback is allowed, anything else only by setting, and it is the resolved address that
is checked and then connected to, so that a name cannot change its mind in between.
Rule 2: never to the simulator itself; redirects are not followed (claim callback-redirects).
Rule 3: `post` never raises: whatever happens is an `Outcome`, which tells what really left us.
Rule 4: how many are under way is for the caller to bound: domain/deliveries.py.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mock_server import __version__
from mock_server.domain.callbacks import Address, Outcome, Posting
from mock_server.domain.calls import Headers
from mock_server.postings import CutError, Seen, pieces, trace

MAX_ANSWER_BYTES = 64 * 1024
ANY_HOST = "*"

IpAddress = IPv4Address | IPv6Address


class TargetRefusedError(OSError):
    """An address that callbacks may not go to; the message says which setting allows it."""


class Guard:
    """Says where callbacks may go."""

    def __init__(self, allowed: Iterable[str], own_ports: Iterable[int]) -> None:
        self._own_ports = frozenset(own_ports)
        self._names = set()
        self._networks = []
        for entry in allowed:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                self._names.add(entry.lower())

    def check(self, host: str, ip: str, port: int) -> None:
        """Raise TargetRefusedError unless callbacks to `host`, which is at `ip`, are allowed."""
        address = _plain(ip_address(ip))
        if port in self._own_ports and _is_local(address):
            raise TargetRefusedError(f"{host}:{port} is the simulator itself")
        if address.is_loopback or host in self._names or ANY_HOST in self._names:
            return
        if any(address in network for network in self._networks):
            return
        raise TargetRefusedError(
            f"callbacks to {host} are not allowed: start with --callback-host {host} to allow them"
        )


class Outbound:
    """Posts callbacks from an event loop on a thread of its own, started on first use."""

    def __init__(
        self,
        *,
        allowed: Iterable[str] = (),
        timeout: float = 10.0,
        own_ports: Iterable[int] = (),
    ) -> None:
        self._guard = Guard(allowed, own_ports)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._session: aiohttp.ClientSession | None = None

    def post(self, address: Address, posting: Posting) -> Future[Outcome]:
        """Send a posting; the future gives what became of it."""
        return asyncio.run_coroutine_threadsafe(self._post(address, posting), self._running_loop())

    def close(self) -> None:
        """Give up what is in flight and stop."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(self._close_session(), loop).result(timeout=10)
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(timeout=10)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_run, args=(self._loop,), name="callbacks", daemon=True
                )
                self._thread.start()
            return self._loop

    async def _post(self, address: Address, posting: Posting) -> Outcome:
        started = time.monotonic()
        seen = Seen()
        answered: dict[str, Any] = {}
        try:
            async with asyncio.timeout(self._timeout + posting.lasts_ms / 1000):
                answered = await self._exchange(address, posting, seen)
        except TimeoutError:
            answered = {"error": f"no answer within {self._timeout:g} s"}
        except Exception as error:  # noqa: BLE001 - rule 3: an address can be anything
            answered = _failure(error)
            if isinstance(error.__cause__, CutError):
                total = len(posting.body)
                answered = {"error": f"cut as ordered, after {seen.sent} of {total} bytes"}
        return Outcome(
            **answered,
            sent_headers=seen.headers,
            sent=seen.sent,
            duration_ms=round((time.monotonic() - started) * 1000),
        )

    async def _exchange(self, address: Address, posting: Posting, seen: Seen) -> dict[str, Any]:
        # As aiohttp reads it, full-width digits made plain: what is checked is what is connected.
        url = URL(address.url)
        host = url.host or ""
        if _is_numeric(host):  # never reaches the resolver
            self._guard.check(host, _whole(host), url.port or address.port)
        if self._session is None:
            self._session = _session(self._guard)
        async with self._session.post(
            url,
            data=pieces(posting),
            headers={
                "Content-Type": posting.content_type,
                "Content-Length": str(len(posting.body)),
                "User-Agent": f"artqr-mock/{__version__}",
            },
            allow_redirects=False,
            trace_request_ctx=seen,
        ) as response:
            answer = b""
            while len(answer) < MAX_ANSWER_BYTES:
                chunk = await response.content.read(MAX_ANSWER_BYTES - len(answer))
                if not chunk:
                    break
                answer += chunk
            return {"status": response.status, "headers": _readable(response), "body": answer}

    async def _close_session(self) -> None:
        # First, or a closed connection would look like a failed attempt.
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


class _CheckedResolver(AbstractResolver):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        results = []
        for address_family, _, protocol, _, where in found:
            ip = str(where[0])
            self._guard.check(host, ip, port)
            results.append(
                ResolveResult(
                    hostname=host,
                    host=ip,
                    port=port,
                    family=address_family,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        return results

    async def close(self) -> None:
        """Nothing is held."""


def _session(guard: Guard) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=_CheckedResolver(guard), limit=0, force_close=True, use_dns_cache=False
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        trace_configs=[trace()],
    )


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.close()


def _failure(error: Exception) -> dict[str, Any]:
    refused = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(refused, TargetRefusedError):
        return {"error": str(refused), "hopeless": True}
    return {"error": f"{type(error).__name__}: {error}"[:500]}


def _readable(response: aiohttp.ClientResponse) -> Headers:
    """Return the headers of an answer as they came, in order, whatever bytes they are."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
    )


def _is_numeric(host: str) -> bool:
    """Whether aiohttp takes a host for an IP address and connects to it without resolving."""
    return ":" in host or host.replace(".", "").isdigit()


def _whole(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        raise TargetRefusedError(
            f"{host} is not a whole IP address: write it out, such as 127.0.0.1"
        ) from None


def _plain(address: IpAddress) -> IpAddress:
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _is_local(address: IpAddress) -> bool:
    """Whether an address is one of this machine's: only those can be bound."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True
