"""The page of errors: every error of the gateway, how a client meets it, and what it should do."""

from typing import Any

from flask import Blueprint, Response

from mock_server.actions.accounts import faults
from mock_server.actions.reports import coverage
from mock_server.contract import load_errors
from mock_server.domain.call.errors import ErrorRow
from mock_server.domain.contract.coverage import Group
from mock_server.store.engine.transaction import Transaction
from mock_server.web.inspector import frame
from mock_server.web.inspector.frame import Inspector, account_of, address
from mock_server.web.inspector.page import Page, View

# The fault that answers with an error of the table.
KIND = "gateway_error"


def _mark(tx: Transaction, view: View) -> str:
    return str(coverage.count(tx, account_of(view).id))


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    account_id = account_of(view).id
    covered = coverage.covered(tx, account_id)
    rows = load_errors(view.words.language).rows.values()
    return {
        "errors": [_line(row, covered, account_id) for row in rows],
        "arm": address(account_id, "errors", "arm"),
    }


def _line(row: ErrorRow, covered: dict[str, int | None], account_id: str) -> dict[str, Any]:
    item = f"{Group.ERRORS}/{row.code}"
    call_id = covered.get(item)
    return {
        "row": row,
        "is_met": item in covered,
        "call": call_id,
        "href": address(account_id, "calls", call_id) if call_id else None,
    }


def _add_routes(routes: Blueprint, inspector: Inspector) -> None:
    simulator = inspector.simulator

    @routes.post("/inspect/<account_id>/errors/arm")
    def arm_error(account_id: str) -> Response:
        code = frame.field("code", least=1, most=64)
        order = faults.read_order({"kind": KIND, "code": code, "calls": 1})
        simulator.database.run(lambda tx: faults.arm(tx, simulator, account_id, order))
        return frame.done(account_id, "errors", "armed")


PAGE = Page(name="errors", mark=_mark, region=_region, add_routes=_add_routes)
