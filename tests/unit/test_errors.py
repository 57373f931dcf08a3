"""The two error tables: complete and consistent, and how a row of one looks in the other."""

import re

import pytest

from mock_server.contract import load_catalogue
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.errors import ErrorRow, GatewayError, classic_row

TABLES = load_catalogue().errors
ROWS = list(TABLES.rows.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_a_code_has_six_characters_and_says_its_status(row: ErrorRow) -> None:
    assert re.fullmatch(r"[A-Z][1-5]\d\d[A-Z][A-Z0-9]", row.code)
    assert row.status == int(row.code[1:4])
    assert row.message
    assert row.message.count("{") == row.message.count("{reason}") <= 1


def test_no_gateway_error_is_a_success() -> None:
    statuses = {row.status for row in ROWS} | {row.status for row in TABLES.classic.values()}

    assert all(400 <= status < 600 for status in statuses)
    assert 450 not in statuses


@pytest.mark.claim("classic-rows")
def test_each_code_looks_like_at_most_one_message_and_only_codes_that_exist_do() -> None:
    listed = [code for row in TABLES.classic.values() for code in row.codes]

    assert len(listed) == len(set(listed))
    assert set(listed) <= set(TABLES.rows)


@pytest.mark.claim("classic-rows")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_a_code_without_a_message_of_its_own_keeps_its_words(row: ErrorRow) -> None:
    look = classic_row(GatewayError(row.code, rule=AnswerRule.SERVED), TABLES)

    mapped = [each for each in TABLES.classic.values() if row.code in each.codes]
    own = 403 if row.status == 429 else row.status  # older instances answer 403 when they throttle
    expected = (mapped[0].status, mapped[0].message) if mapped else (own, row.message)
    assert look == expected


@pytest.mark.parametrize("message", TABLES.classic)
def test_a_named_message_wins_over_the_code(message: str) -> None:
    error = GatewayError("I400HD", classic=message, rule=AnswerRule.SERVED)

    assert classic_row(error, TABLES) == (TABLES.classic[message].status, message)


def test_an_unknown_code_is_our_mistake_not_the_vendors() -> None:
    with pytest.raises(KeyError):
        classic_row(GatewayError("X999XX", rule=AnswerRule.SERVED), TABLES)
