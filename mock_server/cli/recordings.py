"""Recorded traffic: a HAR file, or the journal as `GET …/calls` shows it, a call a line or a page.

Rule 1: what cannot be read is said with its entry or line, and nothing of the file is judged.
Rule 2: what a recording left out (a body, a time, a credential) is not held against the client.
"""

import base64
import binascii
import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mock_server.cli import har
from mock_server.cli.curl import request, split_url
from mock_server.domain.calls import Answer, Call
from mock_server.domain.wrong_use import WrongUseError

MOST_BYTES = 256 * 1024 * 1024
# Where a recording has no time: far enough apart to be no hurry.
STEP_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One recorded call and its answer. `number` is its entry or line; `host` None: our journal.
    `is_whole`: the body of the request is all there. `at` None: nobody wrote it down."""

    number: int
    host: str | None
    call: Call
    answer: Answer
    at: int | None
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file: what one exchange of it is called, and the exchanges as they were recorded."""

    noun: str
    exchanges: list[Exchange]


def read_recording(raw: bytes) -> Recording:
    """Return what a file holds. Raises WrongUseError."""
    if len(raw) > MOST_BYTES:
        raise WrongUseError("it is larger than the 256 MiB that are read: split it")
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise WrongUseError(f"line {line} is not UTF-8 text") from None
    if not text.strip():
        raise WrongUseError("it is empty: give a HAR file, or calls of the journal, one a line")
    whole = _whole(text)
    if isinstance(whole, dict) and isinstance(whole.get("log"), dict):
        return Recording(noun="entry", exchanges=list(_entries(whole["log"].get("entries"))))
    if isinstance(whole, dict) and isinstance(whole.get("calls"), list):
        calls = enumerate(whole["calls"], 1)
        return Recording(
            noun="entry", exchanges=[_journalled(n, each, "entry") for n, each in calls]
        )
    return Recording(noun="line", exchanges=list(_lines(text)))


def _whole(text: str) -> Any:
    """Return the one value that the file is; None where each line is one, or none is."""
    try:
        return json.loads(text)
    except RecursionError:
        raise WrongUseError("it is nested too deeply") from None
    except ValueError as error:
        first = text.lstrip().partition("\n")[0].strip()
        # Lines of JSON, or a whole that is broken somewhere: the first line tells.
        if _is_json(first):
            return None
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "somewhere"
        raise WrongUseError(f"{place} is no JSON: {error}") from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(text: str) -> Iterator[Exchange]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise WrongUseError(f"line {number} is no JSON: {error}") from None
        yield _journalled(number, value, "line")


def _entries(entries: Any) -> Iterator[Exchange]:
    if not isinstance(entries, list):
        raise WrongUseError("its `log` has no list of `entries`: that is no HAR file")
    for number, entry in enumerate(entries, 1):
        found = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(found, dict):
            raise WrongUseError(f"entry {number} has no `request`")
        try:
            yield _exchange(number, entry, found)
        except WrongUseError as error:
            raise WrongUseError(f"entry {number}: {error}") from None


def _exchange(number: int, entry: dict[str, Any], found: dict[str, Any]) -> Exchange:
    call = har.call_of(found)
    told = entry.get("response")
    told = told if isinstance(told, dict) else {}
    status = told.get("status")
    answer = Answer(
        status=status if isinstance(status, int) and not isinstance(status, bool) else 0,
        headers=tuple(har.headers_of(told.get("headers", []))),
        body=har.body_of(told.get("content")),
    )
    length = dict(call.headers).get("content-length", "0").strip()
    return Exchange(
        number=number,
        host=split_url(str(found["url"]))[1],
        call=call,
        answer=answer,
        at=_instant(entry.get("startedDateTime")),
        is_whole=bool(call.body) or length == "0",
    )


def _instant(text: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return None


def _journalled(number: int, value: Any, noun: str) -> Exchange:
    try:
        asked, told = value["request"], value["answer"]
        path, _, query = str(value["path"]).partition("?")
        body, length = _bytes(asked), int(asked["length"])
        call = request(
            str(value["method"]), ("http", "", path, query), har.pairs_of(asked["headers"]), body
        )
        return Exchange(
            number=number,
            host=None,
            call=call,
            answer=Answer(
                status=int(value["status"]),
                headers=tuple(har.pairs_of(told["headers"])),
                body=_bytes(told),
            ),
            at=int(value.get("real_at", value["at"])),
            is_whole=len(body) == length,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WrongUseError(
            f"{noun} {number} is no call of the journal: give lines as in `calls` of GET …/calls"
        ) from None
    except WrongUseError as error:
        raise WrongUseError(f"{noun} {number}: {error}") from None


def _bytes(message: dict[str, Any]) -> bytes:
    text = str(message["body"])
    if message.get("encoding") != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
