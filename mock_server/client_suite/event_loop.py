"""The event loop of the suite, in which `async def` adapters run.

Rule: there is one for all worlds, made when a client first needs it, so that what a client keeps
for the whole process (a session, a lock) always meets the loop that it was made in.
"""

import asyncio
import atexit
import inspect
from collections.abc import Callable
from typing import Any

# What a cancelled task takes to end, if it does not resist.
TURNS = 5
# Loops of clients that were left behind: each belongs to a thread that may still run it.
_LEFT_BEHIND: list[asyncio.AbstractEventLoop] = []
_current: asyncio.AbstractEventLoop | None = None


def finished(act: Callable[[], Any]) -> Any:
    """Call `act` and return its result: a coroutine is awaited, an asynchronous iterator becomes
    a list, any other value is returned unchanged."""
    value = act()
    if hasattr(value, "__aiter__"):
        return _run(_items(value))
    return _run(_awaited(value)) if inspect.isawaitable(value) else value


def made(make: Callable[[], Any]) -> Any:
    """Construct an adapter; if it needs a running event loop, in that of the suite."""
    try:
        return finished(make)
    except RuntimeError as error:
        if "no running event loop" not in str(error):
            raise
    return _run(_call(make))


def wake() -> None:
    """Wake the loop, if it waits in another thread, so that it notices a pending exception."""
    if _current is not None:
        _current.call_soon_threadsafe(lambda: None)


def leave_behind() -> None:
    """Drop the loop, in which a client may hang; the next client gets a new one."""
    global _current  # noqa: PLW0603 - one loop for the process, as the rule says
    if _current is not None:
        _LEFT_BEHIND.append(_current)
        _current.call_soon_threadsafe(_current.stop)
        _current = None


def _run(coroutine: Any) -> Any:
    global _current  # noqa: PLW0603
    if _current is None:
        _current = asyncio.new_event_loop()
        atexit.register(_close, _current)
    loop = _current
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    finally:
        if not task.done():  # an alarm has ended the wait
            task.cancel()
            for _ in range(TURNS):
                loop.call_soon(loop.stop)
                loop.run_forever()


def _close(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_running():
        loop.close()


async def _awaited(value: Any) -> Any:
    value = await value
    return await _items(value) if hasattr(value, "__aiter__") else value


async def _items(values: Any) -> list[Any]:
    return [each async for each in values]


async def _call(make: Callable[[], Any]) -> Any:
    value = make()
    return await value if inspect.isawaitable(value) else value
