"""The page of callbacks: what was sent to the client, the newest first; and one in full."""

from typing import Any

from flask import Blueprint, Response

from mock_server.actions.callbacks import planning, wait
from mock_server.actions.reports import reports, task_view
from mock_server.actions.reports.task_view import NEWEST
from mock_server.domain.call.redaction import redact_address, redact_logins
from mock_server.domain.callback.inbox import inbox_address
from mock_server.domain.callback.payload import CallbackState
from mock_server.formatting import SHANGHAI, instant
from mock_server.store.callback_faults import read
from mock_server.store.engine.transaction import Row, Transaction
from mock_server.web.inspector import call_page, frame
from mock_server.web.inspector.frame import Inspector, account_of, address, number_in, number_of
from mock_server.web.inspector.messages import answer_of, message_of
from mock_server.web.inspector.page import Page, View, digest

NAME = "callbacks"
MOST_URL = 200
MOST_ATTEMPTS = 20  # that one page shows
# What of a callback changes.
CHANGING = ("id", "state", "tries", "due_at", "next_at")
TONES = {
    CallbackState.DUE: "calm",
    CallbackState.SENDING: "odd",
    CallbackState.DELIVERED: "good",
    CallbackState.FAILED: "bad",
    CallbackState.CANCELLED: "calm",
    CallbackState.LOST: "bad",
}


def _mark(tx: Transaction, view: View) -> str:
    rows, following = _listed(tx, view)
    return digest([[row[name] for name in CHANGING] for row in rows], following)


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    rows, following = _listed(tx, view)
    account_id = account_of(view).id
    is_first = not view.query.get("before")
    is_empty = is_first and not rows
    inbox = inbox_address(view.base_url, account_id)
    return {
        "callbacks": [line_of(row, account_id) for row in rows],
        "zone": SHANGHAI.tzname(None),
        "is_first": is_first,
        "newest": address(account_id, NAME),
        "further": address(account_id, NAME, before=following) if following else None,
        "inbox": address(account_id, "inbox"),
        "curl": call_page.first_call(view, inbox) if is_empty else None,
    }


def _listed(tx: Transaction, view: View) -> tuple[list[Row], int | None]:
    before = number_in(view.query, "before", NEWEST)
    return task_view.newest_callbacks(tx, account_of(view).id, before)


def line_of(row: Row, account_id: str) -> dict[str, Any]:
    """Return a callback as a row of a table."""
    return {
        "id": row["id"],
        "href": address(account_id, NAME, row["id"]),
        "state": row["state"],
        "tone": TONES[CallbackState(row["state"])],
        "tries": row["tries"],
        "due": None if row["due_at"] is None else instant(row["due_at"]),
        "next": _next(row),
        "url": redact_address(row["url"])[:MOST_URL],
        "task_id": row["task_id"],
        "task": address(account_id, "tasks", row["task_id"]),
        "fault": read(row["fault"]).kind.name if row["fault"] else None,
        "copy_of": row["copy_of"],
        "by_hand": bool(row["by_hand"]),
        "is_forged": bool(row["forged"]),
    }


def _next(row: Row) -> str | None:
    """Return when the next attempt is due, if that is not the first one."""
    is_retry = row["state"] == CallbackState.DUE and row["tries"] and row["next_at"] is not None
    return instant(row["next_at"]) if is_retry else None


def _add_routes(routes: Blueprint, inspector: Inspector) -> None:
    simulator = inspector.simulator

    @routes.post("/inspect/<account_id>/callbacks/<int:callback_id>/resend")
    def send_callback_again(account_id: str, callback_id: int) -> Response:
        new_id, due = simulator.database.run(
            lambda tx: planning.resend(tx, simulator, account_id, callback_id)
        )
        wait.wait_until_delivered(simulator, due)
        return frame.done(account_id, NAME, "resent", new_id)


def _mark_of_one(tx: Transaction, view: View) -> str:
    row = planning.find(tx, account_of(view).id, number_of(view))
    return digest([row[name] for name in CHANGING])


def _one(tx: Transaction, view: View) -> dict[str, Any]:
    account_id = account_of(view).id
    row, attempts = reports.callback(tx, account_id, number_of(view))
    copy_of = row["copy_of"]
    return {
        "callback": line_of(row, account_id),
        "zone": SHANGHAI.tzname(None),
        "attempts": [_attempt(each) for each in attempts[-MOST_ATTEMPTS:]],
        "left_out": max(0, len(attempts) - MOST_ATTEMPTS),
        "original": address(account_id, NAME, copy_of) if copy_of is not None else None,
        "resend": address(account_id, NAME, row["id"], "resend"),
    }


def _attempt(row: Row) -> dict[str, Any]:
    was_sent = row["request_headers"] is not None
    status = row["status"]
    return {
        "at": instant(row["at"]),
        "status": status,
        "tone": "bad" if status is None else "good" if 200 <= status < 300 else "odd",
        "error": row["error"] and redact_logins(row["error"]),
        "duration_ms": row["duration_ms"],
        "first": f"POST {redact_logins(row['request_url'])}" if was_sent else None,
        "request": message_of(row, "request") if was_sent else None,
        "answer": answer_of(row) if status is not None else None,
    }


PAGE = Page(
    name=NAME,
    mark=_mark,
    region=_region,
    add_routes=_add_routes,
    one=Page(name="callback", mark=_mark_of_one, region=_one),
)
