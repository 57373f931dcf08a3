import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract import load_toml
from mock_server.domain.readings import (
    ALLOWED,
    DEFAULT_READINGS,
    ReadingError,
    as_mapping,
    with_readings,
)

TABLE = {row["id"]: row for row in load_toml("readings.toml")["reading"]}
words = st.fixed_dictionaries({}, optional={key: st.sampled_from(ALLOWED[key]) for key in ALLOWED})


def test_the_table_of_the_contract_and_the_value_know_the_same_readings() -> None:
    assert set(TABLE) == set(ALLOWED)


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_a_row_of_the_table_has_the_default_and_the_words_of_the_value(
    row: dict[str, str],
) -> None:
    assert as_mapping(DEFAULT_READINGS)[row["id"]] == row["default"]
    assert ALLOWED[row["id"]] == (row["default"], *row["alternatives"])


@given(changes=words, more=words)
def test_a_change_sets_what_it_names_and_leaves_the_rest(
    changes: dict[str, str], more: dict[str, str]
) -> None:
    readings = with_readings(with_readings(DEFAULT_READINGS, changes), more)

    assert as_mapping(readings) == {**as_mapping(DEFAULT_READINGS), **changes, **more}
    assert as_mapping(DEFAULT_READINGS)["refusal.status"] == "450"


def test_an_unknown_reading_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ReadingError, match=r"did you mean 'refusal\.status'"):
        with_readings(DEFAULT_READINGS, {"refusal.statu": "450"})


def test_a_reading_like_no_other_is_refused_with_the_list() -> None:
    with pytest.raises(ReadingError, match=r"valid: .*appcode\.unknown, .*text\.too_long"):
        with_readings(DEFAULT_READINGS, {"zzz": "450"})


def test_an_unknown_word_is_refused_with_the_words_there_are() -> None:
    with pytest.raises(ReadingError, match=r"refusal\.status takes '450' or '200', not '500'"):
        with_readings(DEFAULT_READINGS, {"refusal.status": "500"})


def test_the_value_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT_READINGS.refusal_status = "200"  # type: ignore[misc]
