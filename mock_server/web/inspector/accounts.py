"""The page of accounts: switch, create, reset, delete; credentials for a client in any language."""

from typing import Any

from flask import Blueprint, Response

from mock_server import contract
from mock_server.actions.accounts import accounts as actions
from mock_server.actions.reports import account_names
from mock_server.client_environment import LANGUAGES, client_environment, lines_of
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import Account
from mock_server.domain.usage_errors import UsageError
from mock_server.store.engine.transaction import Transaction
from mock_server.web.admin.accounts import wish_of
from mock_server.web.inspector import frame, live
from mock_server.web.inspector.frame import Inspector, account_of, address
from mock_server.web.inspector.page import Page, View


def _mark(tx: Transaction, view: View) -> str:  # noqa: ARG001 - see Page.mark
    return account_names.mark(tx)


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    lines = account_names.lines(tx, view.simulator)
    return {
        "lines": [{"account": each, "href": address(each.id, "accounts")} for each in lines],
        "shown_id": account_of(view).id,
        "most": account_names.MOST,
    }


def _top(tx: Transaction, view: View) -> dict[str, Any]:  # noqa: ARG001 - see Page.top
    account = account_of(view)
    return {
        "shown": account,
        "environment": None,
        "reveal": address(account.id, "accounts", "reveal"),
        "create": address(account.id, "accounts", "create"),
        "reset": address(account.id, "accounts", "reset"),
        "delete": None if account.id == DEFAULT_ID else address(account.id, "accounts", "delete"),
    }


def _environment(view: View, account: Account) -> dict[str, str]:
    """Return the lines that configure a client, by language."""
    credentials = {
        "app_code": account.app_code, "app_key": account.app_key, "app_secret": account.app_secret,
    }  # fmt: skip
    found = client_environment(view.base_url, credentials)
    return {language: lines_of(found, language) for language in LANGUAGES}


def _add_routes(routes: Blueprint, inspector: Inspector) -> None:
    simulator = inspector.simulator

    @routes.post("/inspect/<account_id>/accounts/reveal")
    def reveal(account_id: str) -> Response:
        """Show the credentials: the answer to a form, so no address ever leads to them."""

        def values(tx: Transaction, view: View) -> dict[str, Any]:
            shown = {**_top(tx, view), "environment": _environment(view, account_of(view))}
            return {**shown, **live.page_values(tx, PAGE, view, (PAGE.name,))}

        return inspector.show(account_id, PAGE.name, "page.html", values)

    @routes.post("/inspect/<account_id>/accounts/create")
    def create(account_id: str) -> Response:  # noqa: ARG001 - the page that has the form
        wish = wish_of(_wanted())
        made = simulator.database.run(lambda tx: actions.create(tx, simulator, wish))
        return frame.done(made.id, PAGE.name, "account_created")

    @routes.post("/inspect/<account_id>/accounts/reset")
    def reset(account_id: str) -> Response:
        frame.must_be_sure()
        simulator.database.run(lambda tx: actions.reset(tx, simulator, account_id))
        return frame.done(account_id, PAGE.name, "account_reset")

    @routes.post("/inspect/<account_id>/accounts/delete")
    def delete(account_id: str) -> Response:
        frame.must_be_sure()
        simulator.database.run(lambda tx: actions.delete(tx, simulator, account_id))
        return frame.done(DEFAULT_ID, PAGE.name, "account_deleted")


def _wanted() -> dict[str, Any]:
    """Return the body of the admin route that the form stands for. Raises UsageError."""
    body: dict[str, Any] = {}
    for name in ("name", "app_code"):
        if value := frame.field(name, most=200):
            body[name] = value
    for name in ("credits", "seed"):
        if value := frame.field(name, most=20):
            body[name] = frame.whole(name, value)
    if wrong := contract.misfits("NewAccount", body):
        raise UsageError(wrong)
    return body


PAGE = Page(
    name="accounts", mark=_mark, region=_region, top=_top, has_top=True, add_routes=_add_routes
)
