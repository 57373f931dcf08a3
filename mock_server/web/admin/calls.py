"""Calls: those of an account, and those without an account."""

import json
from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions.gateway.signature_review import wait_for_reviews
from mock_server.actions.reports import findings, reports
from mock_server.domain.billing.charges import CHARGE_TEXT, Charge
from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import FindingRows
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Row
from mock_server.store.journal import CallFilter
from mock_server.web.admin.http_message import message_json
from mock_server.web.admin.parsing import MAX_ID, MAX_PAGE, before_of, flag, id_of, query_of, whole

CALL_FILTERS = ("operation", "status", "charged", "after", "limit", "before", "task_id")


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of calls."""
    read, rows = simulator.database.read, simulator.catalogue.findings

    def calls(account_id: str | None) -> Response:
        wanted = _filter()
        wait_for_reviews(simulator, account_id)
        found, dropped = read(lambda tx: reports.calls(tx, account_id, wanted))
        full = bool(found) and len(found) == wanted.limit and wanted.before is None
        return jsonify(
            calls=[call_json(row, rows) for row in found],
            next=found[-1]["id"] if full else None,
            dropped=dropped,
        )

    def get_call(call_id: str) -> Response:
        number = id_of(call_id, "call")
        wait_for_reviews(simulator, read(lambda tx: reports.call(tx, number))["account"])
        found = read(lambda tx: reports.call(tx, number))
        return jsonify(call_json(found, rows))

    routes.add_url_rule("/calls", "list_nobodys_calls", lambda: calls(None))
    routes.add_url_rule("/calls/<call_id>", "get_call", get_call)
    routes.add_url_rule("/accounts/<account_id>/calls", "list_calls", calls)


def _filter() -> CallFilter:
    query = query_of(CALL_FILTERS)
    operation = query.get("operation")
    if operation is not None and operation not in set(Operation):
        raise UsageError(unknown("operation", operation, Operation))
    status = whole(query, "status", default=0, most=599)
    return CallFilter(
        operation=operation,
        status=status or None,
        charged=flag(query, "charged"),
        task_id=query.get("task_id"),
        after=whole(query, "after", default=0, most=MAX_ID),
        before=before_of(query),
        limit=whole(query, "limit", default=100, most=MAX_PAGE, least=1),
    )


def call_json(row: Row, rows: FindingRows) -> dict[str, Any]:
    """Return a journalled call as JSON; `rows` have the words of its findings."""
    return {
        "id": row["id"],
        "at": row["at"],
        "real_at": row["real_at"],
        "jumped_ms": row["jumped_ms"],
        "held_ms": row["held_ms"],
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
        "request": message_json(row, "request"),
        "answer": message_json(row, "answer"),
        "faults": json.loads(row["faults"]),
        "sent": json.loads(row["sent"]) if row["sent"] else None,
        "findings": findings.worded(row["findings"], rows),
    }
