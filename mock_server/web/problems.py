"""Errors of our own routes: problem details (RFC 9457), never in the vendor's form."""

import json
import logging

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from mock_server.domain.call.calls import BUG_HEADER
from mock_server.domain.usage_errors import ConflictError, NotFoundError, UsageError
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import DatabaseAwayError, log_failure

log = logging.getLogger(__name__)


def problem(status: int, title: str, detail: str) -> Response:
    """Return a problem response; `detail` says what was wrong and what to do."""
    body = {"title": title, "status": status, "detail": detail}
    text = json.dumps(body, ensure_ascii=False) + "\n"
    return Response(text, status, mimetype="application/problem+json")


def add_handlers(app: Flask, simulator: Simulator) -> None:
    """Answer usage errors, unknown routes and our own bugs as problems."""

    @app.errorhandler(NotFoundError)
    def not_found(error: NotFoundError) -> Response:
        return problem(404, "Not found", str(error))

    @app.errorhandler(ConflictError)
    def conflict(error: ConflictError) -> Response:
        return problem(409, "Conflict", str(error))

    @app.errorhandler(UsageError)
    def wrong_use(error: UsageError) -> Response:
        return problem(422, "Invalid request", str(error))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        answer = problem(error.code or 500, error.name, _what_to_do(error))
        allowed = error.get_response().headers.get("Allow")
        if allowed:
            answer.headers["Allow"] = allowed
        return answer

    @app.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        return bug_problem(error, simulator)


def bug_problem(error: Exception, simulator: Simulator) -> Response:
    """Return the answer to a call on which our own code failed; log why, and count it."""
    log_failure(log, "the simulator failed", error)
    if simulator.recorder is not None:
        simulator.recorder.bug_met()
    name = type(error).__name__
    if isinstance(error, DatabaseAwayError):
        answer = problem(500, "Database away", f"artqr-mock failed: {error}")
    else:
        answer = problem(
            500, "Bug", f"artqr-mock failed ({name}): a bug of the simulator, not of your client"
        )
    answer.headers[BUG_HEADER] = name
    return answer


def _what_to_do(error: HTTPException) -> str:
    if error.code == 404:
        return "no such route; GET /_mock/openapi.json lists all routes"
    return error.description or error.name
