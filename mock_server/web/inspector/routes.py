"""Every route of the inspector: the pages, what is new on them, the frame's forms, the files."""

import re

from flask import Blueprint, Response, redirect, request

from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.usage_errors import ConflictError, NotFoundError, UsageError
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.web.inspector import (
    accounts,
    assets,
    bill,
    callbacks,
    calls,
    clock,
    coverage,
    documents,
    errors,
    failures,
    frame,
    inbox,
    language,
    live,
    sign_in,
    tasks,
)
from mock_server.web.inspector.frame import Inspector, address
from mock_server.web.inspector.live import Feed
from mock_server.web.inspector.page import NOBODY, Page, View
from mock_server.web.keys import FEED
from mock_server.web.paths import ADMIN, INSPECTOR

# The pages, in the order of the navigation: one row each.
PAGES = (
    calls.PAGE, tasks.PAGE, callbacks.PAGE, inbox.PAGE, bill.PAGE, failures.PAGE, coverage.PAGE,
    errors.PAGE, accounts.PAGE,
)  # fmt: skip
FIRST = PAGES[0].name
MARK = re.compile(r"[A-Za-z0-9._-]{1,100}")


def blueprint(simulator: Simulator) -> Blueprint:
    """Return the routes. The caller must let admin.refusal check each call first."""
    routes = Blueprint("inspector", __name__, url_prefix=ADMIN)
    inspector = Inspector(simulator=simulator, pages=PAGES)
    assets.add_routes(routes)
    sign_in.add_routes(routes, inspector)
    language.add_routes(routes)
    documents.add_routes(routes)
    clock.add_routes(routes, inspector)
    _add_ways_in(routes)
    _add_pages(routes, inspector)
    _add_news(routes, inspector)
    _add_complaints(routes, inspector)
    for page in PAGES:
        page.add_routes(routes, inspector)
    return routes


def _add_ways_in(routes: Blueprint) -> None:
    first = address(DEFAULT_ID, FIRST)
    for path in ("", "/", "/inspect", "/inspect/"):
        routes.add_url_rule(path, f"way_in_{path}", lambda: redirect(first, 302, Response))

    @routes.get("/inspect/<account_id>")
    def first_page(account_id: str) -> Response:
        return frame.to(address(account_id, FIRST))

    @routes.get("/inspect/go")
    def choose_account() -> Response:
        """Go to the same page of another account; a form without a script cannot make the path."""
        page = request.args.get("page", FIRST)
        chosen = request.args.get("account", "").strip() or DEFAULT_ID
        known = {each.name for each in PAGES if chosen != NOBODY or each.for_nobody}
        return frame.to(address(chosen, page if page in known else FIRST))


def _add_pages(routes: Blueprint, inspector: Inspector) -> None:
    @routes.get("/inspect/<account_id>/<page_name>")
    def show_page(account_id: str, page_name: str) -> Response:
        page = _page(inspector, account_id, page_name)

        def values(tx: Transaction, view: View) -> dict[str, object]:
            return {**page.top(tx, view), **live.page_values(tx, page, view, (page_name,))}

        return inspector.show(account_id, page_name, "page.html", values)

    @routes.get("/inspect/<account_id>/<page_name>/<key>")
    def show_one(account_id: str, page_name: str, key: str) -> Response:
        one = _page(inspector, account_id, page_name, key)

        def values(tx: Transaction, view: View) -> dict[str, object]:
            found = live.page_values(tx, one, view, (page_name, key))
            return {**found, "id": key, "list": address(account_id, page_name)}

        return inspector.show(account_id, page_name, "one.html", values, key=key)


def _add_news(routes: Blueprint, inspector: Inspector) -> None:
    @routes.get("/inspect/<account_id>/<page_name>/live", defaults={"key": ""})
    @routes.get("/inspect/<account_id>/<page_name>/<key>/live")
    def send_news(account_id: str, page_name: str, key: str) -> Response:
        feed = _feed(inspector, account_id, page_name, key)
        if not frame.is_served():
            raise ConflictError("only `serve` sends news; GET …/region asks for it")
        # A browser comes back to a stream that ends, again and again; to a refusal it does not.
        feed.check()
        if request.method == "GET":
            request.environ["asgi.scope"][FEED] = feed
        return Response(status=200, mimetype="text/event-stream")

    @routes.get("/inspect/<account_id>/<page_name>/region", defaults={"key": ""})
    @routes.get("/inspect/<account_id>/<page_name>/<key>/region")
    def ask_for_news(account_id: str, page_name: str, key: str) -> Response:
        feed = _feed(inspector, account_id, page_name, key)
        found = {each.name: each.html for each in feed.events()}
        if "region" not in found:
            return Response(status=204)
        steps = (page_name, key) if key else (page_name,)
        query = {**feed.browser.query, "mark": feed.since}
        url = address(account_id, *steps, "region", **query)
        return frame.html(live.asked_html(url, found["region"], found["clock"]))


def _feed(inspector: Inspector, account_id: str, page_name: str, key: str) -> Feed:
    """Return the feed that the browser asks for; a resumed one says what it has already."""
    since = request.headers.get("Last-Event-ID") or request.args.get("mark", "")
    return Feed(
        inspector=inspector,
        page=_page(inspector, account_id, page_name, key),
        account_id=account_id,
        browser=frame.asking(key),
        # A mark of ours; anything else is as if the browser had nothing yet.
        since=since if MARK.fullmatch(since) else "",
    )


def _page(inspector: Inspector, account_id: str, name: str, key: str = "") -> Page:
    """Return a page, or with a key that of one of its things. Raises NotFoundError."""
    page = inspector.page(name)
    if page is not None and not (account_id == NOBODY and not page.for_nobody):
        found = page.one if key else page
        if found is not None:
            return found
    raise NotFoundError(f"no such page here: {INSPECTOR}/ leads to the first one")


def _add_complaints(routes: Blueprint, inspector: Inspector) -> None:
    """Say on a page what is wrong with a request of a page."""

    @routes.errorhandler(NotFoundError)
    def not_found(error: NotFoundError) -> Response:
        return inspector.complain(str(error), 404)

    @routes.errorhandler(ConflictError)
    def conflict(error: ConflictError) -> Response:
        return inspector.complain(str(error), 409)

    @routes.errorhandler(UsageError)
    def wrong_use(error: UsageError) -> Response:
        return inspector.complain(str(error), 422)
