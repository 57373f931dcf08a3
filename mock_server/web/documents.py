"""The OpenAPI documents: `/openapi.json`, `/openapi.yaml`, and the one of the admin API."""

import json

from flask import Blueprint, Response

from mock_server import contract


def blueprint() -> Blueprint:
    """Return the routes of both documents."""
    routes = Blueprint("documents", __name__)

    @routes.get("/openapi.json")
    def openapi_json() -> Response:
        return _json("openapi")

    @routes.get("/openapi.yaml")
    def openapi_yaml() -> Response:
        return _yaml("openapi")

    @routes.get("/_mock/openapi.json")
    def admin_json() -> Response:
        return _json("admin.openapi")

    @routes.get("/_mock/openapi.yaml")
    def admin_yaml() -> Response:
        return _yaml("admin.openapi")

    return routes


def _json(name: str) -> Response:
    text = json.dumps(contract.document(name), ensure_ascii=False)
    return Response(text, mimetype="application/json")


def _yaml(name: str) -> Response:
    return Response(contract.document_text(name), mimetype="application/yaml")
