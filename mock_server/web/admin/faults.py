"""Failures on order: arm, list, disarm."""

from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions import faults as actions
from mock_server.actions.faults import Order
from mock_server.domain.calls import Operation
from mock_server.domain.faults import Fault, Kind
from mock_server.simulator import Simulator
from mock_server.web.admin.inputs import body_of


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of faults."""
    run, read = simulator.database.run, simulator.database.read

    @routes.get("/accounts/<account_id>/faults")
    def list_faults(account_id: str) -> Response:
        found = read(lambda tx: actions.listed(tx, account_id))
        return jsonify(faults=[fault_json(fault) for fault in found])

    @routes.post("/accounts/<account_id>/faults")
    def arm_fault(account_id: str) -> tuple[Response, int]:
        order = _order(body_of("NewFault"))
        fault = run(lambda tx: actions.arm(tx, simulator, account_id, order))
        return jsonify(fault_json(fault)), 201

    @routes.delete("/accounts/<account_id>/faults")
    def disarm_all(account_id: str) -> tuple[str, int]:
        run(lambda tx: actions.disarm(tx, account_id))
        return "", 204

    @routes.delete("/accounts/<account_id>/faults/<int:fault_id>")
    def disarm_fault(account_id: str, fault_id: int) -> tuple[str, int]:
        run(lambda tx: actions.disarm(tx, account_id, fault_id))
        return "", 204


def fault_json(fault: Fault) -> dict[str, Any]:
    """Return a rule as the admin API shows it; `calls_left` null is every call."""
    return {
        "id": fault.id,
        "kind": fault.kind,
        "code": fault.what if fault.kind is Kind.GATEWAY_ERROR else None,
        "remark": fault.what if fault.kind is Kind.REFUSAL else None,
        "operation": fault.operation,
        "calls_left": fault.calls_left,
        "hits": fault.hits,
    }


def _order(body: dict[str, Any]) -> Order:
    operation = body.get("operation")
    return Order(
        kind=Kind.GATEWAY_ERROR if "code" in body else Kind.REFUSAL,
        what=body["code"] if "code" in body else body["remark"],
        operation=Operation(operation) if operation else None,
        calls=body.get("calls"),
    )
