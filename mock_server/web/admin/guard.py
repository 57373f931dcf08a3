"""Access to the admin API.

Rule 1: if a token is set, every call must send it. `serve` requires a token beyond loopback.
Rule 2: without a token, the Host must name this machine, so that no web page can call the API
through a name that it points here (DNS rebinding).
Rule 3: a browser's Origin must be our own, with or without a token.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Request

from mock_server.domain.auth.signatures import same_text
from mock_server.domain.callback.inbox import is_inbox
from mock_server.domain.urls import comparable_host, is_loopback
from mock_server.settings import Settings
from mock_server.web.paths import ASSETS, SIGN_IN
from mock_server.web.session import is_signed_in

MAX_BODY_BYTES = 1024 * 1024
# Health checks of containers have no token, and these answers contain no data. Whoever fetches the
# authority's certificate cannot trust the connection yet, so should not send a token over it. The
# form that takes the token is open, and so are the files of the pages: the same for everybody. A
# callback has no token either: the inbox takes it, and shows it only to whoever has the token.
OPEN_PATHS = frozenset({"/_mock/livez", "/_mock/readyz", "/_mock/ca.pem", SIGN_IN})


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRefusal:
    """Why a call is refused."""

    status: int
    detail: str


def refusal(request: Request, settings: Settings) -> GuardRefusal | None:
    """Return why a call to the admin API is refused; None: it is allowed."""
    request.max_content_length = MAX_BODY_BYTES
    origin = request.headers.get("Origin")
    if origin is not None and _host_of(origin) != request.host:
        return GuardRefusal(
            status=403,
            detail=f"Origin {origin[:200]} is not this server: call it without a browser, or from "
            "a page of this server",
        )
    if _is_from_elsewhere(request):
        return GuardRefusal(
            status=403,
            detail="a page of another site asks (Sec-Fetch-Site): call from a program, or open the "
            "address yourself",
        )
    if settings.token is not None:
        is_callback = request.method == "POST" and is_inbox(request.path)
        if is_callback or _is_open(request.path) or _shows_token(request, settings):
            return None
        return GuardRefusal(
            status=401, detail="send the token of `serve --token` as `Authorization: Bearer TOKEN`"
        )
    if not _names_this_machine(request.host, settings):
        return GuardRefusal(
            status=403,
            detail=f"Host {request.host[:200]!r} is not this machine: use 127.0.0.1 or localhost, "
            "start with --public-url for another name, or with --token",
        )
    return None


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(ASSETS)


def _shows_token(request: Request, settings: Settings) -> bool:
    """Whether a program sends the token, or a browser has shown it before."""
    return is_signed_in(request, settings) or same_text(_token(request), settings.token or "")


def _is_from_elsewhere(request: Request) -> bool:
    """Whether a browser says that a page of another site made it ask."""
    site = request.headers.get("Sec-Fetch-Site", "").strip().lower()
    if site in ("", "none", "same-origin"):
        return False
    follows_link = request.headers.get("Sec-Fetch-Mode", "").strip().lower() == "navigate"
    return not (follows_link and request.method in ("GET", "HEAD"))


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _names_this_machine(host: str, settings: Settings) -> bool:
    public = urlsplit(settings.public_url or "").hostname
    ours = {comparable_host(each) for each in ("localhost", settings.host, public) if each}
    try:
        name = comparable_host(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
    return is_loopback(name) or name in ours
