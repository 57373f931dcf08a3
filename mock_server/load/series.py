"""Rates and latencies over time, in at most so many steps of whole seconds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from mock_server.load.audit import Audit
from mock_server.load.client_log import Latencies
from mock_server.load.evidence import OPERATIONS

MOST_STEPS = 240
API = OPERATIONS[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Some seconds of a load, the first `at_s` after its begin. `rates`: calls a second by
    operation; `p99_ms`: within which 99 of 100 answers came, None if nobody knows."""

    at_s: int
    rates: dict[str, float]
    p99_ms: float | None

    @property
    def rate(self) -> float:
        """Calls a second in all."""
        return sum(self.rates.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The steps of a load, each of `step_s` seconds."""

    step_s: int
    steps: Sequence[Step]

    @property
    def peak(self) -> float:
        """The highest rate of a step."""
        return max((each.rate for each in self.steps), default=0.0)


def series(audit: Audit) -> Series:
    """Return the rates and latencies of a load."""
    seconds = audit.evidence.by_second
    if not seconds:
        return Series(step_s=1, steps=())
    first, last = min(seconds), max(seconds)
    step_s = max(1, ceil((last - first + 1) / MOST_STEPS))
    starts = range(first, last + 1, step_s)
    return Series(
        step_s=step_s, steps=[_step(audit, first, range(at, at + step_s)) for at in starts]
    )


def _step(audit: Audit, first: int, seconds: range) -> Step:
    counts: Counter[str] = Counter()
    times = Latencies()
    for second in seconds:
        counts.update(audit.evidence.by_second.get(second, {}))
        if audit.seen is not None:
            for operation, seen in audit.seen.by_second.get(second, {}).items():
                if operation in API:
                    times.buckets.update(seen.latencies.buckets)
    rates = {name: round(counts[name] / len(seconds), 2) for name in API}
    return Step(at_s=seconds[0] - first, rates=rates, p99_ms=times.quantile(0.99))
