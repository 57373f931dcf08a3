"""The whole application as a Flask app: every route, for any WSGI server or test client.

`serve` answers the gateway's paths before they reach Flask (serving/asgi_app.py).
"""

import threading

from flask import Flask, Request, Response, request
from werkzeug.routing import Map, RuleFactory

from mock_server.simulator import Simulator
from mock_server.web import admin, documents, gateway_view, pictures, problems, short_links
from mock_server.web.inspector import routes as inspector
from mock_server.web.inspector import sign_in
from mock_server.web.inspector.frame import to
from mock_server.web.paths import ADMIN, is_admin, is_ours, opens_inspector


class AppRequest(Request):
    """A request whose `max_content_length` can be set, which Flask 3.0 does not allow."""

    max_content_length = None


class _SharedRoutes(Map):
    """The routes of every application of this process, which are the same.

    To compile them takes most of the time of `create_app`; which view answers is each app's own.
    """

    def __init__(self) -> None:
        super().__init__(merge_slashes=False)
        self._known: set[str] = set()
        self._adding = threading.Lock()

    def add(self, rulefactory: RuleFactory) -> None:
        """Add rules, unless an earlier application did."""
        with self._adding:
            for rule in rulefactory.get_rules(self):
                words = f"{rule.rule} {rule.endpoint} {sorted(rule.methods or ())}"
                if words not in self._known:
                    super().add(rule)
                    self._known.add(words)


_ROUTES = _SharedRoutes()


def create_app(simulator: Simulator) -> Flask:
    """Return the application. It starts no thread; callbacks are sent by `settle`."""
    app = Flask("mock_server", static_folder=None)
    app.request_class = AppRequest
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map = _ROUTES
    app.register_blueprint(admin.blueprint(simulator))
    app.register_blueprint(inspector.blueprint(simulator))
    app.register_blueprint(pictures.blueprint(simulator))
    app.register_blueprint(short_links.blueprint(simulator))
    app.register_blueprint(documents.blueprint(simulator.routes))
    problems.add_handlers(app, simulator)

    @app.before_request
    def gateway() -> Response | None:
        # One catch-all ahead of routing, so that no automatic OPTIONS, HEAD, redirect or 405
        # ever writes an answer in the gateway's name.
        if is_ours(request.path):
            return _refused(simulator) if is_admin(request.path) else None
        if opens_inspector(request.method, request.path, request.headers.get("Accept", "")):
            return to(ADMIN + "/")
        return gateway_view.to_response(
            gateway_view.answer_call(simulator, gateway_view.read_call())
        )

    return app


def _refused(simulator: Simulator) -> Response | None:
    """Return why a call may not use our own routes; a browser is asked for the token."""
    refused = admin.refusal(simulator)
    if refused is not None and refused.status_code == 401 and sign_in.is_browser(request):
        return sign_in.form(status=401)
    return refused
