"""The course of a task on its account's clock: what happened, what will, and a bar of its states.

Positions on the bar are percents of the time from the submit to the end.
"""

from dataclasses import dataclass
from typing import Any

from mock_server.actions.reports.task_view import TaskInFull
from mock_server.domain.durations import DAY_MS, UNIT_MS
from mock_server.domain.task.tasks import Status
from mock_server.formatting import instant
from mock_server.web.inspector.frame import address

HOUR_MS = UNIT_MS["h"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something on the clock. `what` names its words; `href` leads to it, if it has a page."""

    at: int
    what: str
    name: str = ""
    href: str | None = None


def course_of(found: TaskInFull) -> dict[str, Any]:
    """Return the moments of a task, the first first, and its bar."""
    moments = sorted([*_life(found), *_calls(found), *_callbacks(found)], key=lambda each: each.at)
    return {
        "moments": [
            {
                "at": instant(each.at),
                "after_ms": _after(found, each),
                "what": each.what,
                "name": each.name,
                "href": each.href,
                "is_past": each.at <= found.now,
            }
            for each in moments
        ],
        "bar": _bar(found),
        "never_ends": found.task.plan.ends_at is None,
        "queries_left": found.task.plan.queries_left,
    }


def _after(found: TaskInFull, moment: Moment) -> int | None:
    """Return how long after the submit something is, if that is not longer than a person counts."""
    after_ms = moment.at - found.task.plan.submitted_at
    return after_ms if 0 < after_ms < HOUR_MS else None


def _life(found: TaskInFull) -> list[Moment]:
    plan = found.task.plan
    moments = [
        Moment(at=plan.submitted_at, what="pending"),
        Moment(at=plan.starts_at, what="running"),
    ]
    if plan.ends_at is not None:
        moments.append(Moment(at=plan.ends_at, what=str(plan.outcome)))
        unlimited = found.account.readings.picture_lifetime == "unlimited"
        if plan.outcome is Status.SUCCEEDED and found.task.pictures and not unlimited:
            moments.append(Moment(at=plan.ends_at + DAY_MS, what="expired"))
    return moments


def _calls(found: TaskInFull) -> list[Moment]:
    return [
        Moment(
            at=row["at"],
            what="call",
            name=f"{row['operation'] or row['method']} {row['status'] or ''}".strip(),
            href=address(found.account.id, "calls", row["id"]),
        )
        for row in reversed(found.calls)
    ]


def _callbacks(found: TaskInFull) -> list[Moment]:
    return [
        Moment(
            at=row["next_at"] if row["next_at"] is not None else row["due_at"],
            what=f"callback_{row['state']}",
            name=str(row["id"]),
            href=address(found.account.id, "callbacks", row["id"]),
        )
        for row in found.callbacks
        if row["due_at"] is not None
    ]


def _bar(found: TaskInFull) -> dict[str, float | None]:
    """Return where the states of a task begin, in percent; `now` None: it has ended."""
    plan = found.task.plan
    end = plan.ends_at if plan.ends_at is not None else max(found.now, plan.starts_at + 1)
    length = max(1, end - plan.submitted_at)

    def share(at: int) -> float:
        return min(100.0, max(0.0, 100 * (at - plan.submitted_at) / length))

    is_over = plan.ends_at is not None and found.now >= plan.ends_at
    return {"running": share(plan.starts_at), "now": None if is_over else share(found.now)}
