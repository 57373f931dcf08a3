"""The answers to fetches of pictures, each journalled with its answer.

Rule 1: a picture that is drawn already is answered in one transaction, which books it too.
Rule 2: nothing here needs Flask, which `serve` loads later.
"""

from dataclasses import replace
from email.utils import formatdate

from mock_server.actions.operations import pictures
from mock_server.actions.operations.pictures import Fetch, Missing, PictureAddress
from mock_server.domain.call.calls import Answer, Call, Operation
from mock_server.picture_cache import DrawnPicture, Picture
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction

# With one of these headers the answer depends on what the client has already.
_CONDITIONS = ("if-none-match", "if-match", "if-modified-since", "if-unmodified-since")


def answer_if_drawn(
    tx: Transaction, simulator: Simulator, address: PictureAddress, call: Call
) -> Answer | Picture:
    """Answer and book a fetch, or return the picture that has to be drawn first."""
    found = pictures.find(tx, simulator, address)
    if isinstance(found, Missing):
        return _book(tx, simulator, address, call, _missing(found.status))
    drawn = simulator.pictures.get(found)
    return found if drawn is None else answer_drawn(tx, simulator, address, call, drawn)


def answer_drawn(
    tx: Transaction,
    simulator: Simulator,
    address: PictureAddress,
    call: Call,
    drawn: DrawnPicture,
    left_after_ms: int | None = None,
) -> Answer:
    """Answer and book the fetch of a picture; `left_after_ms`: its client has hung up by then."""
    return _book(tx, simulator, address, call, _found(drawn, call), left_after_ms)


def _book(
    tx: Transaction,
    simulator: Simulator,
    address: PictureAddress,
    call: Call,
    answer: Answer,
    left_after_ms: int | None = None,
) -> Answer:
    fetch = Fetch(
        operation=Operation.GET_PICTURE,
        account=address.account,
        task_id=address.task_id,
        left_after_ms=left_after_ms,
    )
    shown = answer if answer.status == 200 else replace(answer, body=b"")
    call_id = pictures.book(tx, simulator, fetch, call, shown)
    return replace(answer, call_id=call_id if left_after_ms is None else None)


def _found(drawn: DrawnPicture, call: Call) -> Answer:
    whole = Answer(
        status=200,
        headers=(
            ("Content-Type", "image/png"),
            ("Content-Length", str(len(drawn.png))),
            ("ETag", f'"{drawn.tag}"'),
            # A reset or a moved clock can change what an address shows: clients must revalidate.
            ("Cache-Control", "no-cache"),
            ("Date", formatdate(usegmt=True)),
        ),
        body=drawn.png,
    )
    if any(name in call.named for name in _CONDITIONS):
        return _conditional(whole, call)
    return whole


def _conditional(whole: Answer, call: Call) -> Answer:
    """Return the answer to a client that names what it has already."""
    from werkzeug import Response  # noqa: PLC0415 - few ask so, and a server starts without it

    environ = {"REQUEST_METHOD": call.method}
    for name in _CONDITIONS:
        if (value := call.named.get(name)) is not None:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    response = Response(whole.body, whole.status)
    response.headers.clear()
    response.headers.extend(whole.headers)
    response.make_conditional(environ)
    headers = tuple(response.get_wsgi_headers(environ))
    body = b"" if response.status_code == 304 else whole.body
    return Answer(status=response.status_code, headers=headers, body=body)


def _missing(status: int) -> Answer:
    body = b"no such picture, or it has expired\n"
    headers = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    )
    return Answer(status=status, headers=headers, body=body)
