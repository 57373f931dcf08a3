from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.callback.payload import CallbackState, Outcome
from mock_server.domain.callback.retries import (
    MAX_RETRY_AFTER_MS,
    RETRIES_MS,
    DeliveryState,
    Progress,
    after_attempt,
    is_crowded_out,
    retry_after,
    room,
)
from mock_server.domain.readings import DEFAULT_READINGS, with_readings

NOW = 1_700_000_000_000
BUSY = Outcome(status=503)
OK = Outcome(status=204)
DELIVERIES = st.sampled_from(["once", "retried", "at-least-once"])


def after(
    outcome: Outcome,
    reading: str = "retried",
    *,
    tries: int = 1,
    acknowledged: bool = False,
    is_extra: bool = False,
) -> DeliveryState:
    progress = Progress(tries=tries, acknowledged=acknowledged, is_extra=is_extra, ended_at=5_000)
    readings = with_readings(DEFAULT_READINGS, {"callback.delivery": reading})
    return after_attempt(outcome, progress, readings, NOW)


@pytest.mark.claim("callback-ack")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (299, "delivered"),
        (199, "failed"),
        (301, "failed"),
        (400, "failed"),
        (500, "failed"),
    ],
)
def test_any_2xx_acknowledges_and_nothing_else_does(status: int, state: str) -> None:
    assert after(Outcome(status=status), "once").state == state


@pytest.mark.claim("callback-once")
def test_once_is_once_for_no_answer_too() -> None:
    silent = Outcome(error="no answer within 10 s")

    assert after(silent, "once") == DeliveryState(state=CallbackState.FAILED)


@pytest.mark.claim("callback-retries")
def test_three_more_tries_follow_each_later_than_the_one_before() -> None:
    stood = [after(BUSY, tries=tries) for tries in (1, 2, 3, 4)]

    assert [each.next_at for each in stood] == [6_000, 15_000, 65_000, None]
    assert [each.state for each in stood] == ["due", "due", "due", "failed"]


@pytest.mark.claim("callback-gone")
@pytest.mark.parametrize("reading", ["retried", "at-least-once"])
def test_a_receiver_that_is_gone_is_not_tried_again(reading: str) -> None:
    assert after(Outcome(status=410), reading) == DeliveryState(state=CallbackState.FAILED)


def test_what_no_other_try_can_better_is_not_tried_again() -> None:
    assert after(Outcome(error="not an address", hopeless=True)).state is CallbackState.FAILED


@pytest.mark.claim("callback-duplicate")
def test_at_least_once_an_acknowledged_callback_comes_a_second_time_and_no_third() -> None:
    first = after(OK, "at-least-once")
    second = after(BUSY, "at-least-once", tries=2, acknowledged=True)

    assert first == DeliveryState(state=CallbackState.DUE, next_at=6_000, acknowledged=True)
    assert second == DeliveryState(state=CallbackState.DELIVERED, acknowledged=True)


@given(reading=DELIVERIES, status=st.integers(200, 599))
def test_a_repetition_is_tried_once_whatever_the_reading(reading: str, status: int) -> None:
    assert after(Outcome(status=status), reading, is_extra=True).next_at is None


@given(
    reading=DELIVERIES,
    outcomes=st.lists(st.sampled_from([OK, BUSY, Outcome(error="x"), Outcome(status=410)])),
)
def test_every_callback_comes_to_an_end_within_five_tries(
    reading: str, outcomes: list[Outcome]
) -> None:
    tries, standing = 0, DeliveryState(state=CallbackState.DUE, next_at=0)
    for outcome in [*outcomes, *[BUSY] * 5]:
        tries += 1
        standing = after(outcome, reading, tries=tries, acknowledged=standing.acknowledged)
        if standing.next_at is None:
            break
    assert tries <= 1 + len(RETRIES_MS) + 1
    assert standing.state in ("delivered", "failed")


@pytest.mark.claim("callback-retry-after")
@pytest.mark.parametrize(
    ("asked", "wait_ms"),
    [
        ("5", 5_000),
        (" 5 ", 5_000),
        ("0", 0),
        (formatdate(NOW // 1000 + 30, usegmt=True), 30_000),
        (formatdate(NOW // 1000 - 30, usegmt=True), 0),
        ("99999999999999999999", MAX_RETRY_AFTER_MS),
        (formatdate(NOW // 1000 + 10**7, usegmt=True), MAX_RETRY_AFTER_MS),
        ("-5", 0),
        ("5.5", 0),
        ("soon", 0),
        ("\u0665", 0),
        ("", 0),
        ("1" * 5_000, 0),
    ],
)
def test_a_receiver_asks_for_time_in_seconds_or_with_a_date(asked: str, wait_ms: int) -> None:
    assert retry_after((("retry-after", asked),), NOW) == wait_ms


@pytest.mark.claim("callback-retry-after")
def test_a_date_is_on_the_clock_of_the_receiver() -> None:
    theirs = 1_000_000_000
    headers = (
        ("Date", formatdate(theirs, usegmt=True)),
        ("Retry-After", formatdate(theirs + 7, usegmt=True)),
    )

    assert retry_after(headers, NOW) == 7_000


@pytest.mark.claim("callback-retry-after")
def test_the_longer_of_schedule_and_retry_after_counts() -> None:
    asked = [Outcome(status=503, headers=(("Retry-After", each),)) for each in ("5", "30")]

    assert [after(each, tries=2).next_at for each in asked] == [15_000, 35_000]


@given(text=st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ \S+"))
def test_whatever_a_receiver_asks_the_wait_is_bounded(text: str) -> None:
    assert 0 <= retry_after((("Retry-After", text),), NOW) <= MAX_RETRY_AFTER_MS


@given(
    in_flight=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30)),
    account=st.sampled_from("abcdef"),
    concurrency=st.integers(1, 100),
)
def test_no_account_takes_all_and_none_goes_without(
    in_flight: dict[str, int], account: str, concurrency: int
) -> None:
    places = room(in_flight, account, concurrency)
    own = in_flight.get(account, 0)

    assert own > 0 or places > 0
    assert places <= max(1, concurrency // 4)
    if own:
        assert own + max(places, 0) <= max(own, concurrency // 4, 1)
        assert sum(in_flight.values()) + max(places, 0) <= max(concurrency, sum(in_flight.values()))


@pytest.mark.parametrize(
    ("in_flight", "crowded"),
    [
        ({"a": 2, "b": 2, "c": 2, "d": 1, "e": 1}, True),
        ({"e": 2}, False),  # its own share is full
        ({"e": 1}, False),  # there is room
        ({"a": 8}, False),  # it always has one place
    ],
)
def test_an_account_is_crowded_out_only_by_others(in_flight: dict[str, int], crowded: bool) -> None:
    assert is_crowded_out(in_flight, "e", 8) is crowded
