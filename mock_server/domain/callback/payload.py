"""Callbacks: the payload, its due time, and the outcome of one attempt.

Rule 1: the payload is exactly `resList` and `task_id` (claim callback-payload).
Rule 2: a callback is due when the task's status changes (claim callback-after-status); by the
reading callback.timing it is due shortly before (claim callback-before-status).
Rule 3: an address is checked at delivery, not at submission (claim callback-address).
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from mock_server.domain.call.calls import Headers
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass
from mock_server.domain.task.tasks import Plan, Status

CONTENT_TYPE = "application/json; charset=utf-8"  # claim callback-content-type
LEAD_MS = 2_000  # claim callback-before-status
MAX_LASTS_MS = 60_000  # the longest time that a fault can stretch a body to


# Kept, because `json.dumps` makes a new one for each call.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class CallbackState(StrEnum):
    """The state of a planned delivery."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """The request of one attempt.

    `lasts_ms`: how long the body takes, in real time. `cut_after`: the connection is closed after
    so many bytes of the body.
    """

    body: bytes
    content_type: str = CONTENT_TYPE
    lasts_ms: int = 0
    cut_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one attempt: the receiver's status, or the error that prevented one.

    `sent_headers` None: not even the request's headers were sent. `sent`: bytes of the body that
    were sent. `hopeless`: no retry can succeed.
    """

    status: int | None = None
    error: str | None = None
    headers: Headers = ()
    body: bytes = b""
    sent_headers: Headers | None = None
    sent: int = 0
    hopeless: bool = False
    duration_ms: int = 0

    @property
    def acknowledged(self) -> bool:
        """Whether the receiver answered 2xx."""
        return self.status is not None and 200 <= self.status < 300


def payload(task_id: str, pictures: Sequence[object]) -> dict[str, Any]:
    """Return the payload of a callback."""
    return {"resList": pictures, "task_id": task_id}


def encoded(content: Mapping[str, Any]) -> bytes:
    """Return a payload as the bytes of a body."""
    return _ENCODER.encode(content).encode()


def is_pushed(outcome: Status, readings: Readings) -> bool:
    """Whether a task with this outcome is called back (claim callback-on-failure)."""
    return outcome is Status.SUCCEEDED or readings.callback_on_failure == "empty-list"


def due_at(plan: Plan, readings: Readings, now: int) -> int | None:
    """Return when the callback of a plan is due, `now` at the earliest; None if it cannot be known
    yet.
    """
    if plan.ends_at is None:
        return None
    lead = LEAD_MS if readings.callback_timing == "before-status" else 0
    return max(now, plan.ends_at - lead)


def forged_at(plan: Plan, readings: Readings, now: int) -> int:
    """Return when a forged callback is due: at the task's start, and never after its genuine
    callback.
    """
    genuine = due_at(plan, readings, now)
    starts_at = max(now, plan.starts_at)
    return starts_at if genuine is None else min(starts_at, genuine)
