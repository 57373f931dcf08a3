"""What an account has done: its calls, its callbacks."""

import base64
import json
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions import reports
from mock_server.domain.billing import CHARGE_TEXT, Charge
from mock_server.domain.calls import Operation
from mock_server.domain.redaction import MAX_CAPTURE_BYTES
from mock_server.domain.wrong_use import WrongUseError
from mock_server.simulator import Simulator
from mock_server.store import journal
from mock_server.store.journal import Filter
from mock_server.store.transaction import Row
from mock_server.web.admin.inputs import MAX_PAGE, flag, page_of_query, query_of, whole

CALL_FILTERS = ("operation", "status", "charged", "after", "limit")


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of reports."""
    read = simulator.database.read

    def calls(account_id: str | None) -> Response:
        wanted = _filter()
        simulator.background.flush()
        found, dropped = read(lambda tx: reports.calls(tx, account_id, wanted))
        full = bool(found) and len(found) == wanted.limit
        return jsonify(
            calls=[call_json(row) for row in found],
            next=found[-1]["id"] if full else None,
            dropped=dropped,
        )

    routes.add_url_rule("/calls", "list_nobodys_calls", lambda: calls(None))
    routes.add_url_rule("/accounts/<account_id>/calls", "list_calls", calls)

    @routes.get("/accounts/<account_id>/callbacks")
    def list_callbacks(account_id: str) -> Response:
        after, limit = page_of_query()
        listed = read(lambda tx: reports.callbacks(tx, account_id, after=after, limit=limit))
        following = listed[-1][0]["id"] if listed and len(listed) == limit else None
        return jsonify(
            callbacks=[callback_json(row, attempts) for row, attempts in listed], next=following
        )


def _filter() -> Filter:
    query = query_of(CALL_FILTERS)
    operation = query.get("operation")
    if operation is not None and operation not in set(Operation):
        raise WrongUseError(
            f"no operation is called {operation[:64]!r}: there is {', '.join(Operation)}"
        )
    status = whole(query, "status", default=0, most=599)
    return Filter(
        operation=operation,
        status=status or None,
        charged=flag(query, "charged"),
        after=whole(query, "after", default=0, most=2**62),
        limit=whole(query, "limit", default=100, most=MAX_PAGE, least=1),
    )


def call_json(row: Row) -> dict[str, Any]:
    """Return a journalled call as the admin API shows it."""
    return {
        "id": row["id"],
        "at": row["at"],
        "account": row["account"] or None,
        "request_id": row["request_id"] or None,
        "operation": row["operation"],
        "method": row["method"],
        "path": row["path"],
        "status": row["status"] or None,
        "error_code": row["error_code"],
        "charged": row["charge"] == Charge.CHARGED,
        "fen": row["fen"],
        "reason": CHARGE_TEXT[Charge(row["charge"])],
        "task_id": row["task_id"],
        "request": _message(row, "request"),
        "answer": _message(row, "answer"),
        "faults": json.loads(row["faults"]),
        "sent": json.loads(row["sent"]) if row["sent"] else None,
        "findings": json.loads(row["findings"]),
    }


def callback_json(row: Row, attempts: list[Row]) -> dict[str, Any]:
    """Return a callback with its attempts."""
    return {
        "id": row["id"],
        "task_id": row["task_id"],
        "url": row["url"],
        "due_at": row["due_at"],
        "state": row["state"],
        "attempts": [
            {
                "at": attempt["at"],
                "status": attempt["status"],
                "error": attempt["error"],
                "duration_ms": attempt["duration_ms"],
                "request": attempt["request"].decode(),
                "answer": _text(attempt["answer"])["body"],
            }
            for attempt in attempts
        ],
    }


def _message(row: Row, part: str) -> dict[str, Any]:
    return {
        "headers": journal.headers_of(row[f"{part}_headers"]),
        **_text(row[f"{part}_body"]),
        "length": row[f"{part}_length"],
        "sha256": _hash(row, part),
    }


def _hash(row: Row, part: str) -> str | None:
    """Return the hash of the whole body; None where only its length was kept."""
    if row[f"{part}_sha256"] is None:
        return sha256(row[f"{part}_body"]).hexdigest()
    return row[f"{part}_sha256"] or None


def _text(body: bytes) -> dict[str, str]:
    """Return a body as text, or in base64 where it is none."""
    try:
        return {"body": body.decode(), "encoding": "utf-8"}
    except UnicodeDecodeError as error:
        if len(body) == MAX_CAPTURE_BYTES and error.start > len(body) - 4:
            # A text that was cut inside its last character is a text all the same.
            return {"body": body[: error.start].decode(), "encoding": "utf-8"}
        return {"body": base64.b64encode(body).decode(), "encoding": "base64"}
