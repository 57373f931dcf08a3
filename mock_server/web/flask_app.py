"""The whole application as a Flask app: every route, for any WSGI server or test client.

`serve` answers the gateway's paths before they reach Flask (serving/asgi_app.py).
"""

from flask import Flask, Request, Response, request

from mock_server.simulator import Simulator
from mock_server.web import admin, documents, gateway_view, pictures, problems, short_links
from mock_server.web.paths import is_admin, is_ours


class AppRequest(Request):
    """A request whose `max_content_length` can be set, which Flask 3.0 does not allow."""

    max_content_length = None


def create_app(simulator: Simulator) -> Flask:
    """Return the application. It starts no thread; callbacks are sent by `settle`."""
    app = Flask("mock_server", static_folder=None)
    app.request_class = AppRequest
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map = app.url_map_class(merge_slashes=False)  # Werkzeug 3.0.0 ignores later changes
    app.register_blueprint(admin.blueprint(simulator))
    app.register_blueprint(pictures.blueprint(simulator))
    app.register_blueprint(short_links.blueprint(simulator))
    app.register_blueprint(documents.blueprint())
    problems.add_handlers(app)

    @app.before_request
    def gateway() -> Response | None:
        # One catch-all ahead of routing, so that no automatic OPTIONS, HEAD, redirect or 405
        # ever writes an answer in the gateway's name.
        if is_ours(request.path):
            return admin.refusal(simulator) if is_admin(request.path) else None
        return gateway_view.to_response(
            gateway_view.answer_call(simulator, gateway_view.read_call())
        )

    return app
