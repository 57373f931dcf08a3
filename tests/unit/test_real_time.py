"""Real time: what is made of a machine's clock that anybody may set back."""

import threading
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mock_server.domain.clock import MAX_RATE, MIN_RATE, Clock
from mock_server.real_clock import monotonic

REAL = 1_700_000_000_000
MINUTE = 60_000
MONTH = 30 * 24 * 60 * MINUTE
readings = st.lists(st.integers(min_value=REAL - 10**9, max_value=REAL + 10**9), min_size=1)
rates = st.floats(min_value=MIN_RATE, max_value=MAX_RATE) | st.sampled_from([1.0, 0.1, 60.0, 3.0])


def shown(reads: list[int], latest: int = 0) -> list[int]:
    """Return what is shown for each reading of the machine's clock."""
    left = iter(reads)
    now = monotonic(lambda: next(left), latest)
    return [now() for _ in reads]


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        ([1, 2, 2, 5], [1, 2, 2, 5]),
        ([10_000, 9_999] * 50, [10_000] * 100),
        ([1_000, 400, 450, 2_000], [1_000, 1_000, 1_025, 2_000]),
        ([1_000, 900, 1_000, 1_001], [1_000, 1_000, 1_000, 1_001]),
        ([1_000, 900, 1_001, 1_002], [1_000, 1_000, 1_001, 1_002]),
        ([1_000, 900, 950, 999, 1_049, 1_050, 1_099, 1_100, 1_101],
         [1_000, 1_000, 1_025, 1_049, 1_074, 1_075, 1_099, 1_100, 1_101]),
        ([1_000, 900, 950, 940, 1_020], [1_000, 1_000, 1_025, 1_025, 1_062]),
        ([1_000, 900, 950, 800, 1_000, 1_200], [1_000, 1_000, 1_025, 1_025, 1_112, 1_200]),
        ([5_000, 1_000, 6_000], [5_000, 5_000, 6_000]),
        ([5_000, 253_402_214_400_000], [5_000, 253_402_214_400_000]),
    ],
    ids=str,
)  # fmt: skip
def test_real_time_follows_the_machines_clock_and_waits_for_one_that_was_set_back(
    reads: list[int], expected: list[int]
) -> None:
    assert shown(reads) == expected


def test_after_one_reading_that_was_twenty_minutes_back_time_is_right_again() -> None:
    assert shown([REAL, REAL - 20 * MINUTE, REAL + 1]) == [REAL, REAL, REAL + 1]


def test_a_clock_that_was_set_back_by_twenty_minutes_is_caught_up_with_in_forty() -> None:
    reads = [REAL, *range(REAL - 20 * MINUTE, REAL + 30 * MINUTE, 1_000)]
    times = shown(reads)

    ahead = [time - read for time, read in zip(times, reads, strict=True)]
    assert ahead[1] == 20 * MINUTE
    assert ahead[1:] == sorted(ahead[1:], reverse=True)
    first_even = next(read for read, left in zip(reads[1:], ahead[1:], strict=True) if left == 0)
    assert first_even == REAL + 20 * MINUTE - 1_000  # looked at once a second
    # It never stands still on the way: half a second a second, then the whole of it.
    even = reads.index(first_even, 1)
    assert {after - before for before, after in pairwise(times[1:even])} == {500}
    assert {after - before for before, after in pairwise(times[even:])} == {1_000}


def test_a_restart_goes_on_from_what_was_shown() -> None:
    assert shown([REAL - 20 * MINUTE, REAL - 10 * MINUTE, REAL + 20 * MINUTE], latest=REAL) == [
        REAL, REAL + 5 * MINUTE, REAL + 20 * MINUTE]  # fmt: skip
    assert shown([REAL + 5], latest=REAL) == [REAL + 5]


@given(reads=readings, latest=st.integers(min_value=REAL - 10**9, max_value=REAL + 10**9))
@example(reads=[REAL, REAL - 9, REAL, REAL - 10, REAL, REAL - 11, REAL], latest=0)
def test_time_never_goes_backwards_and_gains_no_more_than_was_lost(
    reads: list[int], latest: int
) -> None:
    times = shown(reads, latest)

    assert times == sorted(times)
    for count, (read, time) in enumerate(zip(reads, times, strict=True), start=1):
        highest = max(latest, *reads[:count])
        assert read <= time <= highest + (highest - min(reads[:count]))


@given(
    reads=readings,
    steps=st.lists(st.integers(min_value=10, max_value=MONTH), min_size=1, max_size=50),
)
def test_it_runs_on_wherever_it_was_left_and_catches_up(reads: list[int], steps: list[int]) -> None:
    last = reads[-1]
    rising = [last + sum(steps[: count + 1]) for count in range(len(steps))]
    caught_up = max(reads) + (max(reads) - min(reads))
    times = shown([*reads, *rising, max(rising[-1], caught_up)])

    assert times[-1] == max(rising[-1], caught_up)
    after = times[len(reads) - 1 : -1]
    # Beyond so many readings to and fro, half speed may have become a smaller part of it.
    if len(reads) <= 2:
        for before, now, step in zip(after, after[1:], steps, strict=False):
            assert now - before >= step // 2 - 1 or now in rising


@given(reads=readings, rate=rates)
def test_an_accounts_clock_on_it_never_goes_backwards_at_any_rate(
    reads: list[int], rate: float
) -> None:
    clock = Clock(base_at=0, real_base_at=REAL, rate=rate)
    times = [clock.now(real_now) for real_now in shown(reads)]

    assert times == sorted(times)


def test_threads_that_read_it_at_once_see_it_go_forwards() -> None:
    reads = iter([*range(REAL, REAL + 2_000), *range(REAL - 1_000, REAL + 1_000)])
    now = monotonic(lambda: next(reads))
    wrong: list[list[int]] = []

    def read() -> None:
        seen = [now() for _ in range(1_000)]
        if seen != sorted(seen):
            wrong.append(seen)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong
