"""The choice of a language, which is kept in a cookie; it is no secret."""

from flask import Blueprint, Response, request

from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.web.inspector import frame
from mock_server.web.inspector.words import COOKIE, languages
from mock_server.web.paths import ADMIN

A_YEAR_S = 365 * 24 * 3600


def add_routes(routes: Blueprint) -> None:
    """Add the route of the switch."""

    @routes.post("/language")
    def choose_language() -> Response:
        wish = frame.field("language")
        if wish not in languages():
            raise UsageError(unknown("language", wish, languages()))
        answer = frame.back("language")
        answer.set_cookie(
            COOKIE, wish, max_age=A_YEAR_S, path=ADMIN, samesite="Strict", httponly=True,
            secure=request.is_secure,
        )  # fmt: skip
        return answer
