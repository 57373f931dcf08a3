"""The only way out: POSTs of callbacks, GETs of source images; bounded in time and size.

Rule 1: loopback is allowed, anything else only by setting, and it is the resolved address that
is checked and then connected to, so that a name cannot change its mind in between.
Rule 2: never to the simulator itself; redirects are not followed (claim callback-redirects).
Rule 3: `post` and `fetch` never raise: whatever happens is in what their futures give; an
`Outcome` tells what really left us.
Rule 4: how many posts are under way is for the caller to bound: domain/deliveries.py.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

import aiohttp
from yarl import URL

from mock_server import __version__
from mock_server.delivery.callback_request import CutError, Seen, pieces, trace
from mock_server.delivery.egress_guard import CheckedResolver, Guard, TargetRefusedError
from mock_server.domain.call.calls import Headers
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.task.source_images import MAX_BYTES as MAX_IMAGE_BYTES
from mock_server.domain.task.source_images import SourceError, SourceRead, too_large, unreachable
from mock_server.domain.urls import Address

MAX_ANSWER_BYTES = 64 * 1024
DOWNLOADS_AT_ONCE = 64  # many: one that hangs holds a place until its time is up
IMAGES_AT_ONCE = 4


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
        # Images may be our own pictures: a GET changes nothing.
        self._image_guard = Guard(allowed, ())
        self._image_session: aiohttp.ClientSession | None = None
        self._image_slots: asyncio.Semaphore | None = None
        self._download_slots: asyncio.Semaphore | None = None

    def post(self, address: Address, posting: Posting) -> Future[Outcome]:
        """Send a posting; the future gives what became of it."""
        return asyncio.run_coroutine_threadsafe(self._post(address, posting), self._running_loop())

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
            if isinstance(error, CutError) or isinstance(error.__cause__, CutError):
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
        self._guard.check_numeric(host, url.port or address.port)
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

    async def _fetch(self, address: Address, read: Callable[[bytes], str]) -> SourceRead:
        if self._image_slots is None or self._download_slots is None:
            self._image_slots = asyncio.Semaphore(IMAGES_AT_ONCE)
            self._download_slots = asyncio.Semaphore(DOWNLOADS_AT_ONCE)
        try:
            try:
                async with self._download_slots, asyncio.timeout(self._timeout):
                    content = await self._download(address)
            except TimeoutError:
                raise unreachable(f"no answer within {self._timeout:g} s") from None
            async with self._image_slots:
                return SourceRead(content=await asyncio.to_thread(read, content))
        except SourceError as error:
            return SourceRead(remark=str(error))
        except Exception as error:  # noqa: BLE001 - rule 3: an address can be anything
            return SourceRead(remark=str(unreachable(_reason(error))))

    async def _download(self, address: Address) -> bytes:
        url = URL(address.url)
        host = url.host or ""
        self._image_guard.check_numeric(host, url.port or address.port)
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


def _session(guard: Guard) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=CheckedResolver(guard), limit=0, force_close=True, use_dns_cache=False
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
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def _failure(error: Exception) -> dict[str, Any]:
    return {"error": _reason(error), "hopeless": isinstance(_cause(error), TargetRefusedError)}


def _reason(error: Exception) -> str:
    cause = _cause(error)
    if isinstance(cause, TargetRefusedError):
        return str(cause)
    return f"{type(error).__name__}: {error}"[:500]


def _cause(error: Exception) -> BaseException:
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error


def _readable(response: aiohttp.ClientResponse) -> Headers:
    """Return the headers of an answer as they came, in order, whatever bytes they are."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
    )
