"""Durations as people write them, converted to ms: `30s`, `7d`, `1h30m`, `PT5M`, `P2DT12H`."""

import re

from mock_server.domain.usage_errors import UsageError

UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DAY_MS = UNIT_MS["d"]

_SHORT = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+", re.ASCII)
_SHORT_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_ISO = re.compile(
    r"P(?=.)(?:(?P<w>\d+(?:\.\d+)?)W)?(?:(?P<d>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(?P<h>\d+(?:\.\d+)?)H)?(?:(?P<m>\d+(?:\.\d+)?)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)

MAX_LENGTH = 64


class BadDurationError(UsageError):
    """A text that is not a duration; the message lists the valid forms."""


def parse_duration(text: str) -> int:
    """Return the milliseconds of `text`; never negative.

    Raises BadDurationError for anything but `30s`, `1h30m`, `7d`, `500ms` or ISO 8601 (`PT5M`).
    """
    word = text.strip()
    if len(word) <= MAX_LENGTH:
        if _SHORT.fullmatch(word):
            parts = _SHORT_PART.findall(word)
            return _total([(amount, unit) for amount, unit in parts])
        if match := _ISO.fullmatch(word.upper()):
            return _total([(amount, unit) for unit, amount in match.groupdict().items() if amount])
    shown = word if len(word) <= MAX_LENGTH else word[:MAX_LENGTH] + "..."
    raise BadDurationError(
        f"{shown!r} is not a duration: write a number with a unit, such as 30s, 5m, 1h30m, 7d, "
        "500ms, or ISO 8601 such as PT5M"
    )


def _total(parts: list[tuple[str, str]]) -> int:
    return sum(round(float(amount) * UNIT_MS[unit]) for amount, unit in parts)


def show_duration(ms: int) -> str:
    """Return the shortest exact text for a duration, such as `2d 3h` or `5.25s`."""
    if ms < UNIT_MS["m"]:
        return f"{ms / 1000:g}s"
    shown = []
    for unit in ("d", "h", "m", "s"):
        amount, ms = divmod(ms, UNIT_MS[unit])
        if amount:
            shown.append(f"{amount}{unit}")
    return " ".join(shown[:2])
