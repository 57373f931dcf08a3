"""The clock in an event loop: awaitable forms of what waits, and a warning for what blocks.

Rule 1: a clock call waits for the callbacks that it makes due. On the thread of the event loop
it stops a receiver that lives in that loop, so both would wait for each other.
"""

import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mock_server.domain.urls import is_this_machine
from mock_server.testing.admin_records import EventRecord

T = TypeVar("T")


class BlockedLoopWarning(UserWarning):
    """A call waits for a receiver whose event loop it stops."""


class AsyncClock:
    """The methods of the clock as coroutines: the event loop goes on while they wait."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    async def next(self) -> EventRecord | None:
        """Move to the next event and return it; None: nothing comes."""
        return await _elsewhere(self._clock.next)

    async def advance(self, duration: str) -> int:
        """Move on by a duration such as `30s`; return the new instant."""
        return await _elsewhere(self._clock.advance, duration)

    async def set(self, now: int) -> int:
        """Move to an instant that is not past."""
        return await _elsewhere(self._clock.set, now)

    async def freeze(self) -> int:
        """Stop."""
        return await _elsewhere(self._clock.freeze)

    async def thaw(self) -> int:
        """Go on."""
        return await _elsewhere(self._clock.thaw)

    async def rate(self, rate: float) -> int:
        """Run that many times as fast as the real clock."""
        return await _elsewhere(self._clock.rate, rate)


async def _elsewhere(call: Callable[..., T], *arguments: Any) -> T:
    import asyncio  # noqa: PLC0415 - most tests run no event loop, and need not load it

    return await asyncio.to_thread(call, *arguments)


def warn_on_a_loop(call: str, awaited: Callable[[], Iterable[str]]) -> None:
    """Warn if this thread runs an event loop and a callback is due on this machine.

    `call` is what the test called; `awaited` returns the addresses of the callbacks to come.
    """
    if not _is_on_a_loop():
        return
    for address in awaited():
        if is_this_machine(urlsplit(address).hostname or ""):
            warnings.warn(
                f"artqr.clock.{call}() waits for the callback to {address} and stops your event "
                "loop meanwhile. If the receiver lives in this loop, it cannot answer: write "
                f"`await artqr.clock.aio.{call}()`",
                BlockedLoopWarning,
                stacklevel=4,
            )
            return


def _is_on_a_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
