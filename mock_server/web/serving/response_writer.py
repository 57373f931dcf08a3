"""Answers on their way out: raw, late or damaged as ordered.

Rule 1: an `Answer` is written raw: names, case and order as they are (claim header-case).
Rule 2: a delay is a timer of the loop, never a blocked thread; whoever hangs up ends it.
Rule 3: a client that hangs up before it has an answer with a `call_id` is noted in the journal.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mock_server.domain.call.calls import Answer
from mock_server.web.serving import script_player

# Where an ASGI scope carries the cycle of its request, its connection and when it came.
EXTENSION = "artqr_mock.cycle"
KEEP_ALIVE_S = 25  # claim keep-alive
LARGE_BYTES = 16 * 1024


async def write_answer(scope: Any, answer: Answer) -> None:
    """Write an answer on the connection its request came on, if that is still there."""
    cycle: RequestResponseCycle = scope["extensions"][EXTENSION]["cycle"]
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()  # a peer that asks and never reads waits for itself
    if not answer.delay_ms and answer.damage is None:
        _write_watched(cycle, answer)
        return
    written = asyncio.get_running_loop().create_future()
    _write_faulty(cycle, answer, partial(_tell, written))
    await written


async def hold(scope: Any, ms: int) -> None:
    """Wait before a request is handled, at most until its peer has gone."""
    over = asyncio.get_running_loop().create_future()
    scope["extensions"][EXTENSION]["connection"].wait(ms, partial(_tell, over))
    await over


def write_now(cycle: RequestResponseCycle, answer: Answer) -> None:
    """Write an answer without waiting for a peer that is slow to read."""
    if answer.delay_ms or answer.damage is not None:
        _write_faulty(cycle, answer, _nobody_waits)
    else:
        _write_watched(cycle, answer)


def hang_up(scope: Any) -> None:
    """Close the connection of a request without an answer."""
    cycle: RequestResponseCycle = scope["extensions"][EXTENSION]["cycle"]
    cycle.disconnected = True
    cycle.transport.close()


def disconnected_after_ms(scope: Any) -> int | None:
    """Return how long after its request a peer hung up; None if it has not.

    A peer that only says that nothing more will come looks the same.
    """
    here = scope["extensions"][EXTENSION]
    left_at: float | None = here["connection"].left_at
    return None if left_at is None else max(0, round((left_at - here["asked_at"]) * 1000))


def render(answer: Answer, *, keep_alive: bool) -> bytes:
    """Return an answer as it goes over the wire."""
    return render_head(answer, keep_alive=keep_alive) + answer.body


def render_head(answer: Answer, *, keep_alive: bool) -> bytes:
    """Return the head of an answer as it goes over the wire."""
    lines = [_STATUS_LINES.get(answer.status) or _status_line(answer.status)]
    lines += [f"{name}: {value}\r\n" for name, value in answer.headers]
    lines.append(_KEPT if keep_alive else _CLOSED)
    return "".join(lines).encode("latin-1", "replace")


def _write_watched(cycle: RequestResponseCycle, answer: Answer) -> None:
    """Write an answer; journal that its client left before it had all of it, if it has a row."""
    if answer.call_id is not None:
        scope: Any = cycle.scope
        connection = scope["extensions"][EXTENSION]["connection"]
        connection.watch_taking(partial(_record_disconnect, cycle, answer.call_id))
    _write(cycle, answer)


def _record_disconnect(cycle: RequestResponseCycle, call_id: int) -> None:
    scope: Any = cycle.scope
    ms = disconnected_after_ms(scope)
    if ms is not None:
        scope["extensions"][EXTENSION]["connection"].record_disconnect(call_id, ms)


def _write(cycle: RequestResponseCycle, answer: Answer) -> None:
    scope: Any = cycle.scope
    if _is_gone(cycle):
        return
    if cycle.scope["method"] == "HEAD":
        answer = replace(answer, body=b"")  # its length stays in the headers
    if len(answer.body) < LARGE_BYTES:
        cycle.transport.write(render(answer, keep_alive=cycle.keep_alive))
    else:
        head = render_head(answer, keep_alive=cycle.keep_alive)
        cycle.transport.writelines((head, answer.body))  # a copy for each client would add up
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        scope["extensions"][EXTENSION]["connection"].finish()
    cycle.on_response()


def _is_gone(cycle: RequestResponseCycle) -> bool:
    if cycle.disconnected or cycle.response_started or cycle.transport.is_closing():
        cycle.disconnected = True  # or uvicorn would take the missing answer for a bug
        return True
    return False


def _write_faulty(cycle: RequestResponseCycle, answer: Answer, done: Callable[[], None]) -> None:
    scope: Any = cycle.scope
    connection = scope["extensions"][EXTENSION]["connection"]

    def record_disconnect() -> None:
        if answer.call_id is not None:
            _record_disconnect(cycle, answer.call_id)

    def finish() -> None:
        if connection.on_leave is None:
            record_disconnect()
        connection.on_leave = None
        done()

    def write() -> None:
        if answer.damage is None:
            _write(cycle, answer)
        elif not _is_gone(cycle):
            head = render_head(answer, keep_alive=cycle.keep_alive)
            script_player.play(connection, cycle, answer.damage(head, answer.body), finish)
            return
        finish()

    if answer.delay_ms:
        # A peer may half close the connection and go on waiting, so the wait goes on. The journal
        # should not: whoever reads it before the end of the delay would see a client that waits.
        if connection.left_at is None:
            connection.on_leave = record_disconnect
        connection.wait(answer.delay_ms, write)
    else:
        write()


def _tell(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _nobody_waits() -> None:
    """The short way in has no task that would have to end."""


def _status_line(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"  # 450 has no phrase, and some clients choke on none at all
    return f"HTTP/1.1 {status} {phrase}\r\n"


_STATUS_LINES = {status: _status_line(status) for status in (200, 400, 403, 404, 413, 450)}
_KEPT = f"Connection: keep-alive\r\nKeep-Alive: timeout={KEEP_ALIVE_S}\r\n\r\n"
_CLOSED = "Connection: close\r\n\r\n"
