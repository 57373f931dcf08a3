"""Why a call was answered and charged as it was: from what was recorded when that was decided.

The same explanation is in `GET /_mock/calls/{id}/explain`, in `artqr-mock explain` and on the page
of the call. It only reads.
"""

import json
from typing import Any

from mock_server.actions.reports import findings
from mock_server.contract import fault_texts
from mock_server.domain.billing.charges import CHARGE_TEXT, Charge
from mock_server.simulator import Simulator
from mock_server.store import billing as billing_rows
from mock_server.store.engine.transaction import Row, Transaction


def explain(tx: Transaction, simulator: Simulator, row: Row) -> dict[str, Any]:
    """Return why a call was answered as it was, as JSON."""
    rows = simulator.catalogue
    return {
        "call": row["id"],
        "error": _error(simulator, row),
        "charge": _charge(tx, row),
        "faults": [_fault(each) for each in json.loads(row["faults"])],
        "findings": findings.worded(row["findings"], rows.findings),
    }


def _error(simulator: Simulator, row: Row) -> dict[str, Any] | None:
    """Return the row of the gateway's error that the client saw; None if it saw none."""
    found = simulator.catalogue.errors.rows.get(row["error_code"] or "")
    if found is None:
        return None
    return {"code": found.code, "how": found.how, "advice": found.advice, "means": found.means}


def _charge(tx: Transaction, row: Row) -> dict[str, Any]:
    package = billing_rows.paid_by(tx, row["account"], row["id"])
    return {
        "charged": row["charge"] == Charge.CHARGED,
        "fen": row["fen"],
        "reason": CHARGE_TEXT[Charge(row["charge"])],
        "package": package,
    }


def _fault(kept: dict[str, Any]) -> dict[str, Any]:
    says = fault_texts().get(kept["kind"])
    return {"id": kept["id"], "kind": kept["kind"], "says": says}
