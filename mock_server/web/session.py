"""A browser's way in where the server has a token: it is typed once, and becomes a cookie.

Rule 1: the cookie is HttpOnly, SameSite=Strict and for /_mock only, and it does not hold the token
itself but a mark that is made of it: whoever reads it cannot give it to a program.
Rule 2: no session is kept, so every worker knows every cookie; another token ends them all.
"""

import hmac
from hashlib import sha256

from flask import Request, Response

from mock_server.domain.auth.signatures import same_text
from mock_server.settings import Settings
from mock_server.web.paths import ADMIN

COOKIE = "artqr_mock_session"
_PURPOSE = b"artqr-mock inspector session"


def is_signed_in(request: Request, settings: Settings) -> bool:
    """Whether the browser has shown the token before."""
    if settings.token is None:
        return False
    return same_text(request.cookies.get(COOKIE, ""), _mark(settings.token))


def sign_in(answer: Response, request: Request, token: str) -> None:
    """Let the browser in from now on."""
    answer.set_cookie(
        COOKIE, _mark(token), path=ADMIN, httponly=True, samesite="Strict",
        secure=request.is_secure,
    )  # fmt: skip


def sign_out(answer: Response) -> None:
    """Let the browser in no longer."""
    answer.delete_cookie(COOKIE, path=ADMIN, httponly=True, samesite="Strict")


def _mark(token: str) -> str:
    return hmac.new(token.encode(), _PURPOSE, sha256).hexdigest()
