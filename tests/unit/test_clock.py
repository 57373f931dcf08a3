import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mock_server.domain import clock as rules
from mock_server.domain.clock import LATEST_AT, MAX_RATE, MIN_RATE, Clock, ClockError

instants = st.integers(min_value=0, max_value=LATEST_AT)
rates = st.floats(min_value=MIN_RATE, max_value=MAX_RATE) | st.sampled_from([1.0, 0.1, 60.0, 3.0])
REAL = 1_700_000_000_000
real_instants = st.integers(min_value=REAL - 10**9, max_value=REAL + 10**9)
moves = st.one_of(
    st.tuples(st.just("jump"), st.integers(min_value=0, max_value=10**12)),
    st.tuples(st.just("rate"), rates),
    st.tuples(st.just("freeze"), st.none()),
    st.tuples(st.just("thaw"), st.none()),
)


def clock_at(at: int = 1_000, rate: float = 1.0, *, frozen: bool = False) -> Clock:
    return Clock(base_at=at, real_base_at=REAL, rate=rate, frozen=frozen)


def moved(clock: Clock, move: str, value: float | None, real_now: int) -> Clock:
    if move == "jump":
        to = min(LATEST_AT, clock.now(real_now) + int(value or 0))
        return rules.jump(clock, to=to, real_now=real_now)
    if move == "rate":
        return rules.set_rate(clock, value or 1.0, real_now=real_now)
    return {"freeze": rules.freeze, "thaw": rules.thaw}[move](clock, real_now=real_now)


def test_a_clock_runs_with_the_real_one() -> None:
    assert clock_at(5_000).now(REAL + 250) == 5_250


def test_a_rate_of_sixty_makes_a_minute_of_a_second() -> None:
    assert clock_at(0, rate=60.0).now(REAL + 1_000) == 60_000


def test_a_frozen_clock_stands_still_whatever_the_real_one_does() -> None:
    frozen = rules.freeze(clock_at(5_000), real_now=REAL + 100)

    assert {frozen.now(REAL + wait) for wait in (100, 10_000, 10**9)} == {5_100}


def test_a_thawed_clock_runs_on_from_what_it_showed() -> None:
    frozen = rules.freeze(clock_at(5_000), real_now=REAL + 100)

    assert rules.thaw(frozen, real_now=REAL + 9_000).now(REAL + 9_001) == 5_101


def test_a_jump_works_while_frozen_and_leaves_the_clock_frozen() -> None:
    jumped = rules.jump(clock_at(5_000, frozen=True), to=9_000, real_now=REAL + 1)

    assert jumped.frozen
    assert jumped.now(REAL + 10**9) == 9_000


def test_a_jump_to_now_is_allowed_and_one_millisecond_before_it_is_not() -> None:
    clock = clock_at(5_000)

    assert rules.jump(clock, to=5_010, real_now=REAL + 10).now(REAL + 10) == 5_010
    with pytest.raises(ClockError, match="never goes backwards: the clock shows 5010, 5009"):
        rules.jump(clock, to=5_009, real_now=REAL + 10)


def test_the_clock_ends_at_the_last_day_that_can_be_printed() -> None:
    with pytest.raises(ClockError, match="9999-12-31"):
        rules.jump(clock_at(), to=LATEST_AT + 1, real_now=REAL)
    assert clock_at(LATEST_AT - 1, rate=MAX_RATE).now(REAL + 10**9) == LATEST_AT


@pytest.mark.parametrize("rate", [0.0, -1.0, MIN_RATE / 2, MAX_RATE * 2, float("nan")])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(ClockError, match="out of range"):
        rules.set_rate(clock_at(), rate, real_now=REAL)


def test_a_frozen_clock_reaches_no_instant_by_itself() -> None:
    assert clock_at(frozen=True).real_at(10**9) is None


@given(start=instants, steps=st.lists(st.tuples(real_instants, moves)), rate=rates)
def test_no_operation_moves_a_clock_backwards(
    start: int, steps: list[tuple[int, tuple[str, float | None]]], rate: float
) -> None:
    """The real instants come in any order, because a real clock can be set back."""
    clock = clock_at(start, rate)
    for real_now, (move, value) in steps:
        before = clock.now(real_now)
        clock = moved(clock, move, value, real_now)
        assert clock.now(real_now) >= before
        assert clock.now(real_now - 10**6) >= before


@given(
    start=st.integers(min_value=0, max_value=2 * 10**12),
    ahead=st.integers(min_value=1, max_value=10**11),
    rate=rates,
)
@example(start=0, ahead=3, rate=0.1)
@example(start=1_700_000_000_000, ahead=86_400_000, rate=0.7)
@example(start=0, ahead=1, rate=0.3333333333333333)
def test_a_clock_shows_an_instant_at_its_real_instant_and_not_before(
    start: int, ahead: int, rate: float
) -> None:
    clock = clock_at(start, rate)
    real_at = clock.real_at(start + ahead)

    assert real_at is not None
    assert clock.now(real_at) >= start + ahead
    assert clock.now(real_at - 1) < start + ahead
