"""What the threads of a server tell each other: callbacks are due, work waits, shapes are known."""

import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait

MAX_BACKGROUND = 64
FLUSH_S = 10.0

log = logging.getLogger(__name__)


class DueSignal:
    """Tells whoever waits for due callbacks that there may be one, from any thread."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[int], None]] = []
        self.attempted = threading.Condition()
        self.attempts = 0
        self.stopped = False

    def listen(self, listener: Callable[[int], None]) -> None:
        """Call `listener(real_at)` for every callback planned or moved, from now on."""
        self._listeners.append(listener)

    def notify(self, real_at: int) -> None:
        """A callback is due at this real instant (ms); 0 says look now."""
        for listener in self._listeners:
            listener(real_at)

    def stop(self) -> None:
        """Let nobody wait any longer: the server is stopping."""
        with self.attempted:
            self.stopped = True
            self.attempted.notify_all()

    def wait_for_attempt(self, seen: int, timeout_s: float) -> None:
        """Return once more attempts than `seen` are recorded, the server stops, or it takes too
        long."""
        with self.attempted:
            self.attempted.wait_for(
                lambda: self.attempts != seen or self.stopped, timeout=timeout_s
            )

    def attempts_recorded(self, count: int) -> None:
        """Wake whoever waits for attempts to be made."""
        with self.attempted:
            self.attempts += count
            self.attempted.notify_all()


class Background:
    """Work that nobody waits for on the way of a call: one thread, a bounded queue."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")
        self._pending: set[Future[None]] = set()
        self._lock = threading.Lock()

    def start(self, work: Callable[[], None], failed: Callable[[BaseException], None]) -> bool:
        """Do the work soon, and hand `failed` the error if it fails.

        Returns False if the work is left out because too much is waiting.
        """
        with self._lock:
            if len(self._pending) >= MAX_BACKGROUND:
                log.warning("background work was left out: %d are waiting", len(self._pending))
                return False
            future = self._executor.submit(_do, work, failed)
            self._pending.add(future)
        future.add_done_callback(self._finished)
        return True

    def flush(self) -> None:
        """Wait until what was started by now is done, so that a reader sees it."""
        with self._lock:
            pending = set(self._pending)
        wait(pending, timeout=FLUSH_S)

    def close(self) -> None:
        """Give up what has not begun, finish what has."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _finished(self, future: Future[None]) -> None:
        with self._lock:
            self._pending.discard(future)


class NoBackground(Background):
    """Leaves all such work out: for a simulator of one thread."""

    def start(self, work: Callable[[], None], failed: Callable[[BaseException], None]) -> bool:  # noqa: ARG002 - it is left out
        """See Background."""
        return False


def _do(work: Callable[[], None], failed: Callable[[BaseException], None]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whoever started it says what becomes of it
        failed(error)


class CoverageCache:
    """What the calls of each account have shown, so that what is known is not written again.

    Only a memory: what is forgotten is written once more, to no effect.
    """

    MOST_ACCOUNTS = 10_000

    def __init__(self) -> None:
        self._lives: dict[str, tuple[int, int, set[Hashable]]] = {}

    def of(self, account_id: str, answers: int, life: int = 0) -> set[Hashable]:
        """Return what an account has shown, to be added to.

        `answers` is its counter: where that has gone back, another process has reset the account.
        It may have gone on since, so that `life` is a number that a reset changes.
        """
        seen, lived, shown = self._lives.get(account_id, (0, life, None))
        if shown is None or answers < seen or life != lived:
            shown = set()
            if len(self._lives) >= self.MOST_ACCOUNTS:
                self._lives.clear()
        self._lives[account_id] = (answers, life, shown)
        return shown

    def forget(self, account_id: str) -> None:
        """Remember nothing of an account: its world has been emptied."""
        self._lives.pop(account_id, None)
