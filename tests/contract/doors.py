"""The WSGI door that schemathesis calls: its application comes and goes with a fixture."""

from collections.abc import Iterable
from typing import Any

from flask import Flask

from mock_server.web import documents


class Door:
    """Serves the documents, which is all that is asked for before the first test."""

    def __init__(self) -> None:
        self._documents = Flask("documents")
        self._documents.register_blueprint(documents.blueprint())
        self.app: Flask | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return (self.app or self._documents)(environ, start_response)
