"""The page of coverage: what of the contract the account's calls have met, and what not yet."""

from typing import Any

from mock_server.actions.reports import coverage as actions
from mock_server.contract import load_errors
from mock_server.domain.contract.coverage import Group
from mock_server.store.engine.transaction import Transaction
from mock_server.web.admin.coverage import coverage_json
from mock_server.web.inspector.frame import account_of, address
from mock_server.web.inspector.page import Page, View


def _mark(tx: Transaction, view: View) -> str:
    return str(actions.count(tx, account_of(view).id))


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    account_id = account_of(view).id
    found = coverage_json(actions.report(tx, view.simulator, account_id, ()))
    errors = load_errors(view.words.language).rows
    for part in found["groups"]:
        if part["group"] == Group.ERRORS:
            for each in part["items"]:
                each["how"] = errors[each["name"]].how or each["how"]
    return {"found": found, "calls": address(account_id, "calls")}


PAGE = Page(name="coverage", mark=_mark, region=_region)
