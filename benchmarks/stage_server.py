"""`serve` with a sampler: at every tick of CPU time it notes where the process is.

`python -m benchmarks.stage_server --database FILE` prints its address. At SIGUSR1 it begins anew,
and when it is stopped it writes FILE.stages.json: how many samples each place has. A place is the
chain of the functions of artqr-mock that were running, the innermost first, as `path:function`.
"""

import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import mock_server
from mock_server import server
from mock_server.settings import Settings

INTERVAL_S = 0.001
DEPTH = 8
PACKAGE = str(Path(mock_server.__file__).parent) + "/"
OTHER_THREADS = "(other threads)"  # as stages.py knows it


class Sampler:
    """Counts places on the main thread, which answers the calls and writes the database."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._at = time.thread_time()

    def start(self) -> None:
        """Sample from now on."""
        signal.signal(signal.SIGPROF, self._sample)
        signal.signal(signal.SIGUSR1, self._restart)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)

    def stop(self) -> None:
        """Sample no more."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _: int, frame: FrameType | None) -> None:
        # The timer counts the time of all threads; what this one did not use is not its own.
        now = time.thread_time()
        is_ours, self._at = now - self._at > INTERVAL_S / 2, now
        self.counts[place_of(frame) if is_ours else OTHER_THREADS] += 1

    def _restart(self, *_: object) -> None:
        self.counts.clear()


def place_of(frame: FrameType | None) -> str:
    """Return the chain of a frame: `path:function`, from the innermost outwards."""
    found: list[str] = []
    while frame is not None and len(found) < DEPTH:
        code = frame.f_code
        if code.co_filename.startswith(PACKAGE):
            found.append(f"{code.co_filename[len(PACKAGE) :]}:{code.co_name}")
        frame = frame.f_back
    return " ".join(found)


def main() -> None:
    """Serve until a signal; then write what was sampled."""
    database = Path(sys.argv[2])
    sampler = Sampler()

    def ready(running: server.Running) -> None:
        sampler.start()
        print(f"ARTQR_BASE_URL={running.url}", flush=True)

    server.serve(Settings(database=str(database), port=0), ready)
    sampler.stop()
    file = database.with_suffix(".stages.json")
    file.write_text(json.dumps(sampler.counts), "utf-8")


if __name__ == "__main__":
    main()
