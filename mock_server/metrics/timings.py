"""Observations of histograms that wait to be counted together: a lock for each would be dear.

prometheus_client observes one amount at a time, so this does for many what its `observe` does for
one; tests/unit/test_timings.py holds both to the same result.
"""

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Histogram


class Timings:
    """What was observed, by histogram; each method may be called on any thread."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Histogram, float]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, histogram: "Histogram", seconds: float) -> None:
        """Keep an observation for the next `count`."""
        self._waiting.append((histogram, seconds))

    def count(self) -> None:
        """Let the histograms observe what waits."""
        found: defaultdict[Histogram, list[float]] = defaultdict(list)
        while True:
            try:
                histogram, seconds = self._waiting.popleft()
            except IndexError:
                break
            found[histogram].append(seconds)
        for histogram, amounts in found.items():
            observe(histogram, amounts)


def observe(histogram: "Histogram", amounts: list[float]) -> None:
    """Observe amounts, those of one bucket together."""
    bounds = histogram._upper_bounds
    histogram._sum.inc(sum(amounts))
    for place, number in Counter(bisect_left(bounds, each) for each in amounts).items():
        histogram._buckets[place].inc(number)
