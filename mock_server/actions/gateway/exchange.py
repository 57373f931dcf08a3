"""The exchange for one call, shared by `serve` and the WSGI application.

An exchange is a generator: it yields each step and gets its result. The server runs the steps in
its own way, with a thread, a task or callbacks. So holding a call, handling it and answering for a
bug of ours are written once.
"""

import logging
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from mock_server.actions import bugs
from mock_server.actions.gateway import pipeline
from mock_server.actions.gateway.pipeline import Hold
from mock_server.domain.call.calls import Answer, Call
from mock_server.domain.faults.rules import FaultError
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import DatabaseAwayError, Transaction, log_failure

log = logging.getLogger(__name__)

Work = Callable[[Transaction], Any]
# For Work, the server commits it and sends its result, or throws its error. For a Hold, it sends
# the ms after which the client disconnected, None if it still waits. Returns the answer to write.
Exchange = Generator[Work | Hold, Any, Answer]


def exchange(simulator: Simulator, call: Call, began: float | None = None) -> Exchange:
    """Pass a call through the gateway; an exception of ours becomes HTTP 500.

    `began`: when it did, by time.perf_counter; None: it does now.
    """
    if began is None:
        began = time.perf_counter()
    answer = yield from _exchange(simulator, call)
    _count(simulator, call, began)
    return answer


def _count(simulator: Simulator, call: Call, began: float) -> None:
    if simulator.recorder is not None:
        simulator.recorder.call_answered(call, time.perf_counter() - began)


def _exchange(simulator: Simulator, call: Call) -> Exchange:
    try:
        outcome = yield lambda tx: pipeline.handle(tx, simulator, call)
        if isinstance(outcome, Hold):
            left_ms = yield outcome
            outcome = yield _after_hold(simulator, call, outcome, left_ms)
    except FaultError as error:  # a magic account has faults that this WSGI server cannot apply
        return bugs.cannot_answer(error)
    except Exception as error:  # noqa: BLE001 - it is logged and answered
        log_failure(log, "a call failed in the simulator", error)
        bug = error
        if simulator.recorder is not None:
            simulator.recorder.bug_met()
    else:
        assert isinstance(outcome, Answer)  # noqa: S101 - a call is held at most once
        return outcome
    if isinstance(bug, DatabaseAwayError):  # whoever called has waited for it already
        return bugs.bug_answer(bug)
    try:
        answer: Answer = yield lambda tx: pipeline.record_bug(tx, simulator, call, bug)
    except Exception as error:  # noqa: BLE001 - as above
        log_failure(log, "the failed call could not be written to the journal", error)
        return bugs.bug_answer(bug)
    return answer


def _after_hold(simulator: Simulator, call: Call, hold: Hold, left_ms: int | None) -> Work:
    if left_ms is None:
        return lambda tx: pipeline.handle(tx, simulator, call, hold)
    return lambda tx: pipeline.abandon(tx, simulator, call, hold, left_ms)


def run_with_callbacks(
    simulator: Simulator,
    call: Call,
    hold: Callable[[int, Callable[[int | None], None]], None],
    reply: Callable[[Answer], None],
) -> None:
    """Run an exchange without blocking.

    `hold(ms, then)` calls `then` with the ms after which the client disconnected, or None. `reply`
    is called with the answer, on the thread on which the database reports commits.
    """
    began = time.perf_counter()

    def handled(result: object, error: BaseException | None) -> None:
        if isinstance(result, Answer):  # as almost always: no exchange is needed
            _count(simulator, call, began)
            reply(result)
            return
        steps = exchange(simulator, call, began)
        next(steps)  # what it asks for first is done
        _go_on(simulator, steps, hold, reply, result, error)

    simulator.database.submit(lambda tx: pipeline.handle(tx, simulator, call), handled)


def _go_on(
    simulator: Simulator,
    steps: Exchange,
    hold: Callable[[int, Callable[[int | None], None]], None],
    reply: Callable[[Answer], None],
    result: object,
    error: BaseException | None,
) -> None:
    """Run the rest of an exchange, which has what its last step brought."""
    try:
        wanted = steps.send(result) if error is None else steps.throw(error)
    except StopIteration as end:
        reply(end.value)
        return
    go_on = partial(_go_on, simulator, steps, hold, reply)
    if isinstance(wanted, Hold):
        hold(wanted.ms, partial(go_on, error=None))
    else:
        simulator.database.submit(wanted, go_on)
