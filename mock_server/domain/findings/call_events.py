"""What the rules between calls know of one call and its answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.calls import Answer, Call, Operation, header
from mock_server.domain.findings.context import judged_body

# In every form of the reading that is known, and the numbers that one of them has.
_ENDED = frozenset({"succeeded", "failed", "success", "fail", "2", "3"})

# What the instants of two calls may be off by: they are whole ms, taken by different threads.
ROUNDING_MS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """What a page of the task list shows: ids, those that have ended, and whether the newest
    tasks, or all of them, are on it."""

    ids: tuple[str, ...]
    ended: frozenset[str]
    has_newest: bool
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """One call of an operation and its answer, as far as the next calls depend on it.

    `at` is on the account's clock. `real_at` is when the client began it, in real time, and
    `answered_at` when it had the answer, or knew that it would have none (None: at once).
    `jumped_ms` is how far the account's clock had jumped in all. `code` is the gateway's code, or
    the message of an older instance. `body` is a hash of the body, `intent` one of what was asked,
    in whatever spelling. `task_id` is what a query
    asked for, or what a submit made; `asked_id` what a query named, answered or not. `page` is
    what a list showed, None where that is not known. `answer_read`: somebody has the answer;
    without it a status of 0 is one that nobody wrote down.
    """

    id: int
    at: int
    real_at: int
    operation: Operation
    status: int
    code: str | None = None
    body: str = ""
    intent: str = ""
    nonce: str | None = None
    task_id: str | None = None
    asked_id: str | None = None
    ended: bool = False
    page: ListPage | None = None
    answer_read: bool = True
    answered_at: int | None = None
    jumped_ms: int = 0

    @property
    def wish(self) -> str:
        """What calls of an operation have in common that ask for the same."""
        return self.intent or self.body

    @property
    def known_at(self) -> int:
        """The real instant from which on the client knew what became of it."""
        return self.real_at if self.answered_at is None else self.answered_at

    def is_known_to(self, later: "CallEvent") -> bool:
        """Whether the client knew what became of it when it began a later call."""
        return self.known_at <= later.real_at + ROUNDING_MS

    def pause_until(self, later: "CallEvent") -> int:
        """Return the ms from its start to that of a later call: real time, and what the account's
        clock jumped over in between, but not what its rate adds."""
        return later.real_at - self.real_at + self.jumped_until(later)

    def rest_until(self, later: "CallEvent") -> int:
        """Return the same ms from its answer on."""
        return max(0, later.real_at - self.known_at) + self.jumped_until(later)

    def jumped_until(self, later: "CallEvent") -> int:
        """Return the ms that the account's clock jumped between the two."""
        return max(0, later.jumped_ms - self.jumped_ms)


def known_at(real_at: int, held_ms: int, sent: Mapping[str, Any] | None) -> int:
    """Return the real instant from which on the client knew what became of a call: it had the
    answer, its connection broke, or it gave up."""
    if sent is None:
        return real_at
    if (left := sent.get("left_after_ms")) is not None:
        return real_at - held_ms + int(left)
    # A delay before the call was carried out is over by `real_at`.
    late = max(0, int(sent.get("late_ms", 0)) - held_ms)
    return real_at + late + int(sent.get("lasts_ms", 0))


def event_of(
    call: Call, answer: Answer, operation: Operation, *, number: int, at: int, answer_read: bool
) -> CallEvent:
    """Return the event of an exchange that was recorded somewhere, with the answer or without."""
    told = {name.lower(): value for name, value in answer.headers} if answer.status >= 400 else {}
    asked = asked_id(call) if operation is Operation.QUERY_TASK else None
    ended, task_id, page = False, None, None
    if operation is Operation.QUERY_TASK and answer.status == 200:
        # Where no task was answered, nothing was paid for.
        task_id, ended = asked, has_ended(answer.body)
    elif operation is Operation.SUBMIT_TASK and answer.status == 200:
        task_id = _made(answer.body)
    elif answer.status == 200:
        page = list_page(answer.body)
    return CallEvent(
        id=number,
        at=at,
        real_at=at,
        operation=operation,
        status=answer.status,
        code=told.get("x-ca-error-code") or told.get("x-ca-error-message"),
        body=sha256(call.body).hexdigest(),
        intent=intent_of(call),
        nonce=header(call, "x-ca-nonce"),
        task_id=task_id,
        asked_id=asked,
        ended=ended,
        page=page,
        answer_read=answer_read,
    )


def intent_of(call: Call, digest: str | None = None) -> str:
    """Return what two calls of an operation have in common that ask for the same: their fields, in
    any order and spelling. `digest` is that of the body where the whole of it was not kept."""
    if digest is not None:
        return digest
    body = judged_body(call)
    if body is None or not all(isinstance(value, str) for value in body.fields.values()):
        return sha256(call.body).hexdigest()
    asked = json.dumps(sorted(body.fields.items()))
    return sha256(asked.encode()).hexdigest()


def asked_id(call: Call) -> str | None:
    """Return the task that a query names."""
    body = judged_body(call)
    sent = body.fields.get("task_id") if body else None
    return sent if isinstance(sent, str) and sent else None


def has_ended(answer: bytes) -> bool:
    """Whether the answer to a query says that its task is over."""
    return _is_over(service_body(answer) or {})


def list_page(answer: bytes, *, oldest_first: bool = False) -> ListPage | None:
    """Return what a page of the task list shows; None if it cannot be read."""
    body = service_body(answer) or {}
    shown = body.get("pagebean", body)
    items = shown.get("contentlist") if isinstance(shown, dict) else None
    if not isinstance(items, list):
        return None
    tasks = [item for item in items if isinstance(item, dict) and item.get("task_id")]
    number, pages = _number(shown.get("currentPage")), _number(shown.get("allPages"))
    return ListPage(
        ids=tuple(str(task["task_id"]) for task in tasks),
        ended=frozenset(str(task["task_id"]) for task in tasks if _is_over(task)),
        has_newest=number >= pages if oldest_first else number <= 1,
        is_whole=pages <= 1 and number <= 1,
    )


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _is_over(task: Mapping[str, Any]) -> bool:
    return bool(task.get("resList")) or str(task.get("status")).lower() in _ENDED


def _made(answer: bytes) -> str | None:
    task_id = (service_body(answer) or {}).get("task_id")
    return str(task_id) if task_id else None
