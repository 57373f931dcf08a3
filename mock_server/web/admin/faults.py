"""Faults: arm, list and disarm them."""

from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions.accounts import faults as actions
from mock_server.domain.faults.kinds import parameters_of
from mock_server.domain.faults.rules import Rule, given
from mock_server.simulator import Simulator
from mock_server.web.admin.parsing import object_of


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of faults."""
    run, read = simulator.database.run, simulator.database.read

    @routes.get("/accounts/<account_id>/faults")
    def list_faults(account_id: str) -> Response:
        found = read(lambda tx: actions.listed(tx, account_id))
        return jsonify(faults=[fault_json(fault) for fault in found])

    @routes.post("/accounts/<account_id>/faults")
    def arm_fault(account_id: str) -> tuple[Response, int]:
        order = actions.read_order(object_of())
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


def fault_json(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON: its order, and how often it was seen and fired."""
    return {
        "code": None,
        "remark": None,
        "operation": None,
        **parameters_of(rule.fault),
        **given(rule.match),
        "id": rule.id,
        "stage": rule.kind.stage,
        "kind": rule.kind.name,
        "starts_at": rule.starts_at,
        "expires_at": rule.expires_at,
        "calls_left": rule.calls_left,
        "seen": rule.seen,
        "hits": rule.hits,
    }
