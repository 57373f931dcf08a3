"""The WSGI door that schemathesis calls: its application comes and goes with a fixture."""

from collections.abc import Iterable
from typing import Any

from flask import Flask, jsonify

from mock_server.web import documents
from tests.contract.documents import DEFAULT


class Door:
    """Serves the documents, which is all that is asked for before the first test."""

    def __init__(self) -> None:
        self._documents = Flask("documents")
        self._documents.register_blueprint(documents.blueprint())
        # What the vendor answers under the default readings: what may be otherwise is left out.
        self._documents.add_url_rule("/default.json", "default", lambda: jsonify(DEFAULT.value))
        self.app: Flask | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return (self.app or self._documents)(environ, start_response)
