"""The WSGI application for schemathesis: a proxy, because the real one is created by a fixture."""

from collections.abc import Iterable
from typing import Any

from flask import Flask, jsonify

from mock_server.domain.call.calls import OWN_ROUTES
from mock_server.web import documents
from tests.contract.documents import DEFAULT


class Server:
    """Serves the documents; schemathesis requests nothing else before the first test."""

    def __init__(self) -> None:
        self._documents = Flask("documents")
        self._documents.register_blueprint(documents.blueprint(OWN_ROUTES))
        # The answers under the default readings only, without those of other readings.
        self._documents.add_url_rule("/default.json", "default", lambda: jsonify(DEFAULT.value))
        self.app: Flask | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return (self.app or self._documents)(environ, start_response)
