"""The token bucket: it never passes more calls than it holds and gains."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.call.throttle import Bucket, Limit, take

limits = st.builds(
    Limit,
    per_second=st.floats(0.001, 10_000, allow_nan=False) | st.integers(1, 100).map(float),
    burst=st.integers(1, 50),
)
# The pauses between calls, in ms.
pauses = st.lists(st.integers(0, 5_000) | st.just(0), max_size=120)


def passed_at(limit: Limit, waits: list[int]) -> list[int]:
    """Return the instants of the calls that pass."""
    bucket: Bucket | None = None
    now = 1_700_000_000_000
    passed = []
    for wait in waits:
        now += wait
        bucket, passes = take(bucket, limit, now)
        assert 0 <= bucket.tokens <= limit.burst
        assert bucket.at == now
        if passes:
            passed.append(now)
    return passed


@settings(derandomize=True)
@given(limit=limits, waits=pauses)
def test_in_no_window_pass_more_than_burst_and_what_is_gained(
    limit: Limit, waits: list[int]
) -> None:
    passed = passed_at(limit, waits)

    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            gained = (passed[last] - start) * limit.per_second / 1000
            assert last - first + 1 <= limit.burst + gained + 1e-6


@settings(derandomize=True)
@given(limit=limits, waits=pauses)
def test_no_call_is_refused_while_a_token_is_there(limit: Limit, waits: list[int]) -> None:
    bucket: Bucket | None = None
    now, tokens = 0, float(limit.burst)
    for wait in waits:
        now += wait
        tokens = min(float(limit.burst), tokens + wait * limit.per_second / 1000)
        bucket, passes = take(bucket, limit, now)
        assert passes or tokens < 1 + 1e-6
        tokens -= passes
        assert bucket.tokens == pytest.approx(tokens, abs=1e-6)


@pytest.mark.parametrize("burst", [1, 2, 7])
def test_a_bucket_starts_full_and_holds_no_more_than_its_burst(burst: int) -> None:
    limit = Limit(per_second=1, burst=burst)

    assert len(passed_at(limit, [0] * 20)) == burst
    assert len(passed_at(limit, [0] * burst + [3_600_000] + [0] * 20)) == 2 * burst


def test_a_token_comes_back_exactly_when_it_is_whole() -> None:
    limit = Limit(per_second=2, burst=1)

    assert len(passed_at(limit, [0, 499])) == 1
    assert len(passed_at(limit, [0, 500])) == 2
    assert len(passed_at(limit, [0, 250, 250])) == 2


def test_refused_calls_cost_no_token() -> None:
    limit = Limit(per_second=1, burst=1)

    assert len(passed_at(limit, [0, *[10] * 99, 10])) == 2


def test_a_clock_that_was_set_back_gains_nothing() -> None:
    limit = Limit(per_second=1000, burst=5)
    empty = Bucket(tokens=0, at=10_000)

    bucket, passes = take(empty, limit, 5_000)

    assert (bucket.tokens, passes) == (0, False)


def test_a_bucket_without_a_burst_lets_nothing_pass() -> None:
    assert passed_at(Limit(per_second=1, burst=0), [0, 10_000, 3_600_000]) == []
