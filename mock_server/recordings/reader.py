"""Recorded traffic: a HAR file, or the journal as `GET …/calls` shows it, a call a line or a page.

Rule 1: whose a call is tells its address, and of calls to others nothing else is looked at.
Rule 2: a call to the API that cannot be read is kept with the reason, and the others are read.
Rule 3: what a recording left out (a body, a time, an answer) is not held against the client.
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
from mock_server.domain.findings import known_at
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings import har
from mock_server.recordings.curl import request_of_any_size
from mock_server.recordings.hosts import Whose, whose, whose_in_journal

MOST_BYTES = 256 * 1024 * 1024
# How the doors refuse what they cannot read.
DEFECTS = frozenset({"I400HD", "I400RU", "I413RL", "I413UL"})
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One recorded call to the API and its answer. `number` is its entry or line.

    `at` None: nobody wrote it down. Of a journal, `clock_at` is the account's clock, `jumped_ms`
    how far it had jumped in all, and `known_at` when the client knew what became of the call.
    `is_whole`: the body of the request is all there; `answer_read`: so is the answer.
    """

    number: int
    call: Call
    answer: Answer
    at: int | None
    clock_at: int | None = None
    jumped_ms: int = 0
    known_at: int | None = None
    is_whole: bool
    answer_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A call, to the API for all we know, that cannot be read, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file: what one exchange of it is called, the exchanges as they were recorded, what cannot
    be read, and how many calls were to others. `has_more`: it is a page of a longer journal."""

    noun: str
    exchanges: list[Exchange] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    skipped: Counter[Whose] = field(default_factory=Counter)
    has_more: bool = False


Reader = Callable[[int, Any], Exchange | Whose]


def read_recording(raw: bytes, hosts: AbstractSet[str] = frozenset()) -> Recording:
    """Return what a file holds; `hosts` have the API, too. Raises WrongUseError."""
    if len(raw) > MOST_BYTES:
        raise UsageError("it is larger than the 256 MiB that are read: split it")
    text = _text(raw)
    if not text.strip():
        raise UsageError("it is empty: give a HAR file, or calls of the journal, one a line")
    whole = _whole(text)
    if isinstance(whole, dict) and isinstance(whole.get("log"), dict):
        entries = whole["log"].get("entries")
        if not isinstance(entries, list):
            raise UsageError("its `log` has no list of `entries`: that is no HAR file")
        return _gathered("entry", enumerate(entries, 1), lambda n, each: _entry(n, each, hosts))
    if isinstance(whole, dict) and isinstance(whole.get("calls"), list):
        calls, has_more = enumerate(whole["calls"], 1), whole.get("next") is not None
        return _gathered("entry", calls, _journalled, has_more=has_more)
    if isinstance(whole, list):
        return _gathered("entry", enumerate(whole, 1), _journalled)
    if isinstance(whole, dict):  # one call, over several lines perhaps
        return _gathered("line", [(1, whole)], _journalled)
    return _gathered("line", _lines(text), _line)


def _gathered(
    noun: str, values: Iterable[tuple[int, Any]], read: Reader, *, has_more: bool = False
) -> Recording:
    recording = Recording(noun=noun, has_more=has_more)
    for number, value in values:
        try:
            found = read(number, value)
        except UnicodeError:  # half a character, which JSON can write
            recording.unread.append(Unread(number=number, why="it has a text that is no Unicode"))
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
    """Return the one value that the file is; None where each line is one, or none is."""
    try:
        return json.loads(text)
    except RecursionError:
        raise UsageError("it is nested too deeply") from None
    except ValueError as error:
        first = text.lstrip().partition("\n")[0].strip()
        # Lines of JSON, or a whole that is broken somewhere: the first line tells, or any call.
        if _is_json(first) or _has_calls(text):
            return None
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "somewhere"
        raise UsageError(
            f"{place} is no JSON: {error}. Give a HAR file, or calls of the journal, one a line"
        ) from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _has_calls(text: str) -> bool:
    """Whether a line is a call of the journal by itself, whatever the others are."""
    return any(
        '"path"' in line and '"request"' in line and _is_utf8(line) and _is_json(line)
        for line in map(str.strip, text.split("\n"))
        if line[:1] == "{"
    )


def _is_utf8(line: str) -> bool:
    """Whether no byte of a line had to be smuggled in."""
    return line.isascii() or not any("\udc80" <= each <= "\udcff" for each in line)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _line(number: int, line: str) -> Exchange | Whose:
    if not _is_utf8(line):
        raise UsageError("it is not UTF-8 text")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is no JSON: {error}") from None
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
    told = response if isinstance(response, dict) else {}
    status = told.get("status")
    status = None if isinstance(status, bool) or not isinstance(status, int) else status
    body, is_read = har.answered(told.get("content"))
    return Exchange(
        number=number,
        call=call,
        answer=Answer(
            status=status or 0,
            headers=tuple(har.headers_of(told.get("headers"))),
            body=body,
        ),
        at=_instant(entry.get("startedDateTime")),
        is_whole=is_whole,
        # With status 0 there was none: the client gave up, or the connection broke.
        answer_read=status == 0 or (status is not None and is_read),
    )


def _instant(text: Any) -> int | None:
    try:
        at = int(datetime.fromisoformat(text).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return at if at > 0 else None  # the year 1 is how some say that they do not know


def _journalled(number: int, value: Any) -> Exchange | Whose:
    try:
        target = str(value["path"])
        made_to = whose_in_journal(target)
        return _call(number, value, target) if made_to is Whose.API else made_to
    except UsageError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise UsageError(
            "it is no call of the journal: give lines as in `calls` of GET …/calls"
        ) from None


def _call(number: int, value: dict[str, Any], target: str) -> Exchange:
    asked, told = value["request"], value["answer"]
    path, _, query = target.partition("?")
    body, length = _bytes(asked), int(asked["length"])
    status, answer = int(value["status"]), _bytes(told)
    met = status_seen(status, value.get("sent"))
    real_at, held_ms = int(value.get("real_at", value["at"])), int(value.get("held_ms", 0))
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
            status=met,
            headers=tuple(har.pairs_of(told["headers"])) if met == status else (),
            body=answer if met == status else b"",
        ),
        at=real_at - held_ms,
        clock_at=int(value["at"]),
        # Before journals had it: whatever the account's clock was ahead.
        jumped_ms=int(value.get("jumped_ms", int(value["at"]) - real_at)),
        known_at=known_at(real_at, held_ms, value.get("sent")),
        is_whole=len(body) == length,
        answer_read=met == 0 or len(answer) == int(told["length"]),
    )


def _defect(value: dict[str, Any]) -> Defect | None:
    """Return what kept a door from reading a whole call: it is no operation then."""
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
