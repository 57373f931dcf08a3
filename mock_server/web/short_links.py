"""Short links: 302 to the text of the task, 410 after they expired, 404 if there never was one."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response
from werkzeug.datastructures import Headers

from mock_server.actions.operations import pictures, short_links
from mock_server.actions.operations.pictures import Fetch
from mock_server.domain.call.calls import Answer, Operation
from mock_server.simulator import Simulator
from mock_server.web.gateway_view import read_call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


def blueprint(simulator: Simulator) -> Blueprint:
    """Return the route of the short links."""
    routes = Blueprint("short_links", __name__)

    @routes.get("/s/<code>")
    def follow(code: str) -> Response:
        found = simulator.database.read(lambda tx: short_links.find(tx, simulator, code))
        response = _leading(found.target) if found else _text(404, "no such short link")
        fetch = Fetch(
            operation=Operation.FOLLOW_SHORT_LINK,
            account=found.link.account if found else "",
            task_id=found.link.task_id if found else None,
        )
        answer = Answer(
            status=response.status_code,
            headers=tuple(response.headers),
            body=response.get_data(),
        )
        call = read_call()
        simulator.database.run(lambda tx: pictures.book(tx, simulator, fetch, call, answer))
        return response

    return routes


class _Leading(Response):
    """A redirect to exactly this address: werkzeug would normalise the address, or fail on it."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """Return the headers with the address unchanged."""
        target = self.headers.pop("Location")
        headers = super().get_wsgi_headers(environ)
        self.headers["Location"] = headers["Location"] = target
        return headers


def _leading(target: str | None) -> Response:
    if target is None:  # claim short-link-lifetime
        return _text(410, "this short link has expired after 24 hours")
    response = _Leading(f"{target}\n", 302, mimetype="text/plain")
    response.cache_control.no_store = True
    # A header is ASCII: other characters are percent-encoded, and nothing else changes.
    response.headers["Location"] = quote(target, safe=VISIBLE)
    return response


def _text(status: int, text: str) -> Response:
    response = Response(f"{text}\n", status, mimetype="text/plain")
    response.cache_control.no_store = True
    return response
