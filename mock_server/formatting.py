"""How money and instants are written for a person, and how an amount of money is read."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from mock_server.domain.usage_errors import UsageError

YUAN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
FLOAT_ERROR = Decimal("1e-9")  # of a sum of floats such as 3 * 0.28
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def instant(at: int | None) -> str:
    """Return an instant as a person in the vendor's time zone reads it."""
    if at is None:
        return "never"
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(SHANGHAI)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def yuan(fen: int) -> str:
    """Return an amount of money, such as `0.28`."""
    return f"{fen // 100}.{fen % 100:02d}"


def parse_yuan(amount: str | float | Decimal) -> int:
    """Return an amount of yuan, such as `9.30`, in whole fen. Raises UsageError.

    An amount is 0 or more, has at most 12 digits before the point and no fraction of a fen.
    """
    text = amount if isinstance(amount, str) else _written(amount)
    if not YUAN.fullmatch(text):
        raise UsageError(f"{str(amount)[:40]!r} is not an amount of yuan: write one such as 9.30")
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(2, "0"))


def _written(amount: float | Decimal) -> str:
    """Return a number as an amount is written; an empty text if it is none."""
    try:
        exact = Decimal(str(amount))
        rounded = round(exact, 2)
        return f"{rounded:f}" if abs(exact - rounded) < FLOAT_ERROR else ""
    except ArithmeticError:  # not a number, infinite, or far too large
        return ""
