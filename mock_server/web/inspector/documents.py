"""The OpenAPI documents of both APIs in a viewer, with which a person can call this server.

Rule 1: the viewer calls this server only: its policy allows no other, and it runs no code but its
own file, without eval. It writes styles, so these pages alone allow inline styles.
Rule 2: what it shows is ours, never what a client sent.
"""

from flask import Blueprint, Response, redirect, request

from mock_server.domain.usage_errors import NotFoundError
from mock_server.pages.environment import render
from mock_server.web.inspector import assets, frame
from mock_server.web.inspector.words import wanted
from mock_server.web.paths import INSPECTOR, VIEWER

# The documents by the last part of their address.
SOURCES = {"api": "/openapi.json", "admin": "/_mock/openapi.json"}
FIRST = "api"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def add_routes(routes: Blueprint) -> None:
    """Add the routes of the viewer."""
    for path in ("/docs", "/docs/"):
        routes.add_url_rule(
            path, f"viewer_{path}", lambda: redirect(f"{VIEWER}/{FIRST}", 302, Response)
        )

    @routes.get("/docs/<name>")
    def show_document(name: str) -> Response:
        if name not in SOURCES:
            raise NotFoundError(f"no such document: there are {' and '.join(SOURCES)}")
        answer = frame.html(_page(name))
        answer.headers["Content-Security-Policy"] = POLICY
        return answer


def _page(name: str) -> str:
    return render(
        f"{frame.TEMPLATES}/documents.html", t=wanted(request), name=name, source=SOURCES[name],
        documents=[(each, f"{VIEWER}/{each}") for each in SOURCES],
        server=request.host_url.rstrip("/"), back=INSPECTOR + "/", icon=assets.href("icon.svg"),
        style=assets.href("documents.css"), script=assets.href(assets.VIEWER),
    )  # fmt: skip
