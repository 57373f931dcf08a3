"""The OpenAPI documents: `/openapi.json`, `/openapi.yaml`, and the one of the admin API.

The first one has the operations where this server has them.
"""

import json
from typing import Any

from flask import Blueprint, Response

from mock_server import contract
from mock_server.domain.call.calls import Routes


def blueprint(served: Routes) -> Blueprint:
    """Return the routes of both documents."""
    routes = Blueprint("documents", __name__)

    @routes.get("/openapi.json")
    def openapi_json() -> Response:
        return _json(contract.document_at(served))

    @routes.get("/openapi.yaml")
    def openapi_yaml() -> Response:
        return _yaml(contract.text_at(served))

    @routes.get("/_mock/openapi.json")
    def admin_json() -> Response:
        return _json(contract.document("admin.openapi"))

    @routes.get("/_mock/openapi.yaml")
    def admin_yaml() -> Response:
        return _yaml(contract.document_text("admin.openapi"))

    return routes


def _json(document: dict[str, Any]) -> Response:
    text = json.dumps(document, ensure_ascii=False)
    return Response(text, mimetype="application/json")


def _yaml(text: str) -> Response:
    return Response(text, mimetype="application/yaml")
