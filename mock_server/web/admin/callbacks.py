"""Callbacks of an account: what was sent, its outcome, and resending."""

from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions.callbacks import planning, wait
from mock_server.actions.reports import reports
from mock_server.domain.call.redaction import redact_address, redact_logins
from mock_server.simulator import Simulator
from mock_server.store.callback_faults import read
from mock_server.store.engine.transaction import Row
from mock_server.web.admin.http_message import message_json, text_json
from mock_server.web.admin.parsing import body_of, id_of, page_of_query


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of callbacks."""
    look = simulator.database.read

    @routes.get("/accounts/<account_id>/callbacks")
    def list_callbacks(account_id: str) -> Response:
        after, limit = page_of_query()
        listed = look(lambda tx: reports.callbacks(tx, account_id, after=after, limit=limit))
        following = listed[-1][0]["id"] if listed and len(listed) == limit else None
        return jsonify(
            callbacks=[callback_json(row, attempts) for row, attempts in listed], next=following
        )

    def shown(account_id: str, callback_id: int) -> Response:
        return jsonify(
            callback_json(*look(lambda tx: reports.callback(tx, account_id, callback_id)))
        )

    @routes.get("/accounts/<account_id>/callbacks/<callback_id>")
    def get_callback(account_id: str, callback_id: str) -> Response:
        return shown(account_id, id_of(callback_id, "callback"))

    @routes.post("/accounts/<account_id>/callbacks/<callback_id>/resend")
    def resend_callback(account_id: str, callback_id: str) -> Response:
        body = body_of("Resend")
        new_id, due = simulator.database.run(
            lambda tx: planning.resend(tx, simulator, account_id, id_of(callback_id, "callback"))
        )
        if body.get("settle"):
            wait.wait_until_delivered(simulator, due)
        return shown(account_id, new_id)


def callback_json(row: Row, attempts: list[Row]) -> dict[str, Any]:
    """Return a callback with its attempts."""
    return {
        "id": row["id"],
        "task_id": row["task_id"],
        "url": redact_address(row["url"]),
        "copy_of": row["copy_of"],
        "by_hand": bool(row["by_hand"]),
        "due_at": row["due_at"],
        "next_at": row["next_at"],
        "state": row["state"],
        "fault": row["fault"] and {"id": row["fault_id"], "kind": read(row["fault"]).kind.name},
        "attempts": [_attempt_json(attempt) for attempt in attempts],
    }


def _attempt_json(row: Row) -> dict[str, Any]:
    request = answer = None
    if row["request_headers"] is not None:
        url = redact_logins(row["request_url"])  # its query may hold a further address
        request = {"method": "POST", "url": url, **message_json(row, "request")}
    if row["status"] is not None:
        answer = text_json(row, "answer")
    return {
        "due_at": row["due_at"],
        "at": row["at"],
        "status": row["status"],
        "error": row["error"] and redact_logins(row["error"]),
        "duration_ms": row["duration_ms"],
        "request": request,
        "answer": answer,
    }
