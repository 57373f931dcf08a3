"""Task ids: their form, and the number that is in them."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.domain.task.task_ids import number_of, task_id

DECIMAL = with_readings(DEFAULT_READINGS, {"task_id.form": "digits-19"})
seeds, numbers = st.integers(0, 2**63 - 1), st.integers(1, 10**10 - 1)


@pytest.mark.claim("task-id-form")
def test_a_task_id_is_twenty_four_hex_digits_of_the_seed_and_the_number() -> None:
    assert task_id(1, 1) == "4ca4a4c534d61728d01e2411"
    assert len({task_id(seed, n) for seed in range(30) for n in range(30)}) == 900


@given(seeds, numbers)
def test_an_id_says_the_number_of_its_task(seed: int, number: int) -> None:
    hexadecimal, decimal = task_id(seed, number), task_id(seed, number, DECIMAL)

    assert re.fullmatch("[0-9a-f]{24}", hexadecimal)
    assert re.fullmatch("[1-9][0-9]{18}", decimal)
    assert number_of(hexadecimal) == number_of(decimal) == number


def test_ids_of_neighbours_look_drawn_by_lot() -> None:
    """No digit of an id counts up, and none is rarer than chance would have it."""
    ids = [task_id(7, number) for number in range(1, 3201)]

    for place in range(24):
        digits = [each[place] for each in ids]
        assert all(120 < digits.count(digit) < 280 for digit in "0123456789abcdef")
        repeated = sum(a == b for a, b in itertools.pairwise(digits))
        assert 120 < repeated < 280


@given(st.text(alphabet=st.sampled_from("0123456789abcdefAF٣g-\0'% "), max_size=30))
def test_any_text_may_be_asked_for(text: str) -> None:
    number = number_of(text)

    assert 0 <= number < 2**40
    assert number == 0 or text.isascii()


@pytest.mark.parametrize("text", ["", "0" * 23, "0" * 25, "A" * 24, "١" * 19, "1" * 18 + "²"])
def test_what_is_no_id_is_the_id_of_no_task(text: str) -> None:
    assert number_of(text) == 0
