"""Pictures under `serve`: answered on the event loop; only drawing takes a thread.

A picture that is drawn already needs no task either. What is no plain fetch of a picture (another
method, an escape in its path) goes through Flask.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any

from mock_server.actions.commit import commit
from mock_server.actions.operations.pictures import PictureAddress
from mock_server.domain.call.calls import Answer, Call
from mock_server.picture_cache import Picture
from mock_server.simulator import Simulator
from mock_server.web.picture_answers import answer_drawn, answer_if_drawn
from mock_server.web.serving.response_writer import disconnected_after_ms

_PATH = re.compile(rb"/pictures/([\w.~-]+)/([\w.~-]+)/([0-9]{1,9})\.png", re.ASCII)
_METHODS = ("GET", "HEAD")

log = logging.getLogger(__name__)


def address_of(scope: Any) -> PictureAddress | None:
    """Return the picture that a request fetches; None: it is for Flask."""
    plain = _PATH.fullmatch(scope["raw_path"]) if scope["method"] in _METHODS else None
    if plain is None:
        return None
    account, task_id, number = (part.decode() for part in plain.groups())
    return PictureAddress(account=account, task_id=task_id, number=int(number))


def submit_picture(
    simulator: Simulator,
    call: Call,
    address: PictureAddress,
    reply: Callable[[Answer], None],
    otherwise: Callable[[], None],
) -> None:
    """Answer and book the fetch of a picture that is drawn, or of none; else call `otherwise`.

    Both are called on the loop; `otherwise` has to start the fetch anew, with `answer_picture`.
    """

    def done(found: Answer | Picture, error: BaseException | None) -> None:
        if error is None and isinstance(found, Answer):
            reply(found)
        else:
            otherwise()

    simulator.database.submit(lambda tx: answer_if_drawn(tx, simulator, address, call), done)


async def answer_picture(
    simulator: Simulator, scope: Any, call: Call, address: PictureAddress
) -> Answer:
    """Answer a fetch and book it; a failure of ours becomes HTTP 500, as under Flask."""
    database = simulator.database
    try:
        found = await commit(database, lambda tx: answer_if_drawn(tx, simulator, address, call))
        if isinstance(found, Answer):
            return found
        drawn = await asyncio.shield(asyncio.wrap_future(simulator.pictures.draw(found)))
        left = disconnected_after_ms(scope)  # drawing takes a while
        return await commit(
            database, lambda tx: answer_drawn(tx, simulator, address, call, drawn, left)
        )
    except Exception as error:  # noqa: BLE001 - it is logged and answered for
        from mock_server.web.problems import bug_problem  # noqa: PLC0415 - it needs Flask

        response = bug_problem(error, simulator)
    return Answer(
        status=response.status_code, headers=(*response.headers,), body=response.get_data()
    )
