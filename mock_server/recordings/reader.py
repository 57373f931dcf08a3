"""Reads recorded traffic: a HAR file, or the journal as `GET …/calls` returns it, by line or by
page.

Rule 1: the address of a call decides whether it goes to the API; nothing else of other calls is
read.
Rule 2: a call to the API that cannot be read is kept with the reason, and the other calls are read.
Rule 3: only the odd member of a call is left out, and the report says so; the call is judged.
Rule 4: parts that a recording left out (a body, a time, an answer) cause no finding.
"""

import base64
import binascii
import codecs
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mock_server.domain.call.calls import OWN_PATHS, Answer, Call, Defect, Operation
from mock_server.domain.call.redaction import MAX_CAPTURE_BYTES
from mock_server.domain.call.wire_script import status_seen
from mock_server.domain.findings import known_at
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings import har
from mock_server.recordings.curl import request_of_any_size
from mock_server.recordings.hosts import Whose, whose, whose_in_journal
from mock_server.recordings.odd_members import OddMembers

MOST_BYTES = 256 * 1024 * 1024
# The gateway's errors for requests that a server cannot read.
DEFECTS = frozenset({"I400HD", "I400RU", "I413RL", "I413UL"})
GZIP = b"\x1f\x8b"
MOST_MS = 24 * 60 * 60 * 1000  # no call takes longer: such a time is a mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A recorded call to the API and its answer. `number` is its entry or line.

    `at` None: no time was recorded. Of a journal, `clock_at` is the account's clock, `jumped_ms`
    how far it had jumped in all, and `known_at` when the client knew what became of the call.
    `is_whole`: the request's body is complete. `answer_read`: the answer was recorded. `took_ms`:
    real time until the client knew what became of it; None: not recorded. `odd`: what was left out.

    Of a journal, `decided` is the answer before the wire damaged it, and `sent` what went out of it
    (domain/call/wire_script.py); None: all of it, or no journal.
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
    took_ms: int | None = None
    decided: Answer | None = None
    sent: Mapping[str, Any] | None = None
    odd: OddMembers = field(default_factory=OddMembers)


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


def at_own_paths(recording: Recording, paths: Mapping[Operation, str]) -> Recording:
    """Return a recording of a service whose operations have these paths, with our own instead."""
    own = {path: OWN_PATHS[operation] for operation, path in paths.items()}
    exchanges = [
        replace(each, call=replace(each.call, path=own.get(each.call.path, each.call.path)))
        for each in recording.exchanges
    ]
    return replace(recording, exchanges=exchanges)


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
    recorded = har.recorded_call(found)
    odd = recorded.odd
    told = odd.object_of(entry.get("response"), "response")
    status = odd.integer_of(told.get("status"), "status")
    body, is_read = har.answered(told.get("content"), odd)
    started = odd.text_of(entry.get("startedDateTime"), "startedDateTime")
    return Exchange(
        number=number,
        call=recorded.call,
        answer=Answer(
            status=status or 0, headers=tuple(odd.answer_headers(told.get("headers"))), body=body
        ),
        at=_instant(started),
        is_whole=recorded.is_whole,
        # With status 0 there was none: the client gave up, or the connection broke.
        answer_read=status == 0 or (status is not None and is_read),
        took_ms=_duration(entry.get("time")),
        odd=odd,
    )


def _duration(value: Any) -> int | None:
    """Return the ms of an entry's `time`; recorders write -1 or null for an unknown one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value) if is_number and 0 <= value < MOST_MS else None


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
    asked, odd = value["request"], OddMembers()
    if not isinstance(asked, dict):
        raise TypeError
    told = odd.object_of(value.get("answer"), "answer")
    path, _, query = target.partition("?")
    body, is_whole = _bytes(asked, "request", odd)
    answer, is_read = _bytes(told, "answer", odd)
    status = odd.integer_of(value.get("status"), "status")
    met = _status_seen(status, value.get("sent"), odd)
    headers, defect = odd.request_headers(asked.get("headers")), _defect(value, status)
    call = (
        request_of_any_size(str(value["method"]), ("http", "", path, query), headers, body)
        if defect is None
        else Call(method=str(value["method"]), path=path, query=query, defect=defect)
    )
    answer_headers = tuple(odd.answer_headers(told.get("headers")))
    sent = value.get("sent") if isinstance(value.get("sent"), dict) else None
    clock_at = _positive(odd.integer_of(value.get("at"), "at"))
    real_at = _positive(odd.integer_of(value.get("real_at"), "real_at"))
    held_ms = odd.integer_of(value.get("held_ms"), "held_ms") or 0
    is_typed = "content-type" in call.named or not odd.misses("content-type")
    known = _known_at(value, real_at, held_ms, odd)
    decided = Answer(status=status or 0, headers=answer_headers, body=answer)
    return Exchange(
        number=number,
        call=call,
        answer=decided if met == status else Answer(status=met, headers=()),
        at=clock_at if real_at is None else real_at - held_ms,
        clock_at=clock_at,
        jumped_ms=_jumped_ms(value, clock_at, real_at, odd),
        known_at=known,
        is_whole=is_whole and (is_typed or not body),
        answer_read=status is not None and (met == 0 or is_read),
        took_ms=None if known is None or real_at is None else known - real_at + held_ms,
        decided=decided,
        sent=sent,
        odd=odd,
    )


def _positive(at: int | None) -> int | None:
    return at if at is not None and at > 0 else None


def _jumped_ms(
    value: dict[str, Any], clock_at: int | None, real_at: int | None, odd: OddMembers
) -> int:
    """Return how far the account's clock had jumped, in ms. Before journals had that: how far it
    was ahead of the real one."""
    ahead = 0 if clock_at is None or real_at is None else clock_at - real_at
    jumped = odd.integer_of(value.get("jumped_ms"), "jumped_ms")
    return ahead if jumped is None else jumped


def _known_at(
    value: dict[str, Any], real_at: int | None, held_ms: int, odd: OddMembers
) -> int | None:
    if real_at is None:
        return None
    try:
        return known_at(real_at, held_ms, value.get("sent"))
    except (TypeError, ValueError, AttributeError, OverflowError):
        odd.note("`sent` does not say when it was sent")
        return real_at


def _status_seen(status: int | None, sent: Any, odd: OddMembers) -> int:
    try:
        return status_seen(status, sent)
    except (KeyError, TypeError, AttributeError):
        odd.note("`sent` does not say what was sent")
        return status or 0


def _defect(value: dict[str, Any], status: int | None) -> Defect | None:
    """Return what kept a server from reading a whole call: it is no operation then."""
    code = str(value.get("error_code") or ("I413RL" if status == 413 else ""))
    is_refused = code in DEFECTS or not value["method"]
    return Defect(code=code, reason="") if is_refused and value.get("operation") is None else None


def _bytes(message: dict[str, Any], name: str, odd: OddMembers) -> tuple[bytes, bool]:
    """Return the body of a message, and whether it is all there."""
    text = odd.text_of(message.get("body"), f"body of the {name}")
    if text is None:
        return b"", False
    body = text.encode("utf-8", "surrogatepass")
    if message.get("encoding") == "base64":
        try:
            body = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            odd.note(f"the body of the {name} is marked as base64, but it is not base64")
            return b"", False
    length = odd.integer_of(message.get("length"), f"length of the {name}")
    # Without a length, a body as long as the journal keeps them may have been cut.
    return body, len(body) == length if length is not None else len(body) < MAX_CAPTURE_BYTES
