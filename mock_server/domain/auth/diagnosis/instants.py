"""Mistakes about time: a Date that did not come, an instant that was read twice."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

from mock_server.domain.auth.diagnosis.candidate import SigningContext
from mock_server.domain.auth.diagnosis.lines import Variants

# Between the Date that was signed and X-Ca-Timestamp, or the Date that was sent, in seconds.
MOST_SECONDS = 5
# Between two readings of the client's clock, in milliseconds.
MOST_MS = 60
# Nothing is computed at the ends of the calendar.
LEAST_YEAR, MOST_YEAR = 1, 9999
CHINA = timezone(timedelta(hours=8))


def date_not_sent(scene: SigningContext) -> Variants:
    """A Date signed, and then dropped (browsers allow none) or replaced by another."""
    for at in _instants(scene):
        for text in _dates(at):
            if text != scene.draft.date:
                yield {"date": text}, f"`{text}`"


def _instants(scene: SigningContext) -> Iterator[datetime]:
    """Yield the instants at which the client may have made its Date, the likelier first."""
    bases = []
    stamp = scene.sent("x-ca-timestamp") or ""
    if re.fullmatch(r"[0-9]{10,14}", stamp):
        ms = int(stamp) * (1000 if len(stamp) <= 10 else 1)
        bases.append(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms))
    if (sent := _parsed(scene.draft.date)) is not None:
        bases.append(sent)
    for away in range(MOST_SECONDS + 1):
        for base in bases:
            for seconds in dict.fromkeys((-away, away)):
                if LEAST_YEAR < base.year < MOST_YEAR:
                    yield base + timedelta(seconds=seconds)


def _parsed(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _dates(at: datetime) -> Iterator[str]:
    http = format_datetime(at, usegmt=True)
    yield http
    plain = at.replace(microsecond=0, tzinfo=None).isoformat()
    yield f"{plain}Z"
    yield f"{plain}.{at.microsecond // 1000:03}Z"
    yield http.replace("GMT", "UTC")
    yield http.replace("GMT", "+0000")
    there = at.astimezone(CHINA)
    yield there.strftime("%Y-%m-%d %H:%M:%S")
    yield format_datetime(there)
    local = format_datetime(there)
    base = f"{local[:3]} {local[8:11]} {local[5:7]} {local[12:25]} GMT+0800"
    yield f"{base} (China Standard Time)"
    yield f"{base} (中国标准时间)"
    yield f"{base} (CST)"


def timestamp_twice(scene: SigningContext) -> Variants:
    """The clock read once for the string and once for the header."""
    sent = scene.sent("x-ca-timestamp") or ""
    if not re.fullmatch(r"[0-9]{10,14}", sent):
        return
    most = 3 if len(sent) == 10 else MOST_MS
    for away in range(1, most + 1):
        for other in (int(sent) - away, int(sent) + away):
            yield {"timestamp": str(other)}, ""
