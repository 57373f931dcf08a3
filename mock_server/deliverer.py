"""The background thread that delivers callbacks: finds those that are due, posts them, then sleeps.

It sleeps until the next callback is due or until it is notified, whichever comes first; a jump of a
clock notifies it.
"""

import logging
import threading
from concurrent.futures import Future

from mock_server.actions import bugs
from mock_server.actions.callbacks import outbox
from mock_server.actions.operations import source_images
from mock_server.simulator import Simulator
from mock_server.store import callbacks as rows

# Also the longest time that a due callback waits if another process moved a clock.
LONGEST_SLEEP_MS = 1_000

log = logging.getLogger(__name__)


class Deliverer:
    """Delivers the due callbacks of every account until it is stopped."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._wake = threading.Condition()
        self._look_at = 0  # the real instant (ms) of the next look
        self._left = (
            False  # whether the last look left a due callback because all places were taken
        )
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)

    def start(self) -> None:
        """Resume what an earlier process left, and start to deliver."""
        self._simulator.due_signal.listen(self.notify)
        self._thread.start()

    def stop(self) -> None:
        """Stop; the outbound connections end the attempts in flight."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join(timeout=10)

    def notify(self, real_at: int) -> None:
        """Look again at this real instant (ms) at the latest."""
        if real_at >= self._look_at:  # the common case needs no lock
            return
        with self._wake:
            self._look_at = min(self._look_at, real_at)
            self._wake.notify()

    def _run(self) -> None:
        if not self._simulator.database.shared:
            self._simulator.database.run(rows.release_all)
        source_images.resume(self._simulator)
        while not self._stopped:
            try:
                self._look()
            except Exception:  # the next look may succeed; a dead thread delivers nothing
                log.exception("looking for due callbacks failed")
            self._sleep()

    def _look(self) -> None:
        simulator = self._simulator
        with self._wake:
            self._look_at = simulator.real_now() + LONGEST_SLEEP_MS
        for delivery in outbox.claim_due(simulator):
            outbox.deliver(simulator, delivery).add_done_callback(self._delivered)
            if self._stopped:  # callbacks claimed and not posted are due at the next start
                return
        coming = simulator.database.read(lambda tx: outbox.upcoming(tx, simulator))
        self._left = coming.left
        if coming.next_at is not None:
            self.notify(coming.next_at)

    def _delivered(self, recorded: Future[None]) -> None:
        if recorded.cancelled():
            return
        if (error := recorded.exception()) is not None:
            bugs.report(self._simulator, error)
        if self._left:  # a place is free now
            self.notify(0)

    def _sleep(self) -> None:
        with self._wake:
            while not self._stopped:
                left_ms = self._look_at - self._simulator.real_now()
                if left_ms <= 0:
                    return
                # real_now may be a frozen clock of a test, so the limit is in real seconds.
                if not self._wake.wait(timeout=min(left_ms, LONGEST_SLEEP_MS) / 1000):
                    return
