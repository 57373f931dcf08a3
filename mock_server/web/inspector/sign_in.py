"""The form that takes the token of the server, and the way out."""

from flask import Blueprint, Request, Response, request

from mock_server.domain.auth.signatures import same_text
from mock_server.pages.environment import render
from mock_server.web import session
from mock_server.web.inspector import assets, frame
from mock_server.web.inspector.frame import Inspector
from mock_server.web.inspector.words import wanted
from mock_server.web.paths import INSPECTOR, SIGN_IN


def add_routes(routes: Blueprint, inspector: Inspector) -> None:
    """Add the routes of the form."""
    token = inspector.simulator.settings.token

    @routes.get("/login")
    def show_form() -> Response:
        return form() if token is not None else frame.to(INSPECTOR + "/")

    @routes.post("/login")
    def sign_in() -> Response:
        if token is None:
            return frame.to(INSPECTOR + "/")
        if not same_text(request.form.get("token", "").strip(), token):
            return form(is_wrong=True, status=403)
        answer = frame.to(INSPECTOR + "/")
        session.sign_in(answer, request, token)
        return answer

    @routes.post("/logout")
    def sign_out() -> Response:
        answer = frame.to(SIGN_IN)
        session.sign_out(answer)
        return answer


def is_browser(asked: Request) -> bool:
    """Whether a person looks at the answer: a browser opens a page."""
    return asked.method == "GET" and "text/html" in asked.headers.get("Accept", "")


def form(*, is_wrong: bool = False, status: int = 200) -> Response:
    """Return the form; a browser without a session gets it in place of a page."""
    text = render(
        f"{frame.TEMPLATES}/sign_in.html", t=wanted(request), is_wrong=is_wrong, action=SIGN_IN,
        style=assets.href("inspector.css"), icon=assets.href("icon.svg"),
    )  # fmt: skip
    return frame.html(text, status)
