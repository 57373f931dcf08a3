"""The files that pages load: styles, and libraries that are packaged with us as they are.

Rule 1: an address names the version of its file, so browsers may keep it for ever.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response

from mock_server.domain.usage_errors import NotFoundError
from mock_server.web.paths import ASSETS

# htmx, its extension for Server-Sent Events, both 0BSD; licences beside them.
SCRIPTS = ("htmx-2.0.11.min.js", "htmx-ext-sse-2.2.4.min.js")
# RapiDoc shows the OpenAPI documents; MIT, its licence beside it.
VIEWER = "rapidoc-9.3.8.min.js"
_HERE = Path(__file__).parent
_PAGES = _HERE.parent.parent / "pages"
_FILES = {
    "inspector.css": (_PAGES / "style.css", _HERE / "assets" / "inspector.css"),
    "icon.svg": (_HERE / "assets" / "icon.svg",),
    "documents.css": (_PAGES / "style.css", _HERE / "assets" / "documents.css"),
    **{name: (_HERE / "assets" / name,) for name in (*SCRIPTS, VIEWER)},
}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def add_routes(routes: Blueprint) -> None:
    """Add the route of the files."""

    @routes.get("/assets/<version>/<name>")
    def asset(version: str, name: str) -> Response:
        if name not in _FILES or version != _version(name):
            raise NotFoundError("no such file: reload the page")
        answer = Response(_content(name), mimetype=_TYPES[Path(name).suffix])
        answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return answer


def href(name: str) -> str:
    """Return the address of a file."""
    return f"{ASSETS}{_version(name)}/{name}"


@cache
def _content(name: str) -> bytes:
    return b"\n".join(file.read_bytes() for file in _FILES[name])


@cache
def _version(name: str) -> str:
    return sha256(_content(name)).hexdigest()[:12]
