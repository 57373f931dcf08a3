"""Reads recorded traffic: a HAR file, or the journal as `GET …/calls` returns it, by line or by
page.

Rule 1: the address of a call decides whether it goes to the API; nothing else of other calls is
read.
Rule 2: a call to the API that cannot be read is kept with the reason, and the other calls are read.
Rule 3: parts that a recording left out (a body, a time, an answer) cause no finding.
"""

import base64
import binascii
import codecs
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mock_server.domain.call.calls import Answer, Call, Defect
from mock_server.domain.call.wire_script import status_seen
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings import har
from mock_server.recordings.curl import request_of_any_size
from mock_server.recordings.hosts import Whose, whose, whose_in_journal

MOST_BYTES = 256 * 1024 * 1024
# The gateway's errors for requests that a server cannot read.
DEFECTS = frozenset({"I400HD", "I400RU", "I413RL", "I413UL"})
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A recorded call to the API and its answer. `number` is its entry or line.

    `at` None: no time was recorded. `clock_at`: the account's clock, in a journal only. `is_whole`:
    the request's body is complete. `answer_read`: the answer was recorded.
    """

    number: int
    call: Call
    answer: Answer
    at: int | None
    clock_at: int | None = None
    is_whole: bool
    answer_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A call that cannot be read, probably to the API, and the reason."""

    number: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The content of a file: the word for one exchange, the exchanges, the unreadable calls,
    and the number of calls to others. `has_more`: it is one page of a longer journal.
    """

    noun: str
    exchanges: list[Exchange] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    skipped: Counter[Whose] = field(default_factory=Counter)
    has_more: bool = False


Reader = Callable[[int, Any], Exchange | Whose]


def read_recording(raw: bytes, hosts: AbstractSet[str] = frozenset()) -> Recording:
    """Return the content of a file; `hosts` also serve the API. Raises UsageError."""
    if len(raw) > MOST_BYTES:
        raise UsageError("it is larger than 256 MiB, the limit: split it")
    text = _text(raw)
    if not text.strip():
        raise UsageError("it is empty: give a HAR file, or calls of the journal, one per line")
    whole = _whole(text)
    if isinstance(whole, dict) and isinstance(whole.get("log"), dict):
        entries = whole["log"].get("entries")
        if not isinstance(entries, list):
            raise UsageError("its `log` has no list of `entries`, so it is not a HAR file")
        return _gathered("entry", enumerate(entries, 1), lambda n, each: _entry(n, each, hosts))
    if isinstance(whole, dict) and isinstance(whole.get("calls"), list):
        calls, has_more = enumerate(whole["calls"], 1), whole.get("next") is not None
        return _gathered("entry", calls, _journalled, has_more=has_more)
    if isinstance(whole, list):
        return _gathered("entry", enumerate(whole, 1), _journalled)
    if isinstance(whole, dict):  # one call, possibly on several lines
        return _gathered("line", [(1, whole)], _journalled)
    return _gathered("line", _lines(text), _line)


def _gathered(
    noun: str, values: Iterable[tuple[int, Any]], read: Reader, *, has_more: bool = False
) -> Recording:
    recording = Recording(noun=noun, has_more=has_more)
    for number, value in values:
        try:
            found = read(number, value)
        except UnicodeError:  # a lone surrogate, which JSON can contain
            recording.unread.append(Unread(number=number, why="it has a text that is not Unicode"))
        except UsageError as error:
            recording.unread.append(Unread(number=number, why=str(error)))
        else:
            if isinstance(found, Whose):
                recording.skipped[found] += 1
            else:
                recording.exchanges.append(found)
    return recording


def _text(raw: bytes) -> str:
    if raw.startswith(GZIP):
        raise UsageError("it is compressed: unpack it first, as in `gunzip -c … | … lint -`")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as PowerShell writes it
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            raise UsageError("it begins as UTF-16 and is broken: save it as UTF-8") from None
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
        if _has_calls(text):
            return text
        line = raw[: error.start].count(b"\n") + 1
        raise UsageError(f"line {line} is not UTF-8 text: save the file as UTF-8") from None
    if "\0" in text[:4]:
        raise UsageError("it is not UTF-8 text: save the file as UTF-8")
    return text


def _whole(text: str) -> Any:
    """Return the file's single JSON value; None if each line has one, or if there is none."""
    try:
        return json.loads(text)
    except RecursionError:
        raise UsageError("it is nested too deeply") from None
    except ValueError as error:
        first = text.lstrip().partition("\n")[0].strip()
        # Lines of JSON, or one broken value: the first line decides, or any line with a call.
        if _is_json(first) or _has_calls(text):
            return None
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "somewhere"
        raise UsageError(
            f"{place} is not JSON: {error}. Give a HAR file, or calls of the journal, one a line"
        ) from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _has_calls(text: str) -> bool:
    """Whether a line alone is a call of the journal."""
    return any(
        '"path"' in line and '"request"' in line and _is_utf8(line) and _is_json(line)
        for line in map(str.strip, text.split("\n"))
        if line[:1] == "{"
    )


