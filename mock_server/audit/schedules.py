"""Schedules of polling: when a client asks whether its tasks have ended.

Rule 1: a schedule counts from the instant at which the client knew its task; times are those of the
account's clock.
Rule 2: it gives up after MOST_QUERIES polls, as the rehearsal's bounds demand.
Rule 3: the name of a schedule is written as `parse_schedule` reads it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mock_server.audit.obligations import MOST_QUERIES
from mock_server.domain.durations import BadDurationError, parse_duration
from mock_server.domain.usage_errors import UsageError

LEAST_GAP_MS = 100
MOST_GAP_MS = 24 * 3_600_000
MOST_FACTOR = 10.0
MOST_LENGTH = 100
EXAMPLES = (
    '"every 5s", "first 20s, then 5s", "first 1s, then 1s x2 up to 10s" (each pause twice the '
    'last), or one of these after "list", such as "list every 5s"'
)
_FORM = re.compile(
    r"(?P<list>list\s+)?(?:every\s+(?P<every>\S+)|first\s+(?P<first>[^\s,]+)\s*,?\s*then\s+"
    r"(?:every\s+)?(?P<then>\S+)(?:\s+x\s*(?P<factor>\d{1,3}(?:\.\d{1,3})?)"
    r"(?:\s+up\s+to\s+(?P<most>\S+))?)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The first poll after `first_ms`, then pauses of `gap_ms`, each `factor` times the last, up to
    `most_ms`. `by_list`: each poll reads the task list, for all tasks of a batch at once; otherwise
    it queries one task.
    """

    first_ms: int
    gap_ms: int
    factor: float = 1.0
    most_ms: int | None = None
    by_list: bool = False

    @property
    def name(self) -> str:
        """The schedule in words."""
        way = "list " if self.by_list else ""
        gap = _written(self.gap_ms)
        if self.factor == 1.0 and self.first_ms == self.gap_ms:
            return f"{way}every {gap}"
        grows = "" if self.factor == 1.0 else f" x{self.factor:g}"
        most = "" if self.most_ms is None else f" up to {_written(self.most_ms)}"
        return f"{way}first {_written(self.first_ms)}, then {gap}{grows}{most}"

    def instants(self) -> Iterator[int]:
        """Yield when it polls, in ms, until it gives up."""
        at, gap = self.first_ms, float(self.gap_ms)
        for _ in range(MOST_QUERIES):
            yield at
            at += round(gap)
            gap = min(gap * self.factor, self.most_ms or MOST_GAP_MS)


def parse_schedule(text: str) -> Schedule:
    """Return the schedule that a text describes. Raises UsageError, which shows the forms."""
    shown = " ".join(text.split())[:MOST_LENGTH]
    found = _FORM.fullmatch(" ".join(text.split())) if len(text) <= MOST_LENGTH else None
    if found is None:
        raise UsageError(f"{shown!r} is not a schedule: write {EXAMPLES}")
    gap_ms = _pause(shown, found["every"] or found["then"])
    factor = float(found["factor"] or 1)
    if not 1 <= factor <= MOST_FACTOR:
        raise UsageError(f"{shown!r}: a pause grows by x1 to x{MOST_FACTOR:g}")
    most_ms = _pause(shown, found["most"]) if found["most"] else None
    if most_ms is not None and most_ms < gap_ms:
        raise UsageError(f"{shown!r}: 'up to' is less than the first pause")
    first_ms = gap_ms if found["every"] else _time(shown, found["first"])
    return Schedule(
        first_ms=first_ms, gap_ms=gap_ms, factor=factor, most_ms=most_ms,
        by_list=found["list"] is not None,
    )  # fmt: skip


def _pause(shown: str, word: str) -> int:
    ms = _time(shown, word)
    if ms < LEAST_GAP_MS:
        raise UsageError(f"{shown!r}: a pause lasts {LEAST_GAP_MS} ms at least")
    return ms


def _time(shown: str, word: str) -> int:
    try:
        ms = parse_duration(word)
    except BadDurationError as error:
        raise UsageError(f"{shown!r}: {error}") from None
    if ms > MOST_GAP_MS:
        raise UsageError(f"{shown!r}: a pause lasts 24h at most")
    return ms


def _written(ms: int) -> str:
    """Return a time as one word that `parse_duration` reads."""
    return f"{ms}ms" if ms % 100 else f"{ms / 1000:g}s"
