"""What the clients of a load saw, second by second: written by Locust's process, read by ours.

Rule 1: a second is a line of JSON, appended once it is over, so a process that dies loses the last
second only. The file is bounded by the length of the load, not by its calls.
Rule 2: a time falls into a bucket of a histogram, each 5 % wider than the one before.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, exp, floor, log
from pathlib import Path
from typing import Any, Self

WIDTH = log(1.05)
LEAST_MS = 0.1
MOST_BUCKET = 400  # 0.1 ms x 1.05^400: 8 hours
NO_ANSWER = 0


def bucket_of(ms: float) -> int:
    """Return the bucket of the histogram that a time falls into."""
    return min(MOST_BUCKET, max(0, floor(log(max(ms, LEAST_MS) / LEAST_MS) / WIDTH)))


def upper_ms(bucket: int) -> float:
    """Return the longest time of a bucket."""
    return LEAST_MS * exp(WIDTH * (bucket + 1))


@dataclass(slots=True)
class Latencies:
    """Times of many calls, as a histogram."""

    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, ms: float) -> None:
        """Count one call."""
        self.buckets[bucket_of(ms)] += 1

    def quantile(self, share: float) -> float | None:
        """Return the time in ms within which this share of the calls was answered; None: no call.

        It is exact to 5 %, and never too short.
        """
        total = sum(self.buckets.values())
        wanted, so_far = ceil(total * share), 0
        for bucket in sorted(self.buckets):
            so_far += self.buckets[bucket]
            if so_far >= wanted:
                return round(upper_ms(bucket), 1)
        return None


@dataclass(slots=True)
class Seen:
    """What clients saw of one operation: how many calls had which status (0: no answer), and how
    long all of them took."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: Latencies = field(default_factory=Latencies)

    @property
    def calls(self) -> int:
        """How many calls these are."""
        return self.statuses.total()

    def add(self, other: "Seen") -> None:
        """Take in what was seen elsewhere."""
        self.statuses.update(other.statuses)
        self.latencies.buckets.update(other.latencies.buckets)

    @property
    def as_json(self) -> dict[str, Any]:
        """Return it as a line of the file has it."""
        return {"statuses": self.statuses, "buckets": self.latencies.buckets}

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """Return what a line says of an operation."""
        statuses, buckets = (
            Counter({int(name): int(count) for name, count in found[each].items()})
            for each in ("statuses", "buckets")
        )
        return cls(statuses, Latencies(buckets))


class ClientLog:
    """Writes the file. `second` is whole seconds of real time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._now = 0
        self._seen: dict[str, Seen] = {}
        self.calls = 0

    def add(self, second: int, operation: str, status: int, ms: float) -> None:
        """Count a call that ended in a second."""
        if second != self._now:
            self.write()
            self._now = second
        seen = self._seen.setdefault(operation, Seen())
        seen.statuses[status] += 1
        seen.latencies.add(ms)
        self.calls += 1

    def write(self) -> None:
        """Write what was counted since the last line."""
        if self._seen:
            line = {"second": self._now, "seen": {n: s.as_json for n, s in self._seen.items()}}
            with self._file.open("a", encoding="ascii") as opened:
                opened.write(json.dumps(line) + "\n")
            self._seen = {}


@dataclass(slots=True)
class ClientView:
    """All that the clients saw: by operation, and the latencies of each second by operation."""

    by_operation: dict[str, Seen] = field(default_factory=dict)
    by_second: dict[int, dict[str, Seen]] = field(default_factory=dict)


def read_log(file: Path) -> ClientView:
    """Return what a file says; a line that was not written whole is left out."""
    view = ClientView()
    for second, seen in _lines(file):
        of_second = view.by_second.setdefault(second, {})
        for operation, found in seen.items():
            view.by_operation.setdefault(operation, Seen()).add(found)
            of_second.setdefault(operation, Seen()).add(found)
    return view


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Seen]]]:
    try:
        with file.open(encoding="ascii") as opened:
            yield from _parsed(opened)
    except FileNotFoundError:
        return  # Locust ended before the first call did


def _parsed(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Seen]]]:
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            return
        yield int(found["second"]), {name: Seen.of(each) for name, each in found["seen"].items()}
