import string

from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain import dice

words = st.lists(st.integers() | st.text(), max_size=4)


def test_draws_are_the_same_in_every_process_and_release() -> None:
    assert dice.hex_digits(1, "task", 1, "id", digits=24) == "ef2e3849a24a382282b1f495"
    assert dice.hex_digits(1, "answer", 1, "id", digits=24) == "f64f2c119d3eecd91caeb856"
    assert dice.between(1, "task", 1, "duration", low=5_000, high=20_000) == 10293
    assert dice.between(2**63 - 1, "task", 7, "queue", low=500, high=5_000) == 3765


@given(seed=st.integers(0, 2**63 - 1), words=words, digits=st.integers(1, 128))
def test_hex_digits_are_as_many_as_asked_for(
    seed: int, words: list[int | str], digits: int
) -> None:
    drawn = dice.hex_digits(seed, *words, digits=digits)

    assert len(drawn) == digits
    assert set(drawn) <= set(string.hexdigits.lower())


@given(seed=st.integers(0, 2**63 - 1), low=st.integers(-99, 99), span=st.integers(0, 10**6))
def test_a_draw_lies_between_its_bounds(seed: int, low: int, span: int) -> None:
    assert low <= dice.between(seed, "x", low=low, high=low + span) <= low + span


def test_both_bounds_are_drawn() -> None:
    assert {dice.between(seed, "coin", low=0, high=1) for seed in range(50)} == {0, 1}


def test_another_seed_or_another_word_is_another_draw() -> None:
    draws = {
        dice.hex_digits(seed, "task", number, word, digits=24)
        for seed in range(10)
        for number in range(10)
        for word in ("id", "duration")
    }

    assert len(draws) == 200
