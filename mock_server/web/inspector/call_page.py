"""One call in full: request, answer, the wire, why; copied as curl, sent again."""

import json
from typing import Any

from flask import Blueprint, Response, request

from mock_server.actions.gateway import send_again
from mock_server.actions.reports import call_list, explain, reports
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import DEFAULT_APP_CODE
from mock_server.domain.auth.diagnosis.side_by_side import aligned
from mock_server.domain.call.wire_script import Delivered
from mock_server.formatting import SHANGHAI, instant
from mock_server.store.engine.transaction import Row, Transaction
from mock_server.translations import explanation_in, say_in
from mock_server.web import gateway_view
from mock_server.web.inspector import curl_line, frame
from mock_server.web.inspector.frame import Inspector, address, number_of
from mock_server.web.inspector.messages import message_of
from mock_server.web.inspector.page import NOBODY, Page, View, digest
from mock_server.words.sentences import Say

NOBODYS_CODE = "never-issued"


def add_routes(routes: Blueprint, inspector: Inspector) -> None:
    """Add the routes of one call."""
    simulator = inspector.simulator

    @routes.post("/inspect/<account_id>/calls/<int:call_id>/again")
    def send_call_again(account_id: str, call_id: int) -> Response:
        call = simulator.database.read(
            lambda tx: send_again.call_of(tx, simulator, reports.call(tx, call_id), request.scheme)
        )
        answer = gateway_view.answer_call(simulator, call)
        sent_id = dict(answer.headers).get("X-Ca-Request-Id")
        found = simulator.database.read(lambda tx: call_list.just_made(tx, account_id, sent_id))
        if found is None:  # its answer was lost, as ordered: it is the first of the list
            return frame.done(account_id, "calls", "sent_again")
        return frame.done(account_id, "calls", "sent_again", found)


def first_call(view: View, call_back: str | None = None) -> dict[str, str]:
    """Return a command for an empty page, which makes the first call of the account, and where its
    app code is shown; no app code of a person is in the command. Calls that name no account are
    made with a code that nobody has.
    """
    account = view.account
    if account is None:
        return {"line": curl_line.first_submit(view.base_url, NOBODYS_CODE), "code": ""}
    if _is_public(account.id, account.app_code):
        return {"line": curl_line.first_submit(view.base_url, account.app_code, call_back),
                "code": ""}  # fmt: skip
    line = curl_line.first_submit(view.base_url, None, call_back)
    return {"line": line, "code": address(account.id, "accounts")}


def _is_public(account_id: str, app_code: str) -> bool:
    """Whether an app code is in the documentation, so that nothing is given away."""
    return app_code in (DEFAULT_APP_CODE, account_id) or account_id == DEFAULT_ID


def _mark(tx: Transaction, view: View) -> str:
    row = reports.call(tx, number_of(view))
    # What is found out later: about a signature, and whether the client heard the answer.
    return digest(row["findings"], row["sent"])


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    simulator = view.simulator
    row = reports.call(tx, number_of(view))
    shown_id = row["account"] or NOBODY
    return {
        "call": row,
        "at": instant(row["at"]),
        "zone": SHANGHAI.tzname(None),
        "is_elsewhere": (view.account_id or NOBODY) != shown_id,
        "elsewhere": address(shown_id, "calls", row["id"]),
        "request": message_of(row, "request"),
        "answer": message_of(row, "answer"),
        "sent": json.loads(row["sent"]) if row["sent"] else None,
        "why": explanation_in(explain.explain(tx, simulator, row), view.words.language),
        "kind": sent_kind(row["sent"]),
        "strings": _strings(row, say_in(view.words.language)),
        # What the journal did not keep whole has a checksum.
        "curl": None if row["request_sha256"] else curl_line.of_call(row, view.base_url),
        "is_signed": send_again.is_signed(row),
        "why_not_again": send_again.why_not(row),
        "again": address(shown_id, "calls", row["id"], "again"),
        "task": address(shown_id, "tasks", row["task_id"]) if row["account"] else None,
        "of_task": address(shown_id, "calls", task=row["task_id"]) if row["task_id"] else None,
    }


def _strings(row: Row, say: Say) -> dict[str, Any] | None:
    """Return the two strings to sign, side by side, if a refused signature was explained; that of
    the server alone where it was not found out what the client has signed.
    """
    for each in json.loads(row["findings"]):
        if each.get("server_string") is None:
            continue
        ours, theirs = each["server_string"], each.get("client_string")
        if theirs is None:
            return {"both": False, "text": ours}
        return {"both": True, "text": aligned(ours, theirs, say)}
    return None


def sent_kind(sent: str | None) -> str | None:
    """Return what went over the wire, unless it was the answer itself."""
    what = json.loads(sent)["what"] if sent else None
    return None if what in (None, Delivered.WHOLE) else what


PAGE = Page(name="call", mark=_mark, region=_region)
