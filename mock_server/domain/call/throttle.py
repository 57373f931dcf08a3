"""Throttling: a token bucket per account and operation, on the account's clock.

Rule 1: calls are not throttled unless a limit is set (claim throttle-off).
Rule 2: a bucket starts full, holds `burst` tokens and gains `per_second`; a call takes one (claim
throttle-bucket).
"""

from math import ceil

from mock_server.domain.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The calls that pass: `burst` at once, `per_second` in the long run."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`tokens` at the instant `at`, in ms on the account's clock."""

    tokens: float
    at: int


def wait_s(bucket: Bucket, limit: Limit) -> int:
    """Return the whole seconds until the next call passes, at least one."""
    return max(1, ceil((1 - bucket.tokens) / limit.per_second))


def take(bucket: Bucket | None, limit: Limit, now: int) -> tuple[Bucket, bool]:
    """Return the bucket after a call at `now`, and whether the call passes. `bucket` None: a full
    one.
    """
    if bucket is None:
        tokens = float(limit.burst)
    else:
        gained = max(0, now - bucket.at) * limit.per_second / 1000
        tokens = min(float(limit.burst), bucket.tokens + gained)
    if tokens < 1:
        return Bucket(tokens=tokens, at=now), False
    return Bucket(tokens=tokens - 1, at=now), True
