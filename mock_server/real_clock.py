"""The machine's clock, and the real time that is made of it: one that never goes backwards."""

import threading
import time
from collections.abc import Callable

from mock_server.domain.clock import RealTime


def wall_clock() -> int:
    """Return what the machine's clock reads, in ms since 1970. It may be set back at any time."""
    return time.time_ns() // 1_000_000


def monotonic(machine_now: Callable[[], int], latest: int = 0) -> Callable[[], int]:
    """Return the real time (ms), made of readings of the machine's clock; safe for any thread.

    `latest` is what an earlier process has shown: time goes on from there.
    """
    lock = threading.Lock()
    time_shown = RealTime(shown=latest, read=latest)

    def now() -> int:
        nonlocal time_shown
        with lock:
            read = machine_now()
            if read != time_shown.read or read != time_shown.shown:
                time_shown = time_shown.after(read)
            return int(time_shown.shown)

    return now
