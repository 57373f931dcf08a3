"""The gateway under Flask: turns a request into a `Call`, and an `Answer` into a response."""

import re
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import quote

from flask import Request, Response, request

from mock_server.actions import bugs
from mock_server.actions.gateway.exchange import Work, exchange
from mock_server.actions.gateway.pipeline import Hold
from mock_server.domain.call.calls import MAX_BODY_BYTES, Answer, Call, Defect
from mock_server.domain.faults.rules import FaultError
from mock_server.simulator import Simulator
from mock_server.web.keys import LEFT_AFTER_MS

_AUTHORITY = re.compile(r"(?i)^https?://[^/?#]*(?=/)")


def answer_call(simulator: Simulator, call: Call) -> Answer:
    """Answer one call through the gateway; an exception of ours becomes HTTP 500.

    A delay blocks this thread, because a WSGI server has no other way to wait.
    """
    steps = exchange(simulator, call)
    step: Callable[[Any], Work | Hold] = steps.send
    value: Any = None
    while True:
        try:
            wanted = step(value)
        except StopIteration as end:
            return _played(simulator, cast("Answer", end.value))
        step, value = steps.send, None
        if isinstance(wanted, Hold):
            simulator.pause(wanted.ms)
            continue
        try:
            value = simulator.database.run(wanted)
        except Exception as error:  # noqa: BLE001 - the exchange logs it and answers for it
            step, value = steps.throw, error


def _played(simulator: Simulator, answer: Answer) -> Answer:
    """Return an answer after its delay; damage is refused, because it needs the connection."""
    if answer.damage is not None:  # armed while `serve` used this database
        return bugs.cannot_answer(FaultError("a WSGI server has no connection to damage"))
    if answer.delay_ms:
        simulator.pause(answer.delay_ms)
    return answer


def read_call() -> Call:
    """Return the current request as a call."""
    path, _, query = _origin_form(_raw_target(request)).partition("?")
    body, defect = _read_body(request)
    return Call(
        method=request.environ["REQUEST_METHOD"],  # Werkzeug's own attribute is in upper case
        path=path,
        query=query,
        headers=tuple((name.lower(), value) for name, value in request.headers),
        body=body,
        scheme=request.scheme,
        defect=defect,
    )


def left_after_ms() -> int | None:
    """Return how long after the current request its client has hung up; None if it has not, or if
    another server than `serve` runs the application.
    """
    ask: Callable[[], int | None] | None
    ask = request.environ.get("asgi.scope", {}).get(LEFT_AFTER_MS)
    return ask() if ask is not None else None


def to_response(answer: Answer) -> Response:
    """Return the answer as a response, with names, case and order of its headers unchanged."""
    response = Response(answer.body, answer.status)
    response.headers.clear()
    for name, value in answer.headers:
        response.headers.add(name, value)
    return response


def _raw_target(asked: Request) -> str:
    """Return the target as the client sent it, if the WSGI server still has it."""
    environ = asked.environ
    for name in ("RAW_URI", "REQUEST_URI"):
        if target := environ.get(name):
            return str(target)
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"))
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _origin_form(target: str) -> str:
    """Return a target without scheme, authority and fragment, as `serve` gets it."""
    return _AUTHORITY.sub("", target.partition("#")[0])


def _read_body(asked: Request) -> tuple[bytes, Defect | None]:
    too_large = Defect(code="I413RL", reason="")
    if (asked.content_length or 0) > MAX_BODY_BYTES:
        return b"", too_large
    body = asked.stream.read(MAX_BODY_BYTES + 1)
    return (b"", too_large) if len(body) > MAX_BODY_BYTES else (body, None)
