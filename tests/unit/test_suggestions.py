"""One wording for every unknown name: the nearest one that exists, or all of them."""

import pytest

from mock_server.domain.suggestions import unknown, unlisted

KNOWN = ("envelope", "refusal.status", "task.words")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("envelop", "unknown reading 'envelop'; did you mean 'envelope'?"),
        ("zzz", "unknown reading 'zzz'; valid: envelope, refusal.status, task.words"),
        ("", "unknown reading ''; valid: envelope, refusal.status, task.words"),
        (5, "unknown reading '5'; valid: envelope, refusal.status, task.words"),
        ("\n", "unknown reading '\\n'; valid: envelope, refusal.status, task.words"),
    ],
)
def test_unknown_names_the_nearest_or_all(name: object, message: str) -> None:
    assert unknown("reading", name, KNOWN) == message


def test_unknown_quotes_no_more_than_the_start_of_a_name() -> None:
    assert unknown("reading", "x" * 5000, KNOWN).startswith(f"unknown reading '{'x' * 64}'; valid:")


def test_unknown_compares_another_spelling_if_there_is_one() -> None:
    said = unknown("operation", "taskWords", KNOWN, "task.words")
    assert said == "unknown operation 'taskWords'; did you mean 'task.words'?"


def test_codes_and_numbers_are_listed_and_never_guessed() -> None:
    assert unlisted("offer", 51, [1, 50]) == "unknown offer '51'; valid: 1, 50"


def test_a_guess_at_a_code_stands_before_the_list() -> None:
    said = unlisted("error code", "D504T0", ["D503CB", "D504TO"], "D504TO")
    assert said == "unknown error code 'D504T0'; did you mean 'D504TO'? valid: D503CB, D504TO"
