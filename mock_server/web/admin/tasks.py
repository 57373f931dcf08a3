"""Tasks as the simulator sees them, and forcing a task into a state."""

from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions.operations import replan as actions
from mock_server.actions.reports import reports
from mock_server.actions.reports.reports import Span
from mock_server.domain.call.redaction import redact_address, redact_logins
from mock_server.domain.task.tasks import Status, Task, located, picture_urls, status_at
from mock_server.simulator import Simulator
from mock_server.web.admin.parsing import (
    MAX_ID,
    MAX_PAGE,
    before_of,
    body_of,
    query_of,
    whole,
)


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of tasks."""

    def shown(task: Task, status: Status) -> dict[str, Any]:
        return task_json(located(task, simulator.settings.picture_url), status)

    @routes.get("/accounts/<account_id>/tasks")
    def list_account_tasks(account_id: str) -> Response:
        span = _span()
        listed = simulator.database.read(lambda tx: reports.tasks(tx, simulator, account_id, span))
        full = bool(listed) and len(listed) == span.limit and span.before is None
        following = listed[-1][0].number if full else None
        return jsonify(tasks=[shown(task, status) for task, status in listed], next=following)

    @routes.post("/accounts/<account_id>/tasks/<task_id>")
    def force_task(account_id: str, task_id: str) -> Response:
        status = Status(body_of("ForcedState")["state"])
        task, now = simulator.database.run(
            lambda tx: actions.force(tx, simulator, account_id, task_id, status)
        )
        return jsonify(shown(task, status_at(task.plan, now)))


def _span() -> Span:
    query = query_of(("after", "limit", "before"))
    return Span(
        after=whole(query, "after", default=0, most=MAX_ID),
        before=before_of(query),
        limit=whole(query, "limit", default=100, most=MAX_PAGE, least=1),
    )


def task_json(task: Task, status: Status) -> dict[str, Any]:
    """Return a task as JSON, with its plan, which the vendor's clients cannot see."""
    return {
        "task_id": task.id,
        "number": task.number,
        "status": status,
        "content": _shown(task.content or None),
        "text": _shown(task.text),
        "qr_code_url": _shown(task.qr_code_url),
        "style_id": task.style_id,
        "your_prompt": task.your_prompt,
        "call_back": _shown(task.call_back),
        "submitted_at": task.plan.submitted_at,
        "starts_at": task.plan.starts_at,
        "ends_at": task.plan.ends_at,
        "outcome": task.plan.outcome,
        "queries_left": task.plan.queries_left,
        "remark": task.remark,
        "pictures": picture_urls(task),
    }


def _shown(text: str | None) -> str | None:
    return text and redact_logins(redact_address(text))
