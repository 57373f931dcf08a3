"""How money, instants, counts and texts of others are written, and how money is read.

Rule: what a client, a receiver or a server sent goes through one function for each place it can
stand in: `printable` or `printable_lines` for a terminal and XML, `json_text` for JSON, `csv_cell`
for CSV, `shell_word` for a command that a person copies. HTML is escaped by its template.
"""

import json
import re
import shlex
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from mock_server.domain.usage_errors import UsageError

YUAN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
FLOAT_ERROR = Decimal("1e-9")  # of a sum of floats such as 3 * 0.28
# How a spreadsheet's formula begins, perhaps behind spaces; other widths of the signs count too.
FORMULA = re.compile("\\s*[=+@\uff1d\uff0b\uff0d\uff20-]|[\t\r\n]")
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


def cut(text: str, most: int) -> str:
    """Return at most so many characters of a text; a `…` stands for the others."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def printable(text: str, most: int | None = None) -> str:
    """Return a text of a client as a terminal can show it, on one line.

    Control, formatting and unpaired surrogate characters become escapes such as `\\x1b`; after
    `most` characters the text is cut, which a `…` marks.
    """
    shown = text if most is None else cut(text, most)
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in shown)


def printable_lines(text: str) -> str:
    """Return a text as `printable` does, with its line breaks."""
    return "\n".join(map(printable, re.split("\r?\n", text)))


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON that a terminal can show: what does not print is written `\\u001b`."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    )


def csv_cell(value: Any) -> Any:
    """Return a value of a CSV file that no spreadsheet takes for a formula.

    A text that begins like one gets an apostrophe in front, which marks text.
    """
    if not isinstance(value, str):
        return value
    return f"'{printable(value)}" if FORMULA.match(value) else printable(value)


def shell_word(value: str | bytes) -> str:
    """Return a word for bash and zsh that holds exactly these bytes, in characters that print.

    A word without control characters is one for every shell. Raises UsageError for a NUL, which no
    word can hold.
    """
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        raise UsageError("a word of a shell cannot hold the character NUL: take it out")
    text = raw.decode("utf-8", "surrogateescape")
    if all(each.isprintable() or each == "\n" for each in text):
        return shlex.quote(text)
    return "$'" + "".join(map(_in_dollar_quotes, text)) + "'"


def _in_dollar_quotes(char: str) -> str:
    if char in "'\\":
        return f"\\{char}"
    if char.isprintable():
        return char
    # Three octal digits: of \x, shells also take the letters behind it.
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as `1 call` or `2 calls`."""
    return f"{count} {noun if count == 1 else plural(noun)}"


def severity_count(severity: str, count: int) -> str:
    """Return a number of findings of a severity, such as `2 errors`; advice has no plural."""
    return f"{count} {severity}" if severity == "advice" else counted(count, severity)


def plural(noun: str) -> str:
    """Return the plural of a noun."""
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeou" else f"{noun}s"
