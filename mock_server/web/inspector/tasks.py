"""The page of tasks: every task with its state, the newest first."""

from typing import Any

from mock_server.actions.reports import task_view
from mock_server.actions.reports.task_view import NEWEST, TaskLine
from mock_server.domain.task.tasks import Status
from mock_server.formatting import SHANGHAI, instant
from mock_server.store.engine.transaction import Transaction
from mock_server.web.inspector import call_page, task_page
from mock_server.web.inspector.frame import account_of, address, number_in
from mock_server.web.inspector.page import Page, View, digest
from mock_server.web.inspector.task_page import shown_text

NAME = "tasks"
TONES = {
    Status.PENDING: "calm",
    Status.RUNNING: "odd",
    Status.SUCCEEDED: "good",
    Status.FAILED: "bad",
}


def _mark(tx: Transaction, view: View) -> str:
    lines, following = _listed(tx, view)
    return digest([(each.task.number, each.status, each.task.plan) for each in lines], following)


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    lines, following = _listed(tx, view)
    account_id = account_of(view).id
    is_first = not view.query.get("before")
    return {
        "tasks": [_line(each, account_id) for each in lines],
        "zone": SHANGHAI.tzname(None),
        "is_first": is_first,
        "newest": address(account_id, NAME),
        "further": address(account_id, NAME, before=following) if following else None,
        "curl": call_page.first_call(view) if is_first and not lines else None,
    }


def _listed(tx: Transaction, view: View) -> tuple[list[TaskLine], int | None]:
    before = number_in(view.query, "before", NEWEST)
    return task_view.newest(tx, view.simulator, account_of(view).id, before)


def _line(line: TaskLine, account_id: str) -> dict[str, Any]:
    task = line.task
    ends_at = task.plan.ends_at
    return {
        "id": task.id,
        "number": task.number,
        "href": address(account_id, NAME, task.id),
        "status": str(line.status),
        "tone": TONES[line.status],
        "submitted": instant(task.plan.submitted_at),
        "ends": None if ends_at is None else instant(ends_at),
        "style_id": task.style_id,
        "content": shown_text(task.content),
        "is_called_back": bool(task.call_back),
    }


PAGE = Page(
    name=NAME, mark=_mark, region=_region, add_routes=task_page.add_routes, one=task_page.PAGE
)
