"""Callbacks: what is posted when a task completes, when, and where to.

Rule 1: the payload is exactly `resList` and `task_id` (claim callback-payload).
Rule 2: a callback is due when the status has turned (claim callback-after-status), by the reading
callback.timing a little before (claim callback-before-status).
Rule 3: an address is judged at delivery, not at submission (claim callback-address).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mock_server.domain.call.calls import Headers
from mock_server.domain.readings import Readings
from mock_server.domain.task.tasks import Plan, Status

CONTENT_TYPE = "application/json; charset=utf-8"  # claim callback-content-type
LEAD_MS = 2_000  # claim callback-before-status
MAX_LASTS_MS = 60_000  # the longest that a body can be made to take


class CallbackState(StrEnum):
    """Where a planned delivery stands."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What one attempt sends. `lasts_ms` is how long the body takes, in real time; after
    `cut_after` bytes of it the connection is closed."""

    body: bytes
    content_type: str = CONTENT_TYPE
    lasts_ms: int = 0
    cut_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt: a status, or the error that kept it from one.

    `sent_headers` None: not even a head left us; `sent` counts the bytes of the body that did.
    `hopeless` says that no other attempt can do better.
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
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


def payload(task_id: str, pictures: Sequence[object]) -> dict[str, Any]:
    """Return what the POST says."""
    return {"resList": pictures, "task_id": task_id}


def encoded(content: Mapping[str, Any]) -> bytes:
    """Return the body of the POST."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def is_pushed(outcome: Status, readings: Readings) -> bool:
    """Whether a task that ends so is called back at all (claim callback-on-failure)."""
    return outcome is Status.SUCCEEDED or readings.callback_on_failure == "empty-list"


def due_at(plan: Plan, readings: Readings, now: int) -> int | None:
    """Return when the callback of a plan is due, never before `now`; None while nobody knows."""
    if plan.ends_at is None:
        return None
    lead = LEAD_MS if readings.callback_timing == "before-status" else 0
    return max(now, plan.ends_at - lead)
