"""The clock of one account, and the real time that it runs on.

Rule 1: time never goes backwards; a jump is always forward.
Rule 2: a clock is data: `base_at + rate x (real - real_base)`, or `base_at` while frozen.
Rule 3: every action takes one `now` at its start and passes it down.
Rule 4: if the machine's clock is set back, real time runs at half speed until the machine's clock
has caught up; then the two are the same again.
"""

from dataclasses import replace

from mock_server.domain.durations import parse_duration
from mock_server.domain.records import dataclass
from mock_server.domain.usage_errors import UsageError

# 9999-12-31T00:00:00Z: the last day that every date library on the way can print.
LATEST_AT = 253_402_214_400_000
MAX_RATE = 1_000_000.0
MIN_RATE = 0.001


class ClockError(UsageError):
    """An invalid clock change: backwards, past the end of the calendar, or a rate out of range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """`base_at` and `real_base_at` are the same instant on the account's and on the real clock
    (ms).

    `pinned`: somebody set the clock to an explicit instant, instead of advancing it. `jumped_ms`:
    the sum of its jumps, which no client waited for.
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
        # `now` rounds, so the first millisecond that shows `at` may be one off, and a deliverer
        # that wakes one millisecond early would find nothing due.
        while int(elapsed * self.rate) < ahead:
            elapsed += 1
        while int((elapsed - 1) * self.rate) >= ahead:
            elapsed -= 1
        return self.real_base_at + elapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class RealTime:
    """The real time after a reading of the machine's clock, both in ms.

    While the two differ, real time (`shown`) is on a line: from `slow_shown` at the reading
    `slow_read` to `even_at`, where the machine's clock has caught up. `highest` is the last real
    time.
    """

    shown: float
    read: int
    highest: int = 0
    slow_read: int = 0
    slow_shown: float = 0
    even_at: int = 0

    def after(self, read: int) -> "RealTime":
        """Return the real time once the machine's clock reads `read`."""
        if read >= self.shown:
            return RealTime(shown=read, read=read)
        if read < self.read:
            return self._set_back(read)
        slope = (self.even_at - self.slow_shown) / (self.even_at - self.slow_read)
        line = self.slow_shown + (read - self.slow_read) * slope
        return replace(self, shown=max(self.shown, line), read=read)

    def _set_back(self, read: int) -> "RealTime":
        """Start a line, or a new one.

        `even_at` depends on the lowest reading alone, so a clock that moves to and fro gains
        nothing.
        """
        highest = self.highest or int(self.shown)
        return RealTime(
            shown=self.shown,
            read=read,
            highest=highest,
            slow_read=read,
            slow_shown=self.shown,
            even_at=max(self.even_at, 2 * highest - read),
        )


def jump(clock: Clock, *, to: int, real_now: int) -> Clock:
    """Return the clock moved forward to the instant `to`; a frozen clock stays frozen."""
    now = clock.now(real_now)
    if to < now:
        raise ClockError(f"time never goes backwards: the clock shows {now}, {to} is before it")
    if to > LATEST_AT:
        raise ClockError(f"{to} is past the end of the calendar, {LATEST_AT} (9999-12-31)")
    jumped_ms = clock.jumped_ms + to - now
    return replace(clock, base_at=to, real_base_at=real_now, jumped_ms=jumped_ms)


def forward_ms(duration: str) -> int:
    """Return the milliseconds that a clock shall advance by.

    Raises ClockError for a negative duration, BadDurationError for a text that is not a duration.
    """
    if duration.lstrip().startswith(("-", "−")):
        raise ClockError(
            f"clocks only move forward: {duration.strip()[:64]!r} is negative. Write a duration "
            "such as 5m, or reset the account to start again"
        )
    return parse_duration(duration)


def freeze(clock: Clock, *, real_now: int) -> Clock:
    """Return the clock, stopped at the instant that it shows."""
    return replace(rebased(clock, real_now), frozen=True)


def thaw(clock: Clock, *, real_now: int) -> Clock:
    """Return the clock, running from the instant that it shows."""
    return replace(rebased(clock, real_now), frozen=False)


def set_rate(clock: Clock, rate: float, *, real_now: int) -> Clock:
    """Return the clock with `rate` seconds per real second."""
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ClockError(f"rate {rate:g} is out of range: {MIN_RATE:g} to {MAX_RATE:g}")
    return replace(rebased(clock, real_now), rate=float(rate))


def rebased(clock: Clock, real_now: int) -> Clock:
    """Return the same clock, counted from `real_now` on."""
    return replace(clock, base_at=clock.now(real_now), real_base_at=real_now)
