"""The only way out: POSTs of callbacks, GETs of source images; bounded in time and size.

Rule 1: loopback is allowed, anything else only by setting, and it is the resolved address that
is checked and then connected to, so that a name cannot change its mind in between.
Rule 2: never to the simulator itself; redirects are not followed (claim callback-redirects).
Rule 3: `post` and `fetch` never raise: whatever happens is in what their futures give.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mock_server import __version__
from mock_server.domain.callbacks import CONTENT_TYPE, Address, Outcome
from mock_server.domain.source_images import MAX_BYTES as MAX_IMAGE_BYTES
from mock_server.domain.source_images import SourceError, SourceRead, too_large, unreachable

MAX_ANSWER_BYTES = 64 * 1024
IMAGES_AT_ONCE = 4
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
            f"calls to {host} are not allowed: start with --callback-host {host} to allow them"
        )


class Outbound:
    """Posts callbacks from an event loop on a thread of its own, started on first use."""

    def __init__(
        self,
        *,
        allowed: Iterable[str] = (),
        timeout: float = 10.0,
        own_ports: Iterable[int] = (),
        concurrency: int = 100,
    ) -> None:
        self._guard = Guard(allowed, own_ports)
        self._timeout = timeout
        self._concurrency = concurrency
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._session: aiohttp.ClientSession | None = None
        # Images may be our own pictures: a GET changes nothing.
        self._image_guard = Guard(allowed, ())
        self._image_session: aiohttp.ClientSession | None = None
        self._image_slots: asyncio.Semaphore | None = None
        self._slots: asyncio.Semaphore | None = None

    def post(self, address: Address, body: bytes) -> Future[Outcome]:
        """Post a body; the future gives what became of it."""
        return asyncio.run_coroutine_threadsafe(self._post(address, body), self._running_loop())

    def fetch(self, address: Address, read: Callable[[bytes], str]) -> Future[SourceRead]:
        """Fetch an image; the future gives what `read` makes of it, in a thread of its own."""
        work = self._fetch(address, read)
        return asyncio.run_coroutine_threadsafe(work, self._running_loop())

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

    async def _post(self, address: Address, body: bytes) -> Outcome:
        if self._slots is None:
            self._slots = asyncio.Semaphore(self._concurrency)
        async with self._slots:
            started = time.monotonic()
            try:
                async with asyncio.timeout(self._timeout):
                    status, answer = await self._exchange(address, body)
            except TimeoutError:
                return Outcome(error=f"no answer within {self._timeout:g} s", **_took(started))
            except Exception as error:  # noqa: BLE001 - rule 3: an address can be anything
                return Outcome(error=_reason(error), **_took(started))
            return Outcome(status=status, body=answer, **_took(started))

    async def _exchange(self, address: Address, body: bytes) -> tuple[int, bytes]:
        # As aiohttp reads it, full-width digits made plain: what is checked is what is connected.
        url = URL(address.url)
        host = url.host or ""
        if _is_numeric(host):  # never reaches the resolver
            self._guard.check(host, _whole(host), url.port or address.port)
        if self._session is None:
            self._session = _session(self._guard)
        headers = {"Content-Type": CONTENT_TYPE, "User-Agent": f"artqr-mock/{__version__}"}
        async with self._session.post(
            url, data=body, headers=headers, allow_redirects=False
        ) as response:
            answer = b""
            while len(answer) < MAX_ANSWER_BYTES:
                chunk = await response.content.read(MAX_ANSWER_BYTES - len(answer))
                if not chunk:
                    break
                answer += chunk
            return response.status, answer

    async def _fetch(self, address: Address, read: Callable[[bytes], str]) -> SourceRead:
        if self._image_slots is None:
            self._image_slots = asyncio.Semaphore(IMAGES_AT_ONCE)
        async with self._image_slots:
            try:
                try:
                    async with asyncio.timeout(self._timeout):
                        content = await self._download(address)
                except TimeoutError:
                    raise unreachable(f"no answer within {self._timeout:g} s") from None
                return SourceRead(content=await asyncio.to_thread(read, content))
            except SourceError as error:
                return SourceRead(remark=str(error))
            except Exception as error:  # noqa: BLE001 - rule 3: an address can be anything
                return SourceRead(remark=str(unreachable(_reason(error))))

    async def _download(self, address: Address) -> bytes:
        url = URL(address.url)
        host = url.host or ""
        if _is_numeric(host):
            self._image_guard.check(host, _whole(host), url.port or address.port)
        if self._image_session is None:
            self._image_session = _session(self._image_guard)
        headers = {"Accept": "image/*", "User-Agent": f"artqr-mock/{__version__}"}
        async with self._image_session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status != 200:  # a redirect too
                raise unreachable(f"HTTP {response.status}")
            content = b""
            async for chunk in response.content.iter_chunked(64 * 1024):
                content += chunk
                if len(content) > MAX_IMAGE_BYTES:
                    raise too_large(f"over {MAX_IMAGE_BYTES} bytes")
            return content

    async def _close_session(self) -> None:
        # First, or a closed connection would look like a failed attempt.
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for session in (self._session, self._image_session):
            if session is not None:
                await session.close()


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
    )


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def _took(started: float) -> dict[str, Any]:
    return {"duration_ms": round((time.monotonic() - started) * 1000)}


def _reason(error: BaseException) -> str:
    refused = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(refused, TargetRefusedError):
        return str(refused)
    return f"{type(error).__name__}: {error}"[:500]


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
