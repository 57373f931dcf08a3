"""Watches the event loop of a server: how late it runs a timer, and what its process uses."""

import asyncio
import time

from mock_server.metrics.recorder import Recorder

EVERY_S = 0.5
# To count the descriptors of a process takes longer, the more it has.
SAMPLE_EVERY = 10


class LoopWatch:
    """Observes a running loop until it is stopped; to be used on that loop."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._left = SAMPLE_EVERY
        self._wait()

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        self._recorder.loop_was_late(max(0.0, time.perf_counter() - self._due))
        self._left -= 1
        if self._left == 0:
            self._left = SAMPLE_EVERY
            self._recorder.sample_process()
        self._wait()

    def _wait(self) -> None:
        # Not the loop's own time, which uvloop rounds to milliseconds.
        self._due = time.perf_counter() + EVERY_S
        self._timer = self._loop.call_later(EVERY_S, self._look)
