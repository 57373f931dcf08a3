"""The clock of one account.

Rule 1: time never goes backwards; a jump is always forward.
Rule 2: a clock is data: `base_at + rate x (real - real_base)`, or `base_at` while frozen.
Rule 3: whoever acts takes one `now` at the top and hands it down.
"""

from dataclasses import dataclass, replace

from mock_server.domain.durations import parse_duration
from mock_server.domain.usage_errors import UsageError

# 9999-12-31T00:00:00Z: the last day that every calendar on the way can print.
LATEST_AT = 253_402_214_400_000
MAX_RATE = 1_000_000.0
MIN_RATE = 0.001


class ClockError(UsageError):
    """A clock change that cannot be: backwards, past the calendar, a rate out of range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """`base_at` and `real_base_at` are the same instant on the account's and the real clock.

    `pinned` says that somebody chose the instant it shows, rather than how far to move. `jumped_ms`
    is the sum of its jumps: what somebody skipped, and no client waited for.
    """

    base_at: int
    real_base_at: int
    rate: float = 1.0
    frozen: bool = False
    pinned: bool = False
    jumped_ms: int = 0

    def now(self, real_now: int) -> int:
        """Return the account's instant, in ms, at the real instant `real_now`."""
        if self.frozen:
            return self.base_at
        elapsed = max(0, real_now - self.real_base_at)
        return min(LATEST_AT, self.base_at + int(elapsed * self.rate))

    def real_at(self, at: int) -> int | None:
        """Return the first real instant at which this clock shows `at`; None while frozen."""
        if self.frozen:
            return None
        ahead = at - self.base_at
        if ahead <= 0:
            return self.real_base_at
        elapsed = -int(-ahead // self.rate)
        # `now` rounds, so the first millisecond that shows `at` may be a neighbour; a waiter that
        # wakes a millisecond early would find nothing due.
        while int(elapsed * self.rate) < ahead:
            elapsed += 1
        while int((elapsed - 1) * self.rate) >= ahead:
            elapsed -= 1
        return self.real_base_at + elapsed


def jump(clock: Clock, *, to: int, real_now: int) -> Clock:
    """Return the clock moved forward to the instant `to`, still frozen if it was."""
    now = clock.now(real_now)
    if to < now:
        raise ClockError(f"time never goes backwards: the clock shows {now}, {to} is before it")
    if to > LATEST_AT:
        raise ClockError(f"{to} is past the end of the calendar, {LATEST_AT} (9999-12-31)")
    jumped_ms = clock.jumped_ms + to - now
    return replace(clock, base_at=to, real_base_at=real_now, jumped_ms=jumped_ms)


def forward_ms(duration: str) -> int:
    """Return the milliseconds that a clock is to advance by.

    Raises ClockError for a negative duration, BadDurationError for what is no duration.
    """
    if duration.lstrip().startswith(("-", "−")):
        raise ClockError(
            f"clocks only move forward: {duration.strip()[:64]!r} is negative. Write a duration "
            "such as 5m, or reset the account to start again"
        )
    return parse_duration(duration)


def freeze(clock: Clock, *, real_now: int) -> Clock:
    """Return the clock stopped at what it shows."""
    return replace(_rebased(clock, real_now), frozen=True)


def thaw(clock: Clock, *, real_now: int) -> Clock:
    """Return the clock running on from what it shows."""
    return replace(_rebased(clock, real_now), frozen=False)


def set_rate(clock: Clock, rate: float, *, real_now: int) -> Clock:
    """Return the clock that makes `rate` account seconds of each real second."""
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ClockError(f"rate {rate:g} is out of range: {MIN_RATE:g} to {MAX_RATE:g}")
    return replace(_rebased(clock, real_now), rate=float(rate))


def _rebased(clock: Clock, real_now: int) -> Clock:
    return replace(clock, base_at=clock.now(real_now), real_base_at=real_now)
