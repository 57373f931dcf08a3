"""The only way out: POSTs of callbacks, GETs of source images; bounded in time and size.

Rule 1: loopback is allowed, anything else only by setting, and it is the resolved address that
is checked and then connected to, so that a name cannot change its mind in between.
Rule 2: never to the simulator itself, but for its inbox; redirects are not followed (claim
callback-redirects).
Rule 3: `post` and `fetch` never raise: whatever happens is in what their futures give; an
`Outcome` tells what really left us.
Rule 4: how many posts are under way is for the caller to bound: domain/callback/retries.py.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from mock_server import __version__
from mock_server.delivery import tls_client
from mock_server.delivery.callback_request import CutError, Seen, pieces
from mock_server.delivery.egress_guard import Guard, TargetRefusedError, is_local
from mock_server.delivery.http_exchange import HttpAnswer, HttpRequest, connect, reason_of
from mock_server.delivery.image_reader import ReaderStoppedError
from mock_server.domain.callback.inbox import is_inbox
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.task.source_images import MAX_BYTES as MAX_IMAGE_BYTES
from mock_server.domain.task.source_images import SourceError, SourceRead, too_large, unreachable
from mock_server.domain.urls import Address

MAX_ANSWER_BYTES = 64 * 1024
DOWNLOADS_AT_ONCE = 64  # many: one that hangs holds a place until its time is up
IMAGES_AT_ONCE = 4
AGENT = ("User-Agent", f"artqr-mock/{__version__}")

log = logging.getLogger(__name__)


class Outbound:
    """Posts callbacks and fetches images from an event loop on a thread of its own, started on
    first use.

    `trusted` are files with certificates that are good beside those of the system. `posts_on` is
    the running loop that posts callbacks instead, if there is one: it is the loop that plans and
    records them, so that no callback changes threads.
    """

    def __init__(
        self,
        *,
        allowed: Iterable[str] = (),
        timeout: float = 10.0,
        own_ports: Iterable[int] = (),
        trusted: Iterable[Path] = (),
        posts_on: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._own_ports = frozenset(own_ports)
        self._guard = Guard(allowed, self._own_ports)
        # Images may be our own pictures: a GET changes nothing.
        self._image_guard = Guard(allowed, ())
        self._timeout = timeout
        self._trusted = tls_client.Contexts(trusted)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._posts_on = posts_on
        self._posts: set[asyncio.Task[None]] = set()  # a loop forgets a task that nobody holds
        self._closed = False
        self._image_slots: asyncio.Semaphore | None = None
        self._download_slots: asyncio.Semaphore | None = None

    def post(self, address: Address, posting: Posting) -> Future[Outcome]:
        """Send a posting; the future gives what became of it."""
        posted: Future[Outcome] = Future()
        loop = self._posts_on or self._running_loop()
        if _is_current(loop):
            self._begin(posted, address, posting)
        else:
            loop.call_soon_threadsafe(self._begin, posted, address, posting)
        return posted

    def fetch(self, address: Address, read: Callable[[bytes], SourceRead]) -> Future[SourceRead]:
        """Fetch an image; the future gives what `read` makes of it, in a thread of its own."""
        work = self._fetch(address, read)
        return asyncio.run_coroutine_threadsafe(work, self._running_loop())

    def close(self) -> None:
        """Give up what is in flight and stop. Not for the loop's own thread."""
        self._closed = True
        if self._posts_on is not None:
            giving_up = _give_up(self._posts)
            asyncio.run_coroutine_threadsafe(giving_up, self._posts_on).result(timeout=10)
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(_give_up_all(), loop).result(timeout=10)
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

    def _begin(self, posted: Future[Outcome], address: Address, posting: Posting) -> None:
        """Start a post, on its loop."""
        if self._closed:
            _cancel(posted)
            return
        task = asyncio.get_running_loop().create_task(self._report(posted, address, posting))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    async def _report(self, posted: Future[Outcome], address: Address, posting: Posting) -> None:
        try:
            posted.set_result(await self._post(address, posting))
        except asyncio.CancelledError:
            _cancel(posted)
            raise

    async def _post(self, address: Address, posting: Posting) -> Outcome:
        started = time.monotonic()
        seen = Seen()
        answered: dict[str, Any] = {}
        request = HttpRequest(
            method="POST",
            address=address,
            headers=(
                ("Accept", "*/*"),
                ("Content-Type", posting.content_type),
                ("Content-Length", str(len(posting.body))),
                AGENT,
                ("Connection", "close"),
            ),
            body=pieces(posting),
            is_unheard=posting.cut_after is not None,
        )
        try:
            async with asyncio.timeout(self._timeout + posting.lasts_ms / 1000):
                answer = await self._exchange(self._guard, request, seen, MAX_ANSWER_BYTES)
            answered = {"status": answer.status, "headers": answer.headers, "body": answer.body}
        except TimeoutError:
            answered = {"error": self._too_slow()}
        except CutError:
            total = len(posting.body)
            answered = {"error": f"cut as ordered, after {seen.sent} of {total} bytes"}
        except Exception as error:  # noqa: BLE001 - rule 3: an address can be anything
            hopeless = isinstance(error, TargetRefusedError)
            answered = {"error": reason_of(error, address), "hopeless": hopeless}
        return Outcome(
            **answered,
            sent_headers=seen.headers,
            sent=seen.sent,
            duration_ms=round((time.monotonic() - started) * 1000),
        )

    async def _fetch(self, address: Address, read: Callable[[bytes], SourceRead]) -> SourceRead:
        if self._image_slots is None or self._download_slots is None:
            self._image_slots = asyncio.Semaphore(IMAGES_AT_ONCE)
            self._download_slots = asyncio.Semaphore(DOWNLOADS_AT_ONCE)
        try:
            try:
                async with self._download_slots, asyncio.timeout(self._timeout):
                    content = await self._download(address)
            except TimeoutError:
                raise unreachable(self._too_slow()) from None
            async with self._image_slots:
                return await asyncio.to_thread(read, content)
        except SourceError as error:
            return error.read
        except ReaderStoppedError:  # as if cancelled: the image is read at the next start
            raise asyncio.CancelledError from None
        except Exception as error:  # noqa: BLE001 - rule 3: an address can be anything
            return unreachable(reason=reason_of(error, address)).read

    async def _download(self, address: Address) -> bytes:
        request = HttpRequest(
            method="GET",
            address=address,
            headers=(("Accept", "image/*"), AGENT, ("Connection", "close")),
        )
        answer = await self._exchange(self._image_guard, request, Seen(), MAX_IMAGE_BYTES + 1)
        if answer.status != 200:  # a redirect too
            raise unreachable(f"HTTP {answer.status}")
        if len(answer.body) > MAX_IMAGE_BYTES:
            raise too_large(f"over {MAX_IMAGE_BYTES} bytes")
        return answer.body

    async def _exchange(
        self, guard: Guard, request: HttpRequest, seen: Seen, limit: int
    ) -> HttpAnswer:
        address = request.address
        to_inbox = request.method == "POST" and is_inbox(address.target)
        endpoints = await guard.resolve(address.host, address.port, to_inbox=to_inbox)
        context = None
        if address.scheme == "https":
            # The certificate of our own server need not name the host that leads here.
            is_own = address.port in self._own_ports and all(
                is_local(each.ip) for each in endpoints
            )
            context = await asyncio.to_thread(self._trusted.context, is_own=is_own)
        connection = await connect(address, endpoints, context, limit)
        return await connection.exchange(request, seen)

    def _too_slow(self) -> str:
        return f"no answer within {self._timeout:g} s"


def _is_current(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:  # this thread runs none
        return False


def _cancel(posted: Future[Outcome]) -> None:
    posted.cancel()
    posted.set_running_or_notify_cancel()  # else `concurrent.futures.wait` misses it


async def _give_up_all() -> None:
    """Give up what the current loop does."""
    await _give_up(task for task in asyncio.all_tasks() if task is not asyncio.current_task())


async def _give_up(tasks: Iterable[asyncio.Task[Any]]) -> None:
    # First, or a closed connection would look like a failed attempt.
    others = list(tasks)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
