"""Retries: the next attempt of a callback, and how many attempts may run at once.

Rule 1: any 2xx acknowledges a callback (claim callback-ack). Under the reading `once`, a callback
is attempted exactly once (claim callback-once).
Rule 2: the schedule runs on the account's clock, from the instant at which an attempt was due, so a
jump of the clock makes exactly the attempts that it passes.
Rule 3: no account's receiver waits for another account's: each account always has one place.
"""

from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz

from mock_server.domain.call.calls import Headers
from mock_server.domain.callback.payload import CallbackState, Outcome
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass

RETRIES_MS = (1_000, 10_000, 60_000)  # claim callback-retries
SOONEST_MS = RETRIES_MS[0]
REPEAT_MS = 1_000  # claim callback-duplicate
MAX_RETRY_AFTER_MS = 3_600_000  # claim callback-retry-after
GONE = 410  # claim callback-gone
MAX_HEADER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a callback. `ended_at`: when the last attempt ended, on the account's clock.

    `is_extra`: it is a repetition or a forgery, which is attempted once under every reading.
    """

    tries: int
    acknowledged: bool
    is_extra: bool
    ended_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryState:
    """The state of a callback; `next_at` is its next attempt (ms), None if there is no more."""

    state: CallbackState
    next_at: int | None = None
    acknowledged: bool = False


def after_attempt(
    outcome: Outcome, progress: Progress, readings: Readings, machine_now: int
) -> DeliveryState:
    """Return the state of a callback after an attempt; `progress.tries` includes that attempt."""
    reading = "once" if progress.is_extra else readings.callback_delivery
    if progress.acknowledged:  # this attempt was the duplicate
        return DeliveryState(state=CallbackState.DELIVERED, acknowledged=True)
    if outcome.acknowledged:
        if reading != "at-least-once":
            return DeliveryState(state=CallbackState.DELIVERED, acknowledged=True)
        again_at = progress.ended_at + REPEAT_MS
        return DeliveryState(state=CallbackState.DUE, next_at=again_at, acknowledged=True)
    is_last = reading == "once" or progress.tries > len(RETRIES_MS)
    if is_last or outcome.hopeless or outcome.status == GONE:
        return DeliveryState(state=CallbackState.FAILED)
    wait_ms = max(RETRIES_MS[progress.tries - 1], retry_after(outcome.headers, machine_now))
    return DeliveryState(state=CallbackState.DUE, next_at=progress.ended_at + wait_ms)


def retry_after(headers: Headers, machine_now: int) -> int:
    """Return the delay (ms) that the receiver's Retry-After asks for, an hour at most; 0: none.

    Retry-After is seconds or a date. A date is on the receiver's clock, so it is compared with the
    receiver's own `Date`.
    """
    asked = _value(headers, "retry-after")
    if asked is None:
        return 0
    if asked.isascii() and asked.isdigit():
        return min(int(asked) * 1_000, MAX_RETRY_AFTER_MS)
    until = _date(asked)
    if until is None:
        return 0
    now = _date(_value(headers, "date") or "")
    left_ms = until - (machine_now if now is None else now)
    return min(max(0, left_ms), MAX_RETRY_AFTER_MS)


def room(in_flight: Mapping[str, int], account_id: str, concurrency: int) -> int:
    """Return how many more callbacks of an account may be posted now.

    An account may use a quarter of the places. If it has no callback under way it gets one place,
    even if all places are taken.
    """
    own = in_flight.get(account_id, 0)
    free = concurrency - sum(in_flight.values())
    return max(0 if own else 1, min(_share(concurrency) - own, free))


def is_crowded_out(in_flight: Mapping[str, int], account_id: str, concurrency: int) -> bool:
    """Whether an account has no room only because others have taken all places."""
    has_share = in_flight.get(account_id, 0) < _share(concurrency)
    return has_share and room(in_flight, account_id, concurrency) == 0


def _share(concurrency: int) -> int:
    return max(1, concurrency // 4)


def _value(headers: Headers, name: str) -> str | None:
    values = (value.strip() for key, value in headers if key.lower() == name)
    value = next(values, None)
    return value if value and len(value) <= MAX_HEADER else None


def _date(text: str) -> int | None:
    try:
        parts = parsedate_tz(text)
        return None if parts is None else mktime_tz((*parts[:9], parts[9] or 0)) * 1_000
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
