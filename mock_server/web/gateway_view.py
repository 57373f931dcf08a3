"""The Flask door of the gateway: request -> `Call`, `Answer` -> response."""

import logging
import re
from urllib.parse import quote

from flask import Request, Response, request

from mock_server.actions import bugs
from mock_server.actions.gateway import pipeline
from mock_server.actions.gateway.pipeline import Hold
from mock_server.domain.call.calls import MAX_BODY_BYTES, Answer, Call, Defect
from mock_server.domain.faults.rules import FaultError
from mock_server.simulator import Simulator

log = logging.getLogger(__name__)

_AUTHORITY = re.compile(r"(?i)^https?://[^/?#]*(?=/)")


def answer_call(simulator: Simulator, call: Call) -> Answer:
    """Answer one call through the gateway; our own failure becomes our 500.

    A delay holds this thread: a WSGI server has nothing else that could wait.
    """
    run = simulator.database.run
    try:
        outcome = run(lambda tx: pipeline.handle(tx, simulator, call))
        if isinstance(outcome, Hold):
            held = outcome
            simulator.pause(held.ms)
            outcome = run(lambda tx: pipeline.handle(tx, simulator, call, held))
        assert isinstance(outcome, Answer)  # noqa: S101 - it is held at most once
    except FaultError as error:  # a magic account whose faults need more than a WSGI server
        return bugs.cannot_answer(error)
    except Exception as error:
        log.exception("a call failed in the simulator")
        bug = error
    else:
        if outcome.damage is not None:  # armed while the database was served by `serve`
            return bugs.cannot_answer(FaultError("a WSGI server has no connection to damage"))
        if outcome.delay_ms:
            simulator.pause(outcome.delay_ms)
        return outcome
    try:
        return simulator.database.run(lambda tx: pipeline.record_bug(tx, simulator, call, bug))
    except Exception:
        log.exception("the failure could not be journalled")
        return bugs.bug_answer(bug)


def read_call() -> Call:
    """Return the current request as a call."""
    path, _, query = _origin_form(_raw_target(request)).partition("?")
    body, defect = _read_body(request)
    return Call(
        method=request.environ["REQUEST_METHOD"],  # Werkzeug would make it upper case
        path=path,
        query=query,
        headers=tuple((name.lower(), value) for name, value in request.headers),
        body=body,
        scheme=request.scheme,
        defect=defect,
    )


def to_response(answer: Answer) -> Response:
    """Return the answer with its headers as they are: names, case, order."""
    response = Response(answer.body, answer.status)
    response.headers.clear()
    for name, value in answer.headers:
        response.headers.add(name, value)
    return response


def _raw_target(asked: Request) -> str:
    """Return the target as it was sent, as far as the WSGI server still knows it."""
    environ = asked.environ
    for name in ("RAW_URI", "REQUEST_URI"):
        if target := environ.get(name):
            return str(target)
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"))
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _origin_form(target: str) -> str:
    """Return a target without scheme, authority and fragment, as the express lane sees it."""
    return _AUTHORITY.sub("", target.partition("#")[0])


def _read_body(asked: Request) -> tuple[bytes, Defect | None]:
    too_large = Defect(code="I413RL", reason="")
    if (asked.content_length or 0) > MAX_BODY_BYTES:
        return b"", too_large
    body = asked.stream.read(MAX_BODY_BYTES + 1)
    return (b"", too_large) if len(body) > MAX_BODY_BYTES else (body, None)
