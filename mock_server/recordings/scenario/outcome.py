"""What a client saw of one answer: its kind, status and code. Recorded and played answers alike.

Rule 1: two outcomes are the same if kind, status, code and (of a query) the end of the task agree.
Texts, ids and instants never decide.
Rule 2: what was not recorded agrees with everything.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mock_server.domain.answer.envelope import unwrap
from mock_server.domain.call.calls import Answer, Operation
from mock_server.domain.call.errors import ErrorTables
from mock_server.domain.call.wire_script import Delivered, End

# In every form of the reading task.words.
SUCCEEDED = frozenset({"succeeded", "success", "2"})
FAILED = frozenset({"failed", "fail", "3"})


class OutcomeKind(StrEnum):
    """The kinds of answer that a client tells apart."""

    RESULT = "result"
    REFUSED = "refusal"
    PLATFORM = "platform error"
    GATEWAY = "gateway error"
    PAGE = "page of a proxy"
    BROKEN = "broken JSON"
    CUT = "cut answer"
    LOST = "no answer"
    OTHER = "other answer"
    UNKNOWN = "answer not recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One answer as its client saw it.

    `code`: the gateway's code, the message of an older instance, or the platform's code. `word`: of
    a query's result `unfinished`, `succeeded` or `failed`. `text`: the service's own. `body_bytes`:
    what arrived of the body. `end`: how the connection ended.
    """

    kind: OutcomeKind
    status: int = 0
    code: str = ""
    word: str | None = None
    text: str = ""
    ret_code: str = ""
    body_bytes: int = 0
    end: End = End.KEEP

    def agrees(self, other: "Outcome") -> bool:
        """Whether a client sees the same."""
        if OutcomeKind.UNKNOWN in (self.kind, other.kind):
            return True
        if self.kind is not other.kind or self.word != other.word:
            return False
        is_broken = self.kind in (OutcomeKind.CUT, OutcomeKind.LOST)
        return is_broken or (self.status, self.code) == (other.status, other.code)

    @property
    def says(self) -> str:
        """The outcome in a few words, such as `503 X503BZ` or `200 succeeded`."""
        if self.kind in (OutcomeKind.LOST, OutcomeKind.CUT, OutcomeKind.UNKNOWN):
            return self.kind
        shown = self.word or self.code or ("" if self.kind is OutcomeKind.RESULT else self.kind)
        return f"{self.status} {shown}".strip()


LOST = Outcome(kind=OutcomeKind.LOST, end=End.RESET)
UNKNOWN = Outcome(kind=OutcomeKind.UNKNOWN)


def outcome_of(answer: Answer, operation: Operation | None, tables: ErrorTables) -> Outcome:
    """Return what a client sees of a whole answer; status 0: it got none."""
    if answer.status == 0:
        return LOST
    named = {name.lower(): value for name, value in answer.headers}
    code, message = named.get("x-ca-error-code", ""), named.get("x-ca-error-message", "")
    size = len(answer.body)
    if answer.status >= 400 and (code or (message and not answer.body)):
        shown = code or _classic(message, answer.status, tables)
        return Outcome(kind=OutcomeKind.GATEWAY, status=answer.status, code=shown)
    parsed = _parsed(answer.body)
    if parsed is None:
        return _unparsed(answer, named)
    return _spoken(parsed, answer.status, size, operation)


def damaged(answer: Answer, operation: Operation | None, tables: ErrorTables) -> Outcome:
    """Return what a client sees of an answer once the wire has done its damage to it."""
    if answer.damage is None:
        return outcome_of(answer, operation, tables)
    script = answer.damage(b"", answer.body)
    if script.what is Delivered.CUT:
        size = script.body_bytes
        return Outcome(kind=OutcomeKind.CUT, status=answer.status, body_bytes=size, end=script.end)
    if script.what in (Delivered.NOTHING, Delivered.GARBAGE):
        return Outcome(kind=OutcomeKind.LOST, end=script.end)
    return outcome_of(answer, operation, tables)


def sent_outcome(
    sent: Mapping[str, Any], decided: Answer, operation: Operation | None, tables: ErrorTables
) -> Outcome:
    """Return what a journal says that a client was sent of a decided answer."""
    what, end = sent.get("what"), _end(sent.get("end"))
    size = sent.get("bytes")
    if what == Delivered.CUT:
        arrived = size if isinstance(size, int) else 0
        return Outcome(kind=OutcomeKind.CUT, status=decided.status, body_bytes=arrived, end=end)
    if what in (Delivered.NOTHING, Delivered.GARBAGE):
        return Outcome(kind=OutcomeKind.LOST, end=end)
    status = sent.get("status")
    if what == Delivered.ALTERED and isinstance(status, int):
        if status != decided.status or size not in (len(decided.body), len(decided.body) - 1):
            return Outcome(kind=OutcomeKind.PAGE, status=status)
        if size == len(decided.body) - 1:
            return Outcome(kind=OutcomeKind.BROKEN, status=status, body_bytes=size)
    return outcome_of(decided, operation, tables)


def _end(value: object) -> End:
    return next((end for end in End if end == value), End.KEEP)


def _classic(message: str, status: int, tables: ErrorTables) -> str:
    """Return the message of an older instance as its row has it, without the reason."""
    row = tables.row_of(None, status, message)
    return row.message if row is not None else message


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _unparsed(answer: Answer, named: Mapping[str, str]) -> Outcome:
    size = len(answer.body)
    declared = named.get("content-length", "")
    is_length = declared.isascii() and declared.isdigit() and len(declared) < 10
    # With an encoding, the length is that of other bytes.
    if is_length and "content-encoding" not in named and int(declared) > size:
        return Outcome(kind=OutcomeKind.CUT, status=answer.status, body_bytes=size, end=End.CLOSE)
    is_page = answer.body.lstrip()[:1] == b"<" or "html" in named.get("content-type", "").lower()
    if is_page:
        return Outcome(kind=OutcomeKind.PAGE, status=answer.status)
    kind = OutcomeKind.BROKEN if answer.body else OutcomeKind.OTHER
    return Outcome(kind=kind, status=answer.status, body_bytes=size)


def _spoken(parsed: object, status: int, size: int, operation: Operation | None) -> Outcome:
    """Return the outcome of an answer in JSON."""
    whole = parsed if isinstance(parsed, dict) else {}
    body = unwrap(parsed)
    platform = str(whole.get("showapi_res_code") or 0)
    if platform != "0":
        text = str(whole.get("showapi_res_error") or "")
        return Outcome(kind=OutcomeKind.PLATFORM, status=status, code=platform, text=text)
    if body is None or "ret_code" not in body:
        return Outcome(kind=OutcomeKind.OTHER, status=status, body_bytes=size)
    text, ret_code = str(body.get("remark") or body.get("msg") or ""), str(body["ret_code"])
    if ret_code != "0":
        return Outcome(kind=OutcomeKind.REFUSED, status=status, text=text, ret_code=ret_code)
    word = word_of(body) if operation is Operation.QUERY_TASK else None
    return Outcome(kind=OutcomeKind.RESULT, status=status, word=word, text=text)


def word_of(task: Mapping[str, Any]) -> str:
    """Return how far a task is, as a query or a list shows it."""
    shown = str(task.get("status")).lower()
    if shown in FAILED:
        return "failed"
    return "succeeded" if task.get("resList") or shown in SUCCEEDED else "unfinished"
