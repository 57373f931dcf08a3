"""What test tools replace in a process, and how to do without: gevent, and classes of the library.

Nothing here may be taken from a module that gevent, pytest-socket, vcr, freezegun or time-machine
patches: `_socket` is below all of them, and a timeout of a socket or a lock is kept in C.
"""

import _thread
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

T = TypeVar("T")


class BlockedError(OSError):
    """A test tool stands in the way; the message names it and says what to do."""


def in_real_thread(work: Callable[[], T]) -> T:
    """Return what `work`, which blocks, returns. Under gevent the greenlets run on meanwhile."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("socket"):
        return work()
    from gevent import get_hub  # type: ignore[import-untyped] # noqa: PLC0415 - who has it has it

    result: T = get_hub().threadpool.apply(work)
    return result


def process_class() -> "type[subprocess.Popen[bytes]]":
    """Return the class that starts a process, gevent's own if that has taken its place.

    Raises BlockedError if it is a stand-in, which starts none.
    """
    found: Any = subprocess.Popen
    tool = found.__module__.partition(".")[0]
    if tool not in ("subprocess", "gevent"):
        raise BlockedError(
            f"{tool} has replaced subprocess.Popen: start the server before that, for example by "
            "a fixture of the session that asks for artqr_server"
        )
    process: type[subprocess.Popen[bytes]] = found
    return process


def new_lock() -> Any:
    """Return a lock for real threads."""
    return (_gevents_original("_thread", "allocate_lock") or _thread.allocate_lock)()


def without_debugger() -> AbstractContextManager[Any]:
    """Start processes meanwhile that the debugger of this one does not follow."""
    debugger = sys.modules.get("_pydev_bundle.pydev_monkey")
    skip = getattr(debugger, "skip_subprocess_arg_patch", nullcontext)
    found: AbstractContextManager[Any] = skip()
    return found


def _gevents_original(module: str, name: str) -> Any:
    monkey = sys.modules.get("gevent.monkey")
    return monkey.get_original(module, name) if monkey is not None else None
