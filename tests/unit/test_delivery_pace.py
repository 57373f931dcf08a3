"""The pace of callbacks: slower while the loop is late, at once again when it is not."""

from mock_server.delivery.pace import LATE_S, LONGEST_S, ON_TIME_S, DeliveryPace


def paced(*late_s: float) -> DeliveryPace:
    pace = DeliveryPace()
    for each in late_s:
        pace.was_late(each)
    return pace


def test_a_loop_on_time_needs_no_pause() -> None:
    assert paced(*[ON_TIME_S / 2] * 100).pause_s == 0


def test_one_late_moment_is_nothing_yet() -> None:
    assert paced(LATE_S * 2).pause_s == 0


def test_the_pause_grows_while_the_loop_is_late_up_to_a_limit() -> None:
    pauses = [paced(*[10 * LATE_S] * count).pause_s for count in (2, 5, 10, 100)]

    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < pauses[1] < pauses[2] < pauses[3] == LONGEST_S


def test_it_ends_once_the_loop_is_on_time_again() -> None:
    assert paced(*[1.0] * 50, *[0.0] * 100).pause_s == 0


def test_between_late_and_on_time_the_pause_stays() -> None:
    pace = paced(*[10 * LATE_S] * 10)
    for _ in range(100):
        pace.was_late((LATE_S + ON_TIME_S) / 2)
    settled = pace.pause_s
    pace.was_late((LATE_S + ON_TIME_S) / 2)

    assert pace.pause_s == settled > 0
