"""The page of calls: what the client did, the newest first, and one call in full."""

import json
from collections.abc import Mapping
from typing import Any

from mock_server.actions.reports import call_list
from mock_server.actions.reports.call_list import NEWEST, CallPage
from mock_server.actions.reports.call_list import PAGE as PAGE_SIZE
from mock_server.domain.billing.charges import Charge
from mock_server.domain.call import answer_rules
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import SEVERITIES, FindingRows
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import SHANGHAI, instant
from mock_server.store.call_search import CallSearch
from mock_server.store.engine.transaction import Row, Transaction
from mock_server.web.inspector import call_page
from mock_server.web.inspector.frame import MAX_DIGITS, address, chosen, number_in
from mock_server.web.inspector.page import NOBODY, Page, View

MOST_TEXT = 200
# What decided an answer is not named in the list where everything went well.
OF_SUCCESS = (AnswerRule.SERVED, AnswerRule.PICTURE)
MOST_PATH = 120
FILTERS = ("operation", "status", "charged", "finding", "task", "text", "before")
# The classes of answers that a person can choose, with the first and the last status of each.
CLASSES = {
    "none": (0, 0),
    "2xx": (200, 299),
    "4xx": (400, 499),
    "5xx": (500, 599),
}


def _mark(tx: Transaction, view: View) -> str:
    """Return the last call, with how many there were in all, and what late findings change."""
    grown = call_list.growth(tx, view.account_id)
    return f"{grown.last_id}.{grown.seen}.{grown.bytes}"


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    query = view.query
    before = number_in(query, "before", NEWEST)
    text = chosen(query, "text")[:MOST_TEXT]
    found = call_list.page(tx, view.account_id, _search(view), text=text, before=before)
    shown_id = view.account_id or NOBODY
    rows = view.simulator.catalogue.findings
    is_filtered = any(chosen(query, name) for name in FILTERS[:-1])
    return {
        "calls": [line_of(row, rows, shown_id) for row in found.rows],
        "zone": SHANGHAI.tzname(None),
        "is_filtered": is_filtered,
        "is_first": before == NEWEST,
        "newest": address(shown_id, "calls", **{**query, "before": "", "said": ""}),
        "further": further(found, shown_id, query),
        "found": found,
        "sampled": None if is_filtered else _sampled(found, view.since),
        "curl": None if found.growth.seen else call_page.first_call(view),
        "nobody": view.account is None,
    }


def _top(tx: Transaction, view: View) -> dict[str, Any]:  # noqa: ARG001 - see Page.top
    given = {name: chosen(view.query, name) for name in FILTERS}
    findings = sorted(view.simulator.catalogue.findings)
    return {
        "given": given,
        "operations": [str(each) for each in Operation],
        "classes": list(CLASSES),
        "finding_ids": findings,
        "clear": address(view.account_id or NOBODY, "calls"),
        "is_open": any(given[name] for name in FILTERS[:-1]),
    }


PAGE = Page(
    name="calls",
    mark=_mark,
    region=_region,
    top=_top,
    has_top=True,
    add_routes=call_page.add_routes,
    for_nobody=True,
    one=call_page.PAGE,
)


def further(found: CallPage, shown_id: str, query: Mapping[str, str]) -> str | None:
    """Return the address of the calls before; None at the end of the journal."""
    if found.before is None:
        return None
    return address(shown_id, "calls", **{**query, "before": found.before, "said": ""})


def _search(view: View) -> CallSearch:
    """Return what the address asks for. Raises UsageError."""
    query = view.query
    operation, finding = chosen(query, "operation"), chosen(query, "finding")
    if operation and operation not in set(Operation):
        raise UsageError(unknown("operation", operation, Operation))
    known = view.simulator.catalogue.findings
    if finding and finding not in known:
        raise UsageError(unknown("finding", finding, known))
    charged = chosen(query, "charged")
    if charged not in ("", "yes", "no"):
        raise UsageError(unknown("value of charged", charged, ("yes", "no")))
    return CallSearch(
        operation=operation or None,
        statuses=_statuses(chosen(query, "status")),
        charged={"": None, "yes": True, "no": False}[charged],
        task_id=chosen(query, "task") or None,
        finding=finding or None,
    )


def _statuses(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    if text in CLASSES:
        return CLASSES[text]
    if len(text) == 3 and text.isascii() and text.isdigit():
        return int(text), int(text)
    raise UsageError(
        f"{text[:64]!r} is no status: write three digits such as 450, or {', '.join(CLASSES)}"
    )


def line_of(row: Row, rows: FindingRows, shown_id: str) -> dict[str, Any]:
    """Return a call as a row of a table."""
    ids = [] if row["findings"] == "[]" else json.loads(row["findings"])
    rule, _ = answer_rules.read(row["ground"])
    return {
        "id": row["id"],
        "href": address(shown_id, "calls", row["id"]),
        "at": instant(row["at"]),
        "operation": row["operation"],
        "method": row["method"],
        "path": row["path"][:MOST_PATH],
        "status": row["status"],
        "tone": tone(row["status"]),
        "code": row["error_code"],
        "rule": None if rule in OF_SUCCESS else rule,
        "fen": row["fen"] if row["charge"] == Charge.CHARGED else None,
        "task_id": row["task_id"],
        "findings": len(ids),
        "worst": worst(ids, rows),
        "faults": [each["kind"] for each in json.loads(row["faults"])],
        "sent": call_page.sent_kind(row["sent"]),
    }


def tone(status: int) -> str:
    """Return the tone of an answer: good, refused, ours, or none at all."""
    if status == 0:
        return "odd"
    return "good" if status < 400 else "bad"


def worst(findings: list[dict[str, Any]], rows: FindingRows) -> str | None:
    """Return the worst severity of the findings that a row keeps; None without one."""
    found = set()
    for each in findings:
        row = rows.get(each["id"])
        found.add("error" if each.get("refused") or row is None else str(row.severity))
    return next((each for each in SEVERITIES if each in found), None)


def _sampled(found: CallPage, since: str) -> dict[str, int] | None:
    """Return how many calls came since the last look, if a page cannot show them all."""
    seen = since.split(".")[1:2]
    is_known = bool(seen) and seen[0].isascii() and seen[0].isdigit() and len(seen[0]) <= MAX_DIGITS
    came = found.growth.seen - int(seen[0]) if is_known else 0
    if came <= PAGE_SIZE:
        return None
    return {"shown": len(found.rows), "came": came, "one_in": round(came / PAGE_SIZE)}
