import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.durations import (
    UNIT_MS,
    BadDurationError,
    parse_duration,
    show_duration,
)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0s", 0),
        ("500ms", 500),
        ("30s", 30_000),
        ("1.5s", 1_500),
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("7d", 604_800_000),
        ("2w", 1_209_600_000),
        ("1d2h3m4s5ms", 93_784_005),
        (" 30s ", 30_000),
        ("PT5M", 300_000),
        ("P2DT12H", 216_000_000),
        ("P1W", 604_800_000),
        ("PT0.5S", 500),
        ("pt5m", 300_000),
    ],
)
def test_people_write_durations_in_these_forms(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize(
    "text",
    ["", " ", "5", "s", "-5s", "+5s", "1e3s", "5 s", "5M", "5y", "P", "PT", "P1DT", "PT5", "P5M",
     "1.s", ".5s", "5s!", "٣s", "３０s", "1h 5", "nans"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(BadDurationError, match="such as 30s, 5m, 1h30m, 7d, 500ms, or ISO 8601"):
        parse_duration(text)


def test_a_very_long_text_is_refused_and_shown_cut() -> None:
    with pytest.raises(BadDurationError) as refused:
        parse_duration("1s" * 1_000)

    assert len(str(refused.value)) < 250


@given(st.text())
def test_any_text_is_a_duration_that_is_not_negative_or_refused(text: str) -> None:
    with contextlib.suppress(BadDurationError):
        assert parse_duration(text) >= 0


@given(
    amounts=st.dictionaries(st.sampled_from(["d", "h", "m", "s"]), st.integers(0, 999), min_size=1)
)
def test_the_parts_of_a_duration_add_up(amounts: dict[str, int]) -> None:
    text = "".join(f"{amount}{unit}" for unit, amount in amounts.items())

    assert parse_duration(text) == sum(n * UNIT_MS[unit] for unit, n in amounts.items())


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "0s"),
        (5_250, "5.25s"),
        (59_999, "59.999s"),
        (60_000, "1m"),
        (183_000_000, "2d 2h"),
        (90_061_000, "1d 1h"),
    ],
)
def test_a_duration_is_shown_with_its_two_largest_units(ms: int, shown: str) -> None:
    assert show_duration(ms) == shown
