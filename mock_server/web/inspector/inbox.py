"""The inbox: a receiver of callbacks to try with, which shows what came in.

Rule 1: it takes a post from anybody, with or without a token, as a client's receiver does; it
shows what came in only to whoever may see the pages.
Rule 2: what came in is bounded in number and size (domain/callback/inbox.py), and never believed.
"""

import json
import re
from typing import Any

from flask import Blueprint, Response, request

from mock_server.actions.callbacks import inbox as actions
from mock_server.actions.reports import call_list, reports
from mock_server.actions.reports.callback_facts import task_id_in
from mock_server.domain.account.accounts import Account
from mock_server.domain.call.calls import Call
from mock_server.domain.callback.inbox import MOST_KEPT, inbox_address
from mock_server.domain.usage_errors import NotFoundError
from mock_server.formatting import SHANGHAI, instant
from mock_server.store.engine.transaction import Row, Transaction
from mock_server.web import gateway_view
from mock_server.web.inspector import call_page, curl_line, frame
from mock_server.web.inspector.frame import Inspector, account_of, address
from mock_server.web.inspector.messages import message_of
from mock_server.web.inspector.page import Page, View

NAME = "inbox"
MOST_SHOWN = 20
MOST_BODY = 4096
# What has the form of an id is a link; nothing else that somebody sent is.
TASK_ID = re.compile(r"[0-9A-Za-z]{8,64}")


def _mark(tx: Transaction, view: View) -> str:
    return str(actions.last_id(tx, account_of(view).id))


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    account_id = account_of(view).id
    rows = actions.newest(tx, account_id, MOST_SHOWN + 1)
    return {
        "received": [_line(row, account_id) for row in rows[:MOST_SHOWN]],
        "zone": SHANGHAI.tzname(None),
        "has_more": len(rows) > MOST_SHOWN,
        "shown": MOST_SHOWN,
        "kept": MOST_KEPT,
        "empty_href": address(account_id, NAME, "empty"),
        "curl": None if rows else call_page.first_call(view, _address(view)),
    }


def _top(tx: Transaction, view: View) -> dict[str, Any]:  # noqa: ARG001 - see Page.top
    return {
        "call_back": _address(view),
        "submit": address(account_of(view).id, NAME, "submit"),
        "text": curl_line.FIRST_TEXT,
        "style_id": curl_line.FIRST_STYLE,
    }


def _address(view: View) -> str:
    return inbox_address(view.base_url, account_of(view).id)


def _line(row: Row, account_id: str) -> dict[str, Any]:
    said = task_id_in(row["request_body"]) or ""
    task_id = said if TASK_ID.fullmatch(said) else None
    message = message_of(row, "request", MOST_BODY)
    return {
        "id": row["id"],
        "at": instant(row["at"]),
        "message": message,
        "is_cut": len(message["shown"]) == MOST_BODY,
        "task_id": task_id,
        "task": address(account_id, "tasks", task_id) if task_id else None,
    }


def _add_routes(routes: Blueprint, inspector: Inspector) -> None:
    simulator = inspector.simulator

    @routes.post("/inbox/<account_id>")
    def take_callback(account_id: str) -> Response:
        headers = tuple((name, value) for name, value in request.headers.items())
        body = request.get_data()
        try:
            simulator.database.run(
                lambda tx: actions.take(tx, simulator, account_id, headers, body)
            )
        except NotFoundError as error:
            return Response(f"{error}\n", 404, mimetype="text/plain")
        return Response("received\n", 200, mimetype="text/plain")

    @routes.get("/inbox/<account_id>")
    def show_inbox(account_id: str) -> Response:
        return frame.to(address(account_id, NAME))

    _add_forms(routes, inspector)


def _add_forms(routes: Blueprint, inspector: Inspector) -> None:
    simulator = inspector.simulator

    @routes.post("/inspect/<account_id>/inbox/submit")
    def submit_task(account_id: str) -> Response:
        fields = {
            "text": frame.field("text", least=1),
            "style_id": frame.field("style_id", least=1, most=200),
        }
        account = simulator.database.read(
            lambda tx: account_of(inspector.view(tx, account_id, frame.asking()))
        )
        fields["call_back"] = inbox_address(frame.asking().base_url, account_id)
        answer = gateway_view.answer_call(simulator, _submit(account, fields))
        sent_id = dict(answer.headers).get("X-Ca-Request-Id")

        def made(tx: Transaction) -> tuple[int | None, bool]:
            found = call_list.just_made(tx, account_id, sent_id)
            return found, found is not None and reports.call(tx, found)["task_id"] is not None

        call_id, is_accepted = simulator.database.read(made)
        if is_accepted or call_id is None:
            return frame.done(account_id, NAME, "submitted" if is_accepted else "sent_again")
        return frame.done(account_id, "calls", "not_submitted", call_id)

    @routes.post("/inspect/<account_id>/inbox/empty")
    def empty_inbox(account_id: str) -> Response:
        simulator.database.run(lambda tx: actions.empty(tx, account_id))
        return frame.done(account_id, NAME, "inbox_emptied")


def _submit(account: Account, fields: dict[str, str]) -> Call:
    """Return a submit as a client of the account makes it."""
    body = json.dumps(fields).encode()
    return Call(
        method="POST",
        path="/submitTask",
        headers=(
            ("host", request.host),
            ("authorization", f"APPCODE {account.app_code}"),
            ("content-type", "application/json; charset=utf-8"),
            ("content-length", str(len(body))),
        ),
        body=body,
        scheme=request.scheme,
    )


PAGE = Page(name=NAME, mark=_mark, region=_region, top=_top, has_top=True, add_routes=_add_routes)
