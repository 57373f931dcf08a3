"""Amounts of money as people write them."""

import math
from decimal import Decimal

import pytest

from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import parse_yuan, yuan


@pytest.mark.parametrize(
    ("amount", "fen"),
    [
        ("0", 0), ("3", 300), ("0.5", 50), ("9.30", 930), ("007", 700),
        ("999999999999.99", 99_999_999_999_999), (0, 0), (3, 300), (0.28, 28), (3 * 0.28, 84),
        (0.1 + 0.2, 30), (Decimal("0.84"), 84), (Decimal(28) / 100, 28),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_whole_fen(amount: str | float | Decimal, fen: int) -> None:
    assert parse_yuan(amount) == fen
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize(
    "amount",
    [
        "", " ", "much", ".", "9.", ".5", "-1", "+1", "1.005", "1e3", "1,5", "nan", "inf", "١",
        "9.3\n", "1" * 13, -1, 0.005, 1.005, math.nan, math.inf, 10**12, 10**400, Decimal("0.001"),
        Decimal("NaN"), Decimal("Infinity"), Decimal("-0.01"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount: str | float | Decimal) -> None:
    with pytest.raises(UsageError, match=r"is not an amount of yuan: write one such as 9\.30"):
        parse_yuan(amount)