def _is_utf8(line: str) -> bool:
    """Whether the line was valid UTF-8, without surrogate escapes."""
    return line.isascii() or not any("\udc80" <= each <= "\udcff" for each in line)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _line(number: int, line: str) -> Exchange | Whose:
    if not _is_utf8(line):
        raise UsageError("it is not UTF-8 text")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is not JSON: {error}") from None
    return _journalled(number, value)


def _entry(number: int, entry: Any, hosts: AbstractSet[str]) -> Exchange | Whose:
    found = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(found, dict):
        raise UsageError("it has no `request`")
    url = found.get("url")
    if not isinstance(url, str):
        raise UsageError("its `request` has no `url`")
    made_to = whose(str(found.get("method")), url, hosts)
    return _exchange(number, entry, found) if made_to is Whose.API else made_to


def _exchange(number: int, entry: dict[str, Any], found: dict[str, Any]) -> Exchange:
    call, is_whole = har.recorded_call(found)
    response = entry.get("response")
    answered = response if isinstance(response, dict) else {}
    status = answered.get("status")
    status = None if isinstance(status, bool) or not isinstance(status, int) else status
    body, is_read = har.answered(answered.get("content"))
    return Exchange(
        number=number,
        call=call,
        answer=Answer(
            status=status or 0,
            headers=tuple(har.headers_of(answered.get("headers"))),
            body=body,
        ),
        at=_instant(entry.get("startedDateTime")),
        is_whole=is_whole,
        # Status 0 means no answer: the client gave up, or the connection broke.
        answer_read=status == 0 or (status is not None and is_read),
    )


def _instant(text: Any) -> int | None:
    try:
        at = int(datetime.fromisoformat(text).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return at if at > 0 else None  # some recorders write the year 1 for an unknown time


def _journalled(number: int, value: Any) -> Exchange | Whose:
    try:
        target = str(value["path"])
        made_to = whose_in_journal(target)
        return _call(number, value, target) if made_to is Whose.API else made_to
    except UsageError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise UsageError(
            "it is not a call of the journal: give lines as in `calls` of GET …/calls"
        ) from None


def _call(number: int, value: dict[str, Any], target: str) -> Exchange:
    asked, answered = value["request"], value["answer"]
    path, _, query = target.partition("?")
    body, length = _bytes(asked), int(asked["length"])
    status, answer = int(value["status"]), _bytes(answered)
    seen = status_seen(status, value.get("sent"))
    headers, defect = har.pairs_of(asked["headers"]), _defect(value)
    call = (
        request_of_any_size(str(value["method"]), ("http", "", path, query), headers, body)
        if defect is None
        else Call(method=str(value["method"]), path=path, query=query, defect=defect)
    )
    return Exchange(
        number=number,
        call=call,
        answer=Answer(
            status=seen,
            headers=tuple(har.pairs_of(answered["headers"])) if seen == status else (),
            body=answer if seen == status else b"",
        ),
        at=int(value.get("real_at", value["at"])),
        clock_at=int(value["at"]),
        is_whole=len(body) == length,
        answer_read=seen == 0 or len(answer) == int(answered["length"]),
    )


def _defect(value: dict[str, Any]) -> Defect | None:
    """Return why a server could not read the whole call; such a call is not an operation."""
    code = value.get("error_code") or ("I413RL" if value["status"] == 413 else "")
    is_refused = code in DEFECTS or not value["method"]
    return Defect(code=code, reason="") if is_refused and value.get("operation") is None else None


def _bytes(message: dict[str, Any]) -> bytes:
    text = str(message["body"])
    if message.get("encoding") != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
