"""A call of the journal, cut down to what the audit reads: a load has very many.

Rule 1: what a rule of the audit reads stays as it was. Of headers only those stay that it reads; of
an answer that is a result and tells no end, only that: the page of a list is read before.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mock_server.audit.records import RecordedCall
from mock_server.audit.seen_call import SeenCall, seen
from mock_server.domain.call.calls import BUG_HEADER
from mock_server.domain.call.redaction import MAX_CAPTURE_BYTES
from mock_server.domain.findings import has_ended

READ_HEADERS = frozenset({"content-type", "x-ca-error-message", BUG_HEADER.lower()})
_NAMES = (
    "id", "at", "real_at", "jumped_ms", "held_ms", "operation", "method", "path", "status",
    "error_code", "charged", "fen", "reason", "task_id", "request", "answer", "faults", "sent",
    "findings",
)  # fmt: skip
_PLACES = {name: place for place, name in enumerate(_NAMES)}
_MESSAGE = ("headers", "body", "encoding", "length", "sha256")
_MESSAGE_PLACES = {name: place for place, name in enumerate(_MESSAGE)}
_NOTHING: tuple[Any, ...] = ()
_headers: dict[str, list[list[str]]] = {}
_MOST_HEADERS = 4_096
_MOST_INTERNED = 64  # the body of a query, which is the same for each poll of a task


class SlimRow(Mapping[str, Any]):
    """A mapping with fixed names: a fifth of a dict."""

    __slots__ = ("_values",)
    places: Mapping[str, int] = {}

    def __init__(self, values: tuple[Any, ...]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        """Return a value."""
        return self._values[self.places[name]]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self.places)

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self.places)


class SlimRaw(SlimRow):
    """What stays of a call."""

    __slots__ = ()
    places = _PLACES


class SlimMessage(SlimRow):
    """What stays of a request or an answer."""

    __slots__ = ()
    places = _MESSAGE_PLACES


def slim(call: Mapping[str, Any]) -> SlimRaw:
    """Return a call as the admin API shows it, without what no rule reads."""
    own = {
        **call,
        "operation": _interned(call["operation"]),
        "method": _interned(call["method"]),
        "path": _interned(call["path"]) if len(call["path"]) < 20 else call["path"],
        "error_code": _interned(call["error_code"]),
        "reason": _interned(call["reason"]),
        "task_id": _interned(call["task_id"]),
        "request": _message(call["request"]),
        "answer": _message(call["answer"]),
        "faults": call["faults"] or _NOTHING,
        "findings": _NOTHING,
    }
    return SlimRaw(tuple(own[name] for name in _NAMES))


def slim_seen(call: Mapping[str, Any]) -> SeenCall:
    """Return a call with what its client can have known, cut down."""
    found = seen(RecordedCall.of(slim(call)))
    page = found.page
    if page is not None:
        page = replace(
            page, ids=tuple(map(sys.intern, page.ids)),
            ended=frozenset(map(sys.intern, page.ended)),
        )  # fmt: skip
    if not _is_plain(found):
        return found
    values = {**found.call.raw, "answer": _PLAIN}
    small = replace(found.call, raw=SlimRaw(tuple(values[name] for name in _NAMES)))
    return replace(found, page=page, call=small)


def _is_plain(call: SeenCall) -> bool:
    """Whether nothing more is asked of the answer than that it was a result."""
    body = call.call.result
    is_result = call.call.decided_status == 200 and str(body.get("ret_code")) == "0"
    return is_result and not has_ended(call.call.answer_bytes)


def _message(message: Mapping[str, Any]) -> SlimMessage:
    kept = [pair for pair in message["headers"] if pair[0].lower() in READ_HEADERS]
    body: str = message["body"]
    sha256 = message["sha256"] if message["length"] > MAX_CAPTURE_BYTES else None
    body = sys.intern(body) if len(body) <= _MOST_INTERNED else body
    return SlimMessage((_shared(kept), body, message["encoding"], message["length"], sha256))


def _shared(headers: list[list[str]]) -> list[list[str]]:
    """Return headers that are there once, however many calls have them."""
    key = repr(headers)
    if len(_headers) >= _MOST_HEADERS:
        _headers.clear()
    return _headers.setdefault(key, headers)


def _interned(text: str | None) -> str | None:
    return None if text is None else sys.intern(text)


_PLAIN = SlimMessage((list[list[str]](), '{"ret_code":0}', "utf-8", 14, None))
