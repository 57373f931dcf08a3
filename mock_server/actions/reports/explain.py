"""Why a call was answered and charged as it was: from what was recorded when that was decided.

The same explanation is in `GET /_mock/calls/{id}/explain`, in `artqr-mock explain` and on the page
of the call. It only reads.
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from mock_server.actions.reports import findings
from mock_server.contract import fault_texts, load_toml
from mock_server.domain.billing.charges import CHARGE_TEXT, Charge
from mock_server.domain.call import answer_rules
from mock_server.simulator import Simulator
from mock_server.store import billing as billing_rows
from mock_server.store.engine.transaction import Row, Transaction

# What the reason of a charge rests on; the journal keeps the readings with another value.
CHARGE_CLAIMS = {
    Charge.CHARGED: ("billing-only-200", "billing-polls", "packages-order"),
    Charge.NOT_200: ("billing-only-200",),
    Charge.NOT_METERED: ("billing-polls",),
    Charge.NEVER: (),
}
CHARGE_READINGS = {
    Charge.CHARGED: ("charge.polls", "packages.order"),
    Charge.NOT_200: (),
    Charge.NOT_METERED: ("charge.polls",),
    Charge.NEVER: (),
}


def explain(tx: Transaction, simulator: Simulator, row: Row) -> dict[str, Any]:
    """Return why a call was answered as it was, as JSON (schema Explanation)."""
    rule_id, changed = answer_rules.read(row["ground"])
    rule = simulator.catalogue.answer_rules.get(rule_id)
    error = _error(simulator, row)
    claims = [*(rule.claims if rule else ()), *([error.pop("claim")] if error else [])]
    charge = Charge(row["charge"])
    by_charge = CHARGE_READINGS[charge]
    by_rule = [*(rule.readings if rule else ()), *sorted(set(changed) - {*by_charge, *_of(rule)})]
    return {
        "call": row["id"],
        "account": row["account"] or None,
        "status": row["status"] or None,
        "rule": {
            "id": rule_id,
            "step": rule.step if rule else None,
            "says": rule.says if rule else "Another version of artqr-mock has the words.",
            "claims": _claims(claims),
            "readings": _readings(by_rule, changed),
        },
        "error": error,
        "charge": {
            "charged": charge == Charge.CHARGED,
            "fen": row["fen"],
            "reason": CHARGE_TEXT[charge],
            "package": billing_rows.paid_by(tx, row["account"], row["id"]),
            "claims": _claims(CHARGE_CLAIMS[charge]),
            "readings": _readings(by_charge, changed),
        },
        "faults": [_fault(each) for each in json.loads(row["faults"])],
        "sent": json.loads(row["sent"]) if row["sent"] else None,
        "findings": findings.worded(row["findings"], simulator.catalogue.findings),
    }


def _of(rule: answer_rules.AnswerRuleRow | None) -> tuple[str, ...]:
    return rule.readings if rule else ()


def _error(simulator: Simulator, row: Row) -> dict[str, Any] | None:
    """Return the row of the gateway's error that the client saw; None if it saw none."""
    found = simulator.catalogue.errors.rows.get(row["error_code"] or "")
    if found is None:
        return None
    return {
        "code": found.code, "how": found.how or None, "advice": found.advice, "means": found.means,
        "claim": found.claim,
    }  # fmt: skip


def _fault(kept: dict[str, Any]) -> dict[str, Any]:
    return {"id": kept["id"], "kind": kept["kind"], "says": fault_texts().get(kept["kind"])}


def _claims(ids: Iterable[str]) -> list[dict[str, str]]:
    rows = _claim_rows()
    return [
        {name: rows[each][name] for name in ("id", "says", "certainty", "evidence")}
        for each in dict.fromkeys(ids)
        if each in rows
    ]


def _readings(ids: Iterable[str], changed: dict[str, str]) -> list[dict[str, Any]]:
    """Return readings with the value that they had when the answer was decided."""
    rows = _reading_rows()
    return [
        {
            "id": each,
            "question": rows[each]["question"],
            "value": changed.get(each, rows[each]["default"]),
            "default": rows[each]["default"],
            "alternatives": rows[each]["alternatives"],
            "certainty": rows[each]["certainty"],
        }
        for each in dict.fromkeys(ids)
        if each in rows
    ]


@cache
def _claim_rows() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in load_toml("claims.toml")["claim"]}


@cache
def _reading_rows() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in load_toml("readings.toml")["reading"]}
