"""Failures of ours: our own 500 in answer to a call, and a trace of those that no answer shows.

Rule 1: no client can mistake such an answer for the vendor's, and nothing else of the call is kept.
Rule 2: what fails behind an answer becomes a finding of its call, or a row of nobody, so that no
test passes on it.
"""

import json
import logging
from concurrent.futures import Future
from dataclasses import replace

from mock_server.domain.billing.charges import Charge
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import BUG_HEADER, Answer
from mock_server.domain.call.redaction import answer_lines, capture
from mock_server.domain.faults.rules import FaultError
from mock_server.domain.findings import Finding, kept_finding
from mock_server.simulator import Simulator
from mock_server.store import journal
from mock_server.store.engine.transaction import (
    DatabaseAwayError,
    DatabaseClosedError,
    Transaction,
    log_failure,
)

FINDING = "simulator-bug"
# What stands in the place of a path in a row that no request led to.
PLACE = "(background work)"

log = logging.getLogger(__name__)


def bug_answer(error: BaseException) -> Answer:
    """Return our own 500, which no client can mistake for the vendor's."""
    name = type(error).__name__
    text = f"artqr-mock failed on this call ({name}): a bug of the simulator, not of your client"
    if isinstance(error, DatabaseAwayError):
        text = f"artqr-mock failed on this call: {error}"
    answer = _ours(500, text)
    return replace(answer, headers=(*answer.headers, (BUG_HEADER, name)))


def cannot_answer(error: FaultError) -> Answer:
    """Return our own 501: the server in front cannot do what was ordered of it."""
    return _ours(501, f"artqr-mock cannot do this here: {error}")


def _ours(status: int, text: str) -> Answer:
    body = json.dumps({"error": text}).encode()
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return Answer(status=status, headers=headers, body=body)


def report(simulator: Simulator, error: BaseException, call_id: int | None = None) -> Future[None]:
    """Journal a failure behind an answer, from any thread; the future is done once it is there."""
    log_failure(log, "work in the background failed", error)
    if simulator.recorder is not None:
        simulator.recorder.bug_met()
    written: Future[None] = Future()

    def done(_: None, failed: BaseException | None) -> None:
        if failed is not None:
            log_failure(log, "the failure could not be journalled", failed)
        written.set_result(None)

    try:
        simulator.database.submit(lambda tx: record(tx, simulator, error, call_id), done)
    except DatabaseClosedError as closed:
        done(None, closed)
    return written


def record(
    tx: Transaction, simulator: Simulator, error: BaseException, call_id: int | None
) -> None:
    """Write a failure on the row of its call, or on one of its own."""
    if call_id is None or journal.get(tx, call_id) is None:
        journal.insert(tx, _row(simulator.real_now(), bug_answer(error)), simulator.journal_limits)
        return
    says = (
        f"The simulator failed after it had answered this call ({type(error).__name__}): a bug of "
        "artqr-mock, not of your client."
    )
    finding = kept_finding(Finding(id=FINDING, at="/protocol", says=says), ())
    journal.add_finding(tx, call_id, finding)


def _row(now: int, answer: Answer) -> journal.Entry:
    """Return a row of nobody for a failure that no call led to."""
    return journal.Entry(
        account=None,
        at=now,
        real_at=now,
        request_id="",
        operation=None,
        method="",
        path=PLACE,
        status=answer.status,
        error_code=None,
        charge=Charge.NEVER,
        fen=0,
        task_id=None,
        request_headers="",
        request=capture(b""),
        answer_headers=answer_lines(answer.headers, (), ()),
        answer=capture(answer.body),
        ground=AnswerRule.BUG,
    )
