"""How long a client may take for one thing that it is asked for.

Rule: a client that never ends is stopped by an alarm of the system, in its own thread, wherever it
is. Without alarms (Windows, another thread than the main one, somebody else's alarm) it is not.
"""

import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
AGAIN_S = 1.0


class EndlessError(BaseException):
    """The client was stopped. No client takes it for an error of its own."""


def within(seconds: float, act: Callable[[], T]) -> T:
    """Do something, and stop it after so many seconds. Raises EndlessError."""
    if not _has_alarm():
        return act()

    def stop(*_: Any) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGALRM, stop)
    # Again and again: whoever catches everything catches it once.
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        return act()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _has_alarm() -> bool:
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    )
