"""One call through the gateway: decide, book, and only then answer.

Rule 1: answer, credit, ledger entry and journal row are one transaction.
Rule 2: an ordered failure of the gateway comes before anything is verified, one of the service
instead of the operation.
Rule 3: what happens on the wire happens to an answer that is booked.
Rule 4: what goes wrong in here is our bug and becomes a 500, never an answer of the vendor.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mock_server.actions.accounts import notices
from mock_server.actions.gateway import admission, signature_review
from mock_server.actions.gateway.admission import Payer
from mock_server.actions.gateway.call_faults import (
    MatchedCall,
    match_entry_faults,
    match_service_fault,
)
from mock_server.actions.gateway.context import CallContext, fields_of, identify_call
from mock_server.actions.gateway.recording import Decision, Served, book
from mock_server.actions.operations import operations
from mock_server.domain.account.accounts import Account
from mock_server.domain.answer.answers import (
    gateway_answer,
    preflight_answer,
    refusal_answer,
    refusal_status,
    result_answer,
)
from mock_server.domain.call.calls import Answer, Call, header
from mock_server.domain.call.errors import GatewayError, Refusal
from mock_server.domain.call.wire_script import Delivered
from mock_server.domain.faults import gateway, wire
from mock_server.domain.faults.rules import FaultError, Rule
from mock_server.domain.faults.service import Effect
from mock_server.domain.faults.wire import Sent
from mock_server.simulator import Simulator
from mock_server.store import accounts, journal
from mock_server.store.engine.transaction import Transaction

BUG_HEADER = "X-Mock-Server-Bug"
# What was decided for a call that was never carried out.
NO_ANSWER = Answer(status=0, headers=())
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A call that is to be handled only after a delay; nothing of it is booked. `met` are the
    faults that it met already."""

    ms: int
    met: Mapping[str, Rule]


def handle(
    tx: Transaction, simulator: Simulator, call: Call, held: Hold | None = None
) -> Answer | Hold:
    """Answer a call and book it, or say for how long to hold it first; `held`: it was."""
    visit = _caught_up(tx, simulator, identify_call(tx, simulator, call))
    if held is not None:
        visit = replace(visit, held_ms=held.ms)
    course = None
    try:
        if visit.stamp.classic and call.method == "OPTIONS":
            decision = Decision(answer=preflight_answer(visit.stamp))
        else:
            course = _course(tx, visit, held)
            delay = course.met.get(wire.DELAY)
            if held is None and delay is not None and wire.is_before(delay):
                return Hold(ms=delay.fault.for_ms, met=course.met)
            decision = _decide(tx, simulator, visit, course)
    except GatewayError as error:
        decision = _refused(simulator, visit, error)
    answer, call_id = _book(tx, simulator, visit, course, decision)
    code = decision.error.code if decision.error else None
    if code in signature_review.CODES and visit.account is not None:
        signature_review.examine_later(tx, simulator, call_id, visit.account, call, code)
    return answer


def abandon(
    tx: Transaction, simulator: Simulator, call: Call, held: Hold, disconnected_after_ms: int
) -> Answer:
    """Journal a call whose client hung up after so long, while it was held: it never happens."""
    visit = replace(identify_call(tx, simulator, call), held_ms=disconnected_after_ms)
    sent = Sent(what=Delivered.NOTHING, status=None, bytes=0, left_after_ms=disconnected_after_ms)
    decision = Decision(answer=NO_ANSWER, faults=tuple(held.met.values()), sent=sent)
    book(tx, simulator, visit, decision)
    return NO_ANSWER


def record_disconnect(tx: Transaction, call_id: int, disconnected_after_ms: int) -> None:
    """Journal that a client hung up after so long, before it had all of its answer."""
    sent = journal.sent(tx, call_id)
    if sent is not None:
        journal.set_sent(tx, call_id, {**sent, "left_after_ms": disconnected_after_ms})


def _course(tx: Transaction, visit: CallContext, held: Hold | None) -> MatchedCall:
    operation = admission.admit(visit)
    account = admission.known(visit)
    if held is not None:
        return MatchedCall(account=account, operation=operation, met=held.met)
    return match_entry_faults(tx, visit, account, operation)


def _book(
    tx: Transaction,
    simulator: Simulator,
    visit: CallContext,
    course: MatchedCall | None,
    decision: Decision,
) -> tuple[Answer, int]:
    """Book the answer that was decided; return it as the wire is to show it, and its row."""
    if course is None or (not course.met and not decision.faults):
        return decision.answer, book(tx, simulator, visit, decision)
    answer, sent = wire.damaged(decision.answer, course.met)
    faults = (*course.met.values(), *decision.faults)
    call_id = book(tx, simulator, visit, replace(decision, faults=faults, sent=sent))
    return replace(answer, call_id=call_id), call_id


def record_bug(tx: Transaction, simulator: Simulator, call: Call, error: BaseException) -> Answer:
    """Answer and journal a call on which we failed; nothing else of it is kept."""
    visit = identify_call(tx, simulator, call)
    answer = bug_answer(error)
    book(tx, simulator, visit, Decision(answer=answer))
    return answer


def bug_answer(error: BaseException) -> Answer:
    """Return our own 500, which no client can mistake for the vendor's."""
    name = type(error).__name__
    text = f"artqr-mock failed on this call ({name}): a bug of the simulator, not of your client"
    answer = _ours(500, text)
    return replace(answer, headers=(*answer.headers, (BUG_HEADER, name)))


def cannot_answer(error: FaultError) -> Answer:
    """Return our own 501: the server in front cannot do what was ordered of it."""
    return _ours(501, f"artqr-mock cannot do this here: {error}")


def _ours(status: int, text: str) -> Answer:
    body = json.dumps({"error": text}).encode()
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return Answer(status=status, headers=headers, body=body)


def _caught_up(tx: Transaction, simulator: Simulator, visit: CallContext) -> CallContext:
    """Return the visit once the notices of its account that came due by now are kept."""
    account = visit.account
    if account is None or account.watch.due_at is None:
        return visit
    after = notices.catch_up(tx, simulator, account, visit.stamp.now)
    return visit if after is account else replace(visit, account=after)


def _refused(simulator: Simulator, visit: CallContext, error: GatewayError) -> Decision:
    answer = gateway_answer(error, simulator.catalogue.errors, visit.stamp)
    return Decision(answer=answer, error=error)


def _decide(
    tx: Transaction, simulator: Simulator, visit: CallContext, course: MatchedCall
) -> Decision:
    account, operation = course.account, course.operation
    if wire.is_before(course.met.get(wire.DAMAGE)):
        return Decision(answer=NO_ANSWER)
    if fault := course.met.get(gateway.SLOT):
        raise gateway.error_of(fault)
    admission.authenticate(tx, visit, account)
    admission.check_standing(account)
    now = visit.stamp.now
    payer = admission.payer(tx, account, operation, now)
    admission.check_throttle(tx, account, operation, now)
    return _serve(tx, simulator, visit, course, payer)


def _serve(
    tx: Transaction, simulator: Simulator, visit: CallContext, course: MatchedCall, payer: Payer
) -> Decision:
    """Let the service answer. What it answers is numbered, a refusal too (claim res-id-form)."""
    account = course.account
    fault, effect = match_service_fault(tx, visit, course)
    faults = (fault,) if fault else ()
    try:
        if effect.says is not None:
            raise effect.says
        request = _request(simulator, visit, account, effect)
        result = operations.OPERATIONS[course.operation](tx, simulator, request)
    except Refusal as refusal:
        accounts.count(tx, account.id, submits=0, answers=1)
        charged = payer.metered and refusal_status(account.readings) == 200
        answer = refusal_answer(
            refusal, account.readings, account.res_id, visit.stamp, charged=charged
        )
        served = Served(package=payer.package, charged=charged, refused=True)
        return Decision(answer=answer, served=served, faults=faults)
    accounts.count(tx, account.id, submits=result.submits, answers=1)
    if effect.answers is not None:
        ghost = _refused(simulator, visit, effect.answers)
        return replace(ghost, task_id=result.task_id, faults=faults)
    answer = result_answer(
        result.body, account.readings, account.res_id, visit.stamp, charged=payer.metered
    )
    served = Served(package=payer.package, charged=payer.metered)
    return Decision(answer=answer, served=served, task_id=result.task_id, faults=faults)


def _request(
    simulator: Simulator, visit: CallContext, account: Account, effect: Effect
) -> operations.OperationRequest:
    call = visit.call
    return operations.OperationRequest(
        account=account,
        now=visit.stamp.now,
        fields=fields_of(visit),
        base_url=_base_url(simulator, call),
        order=effect.order,
        shape=effect.shape,
    )


def _base_url(simulator: Simulator, call: Call) -> str:
    """Return where the caller can fetch pictures: the public address, else the one it called."""
    settings = simulator.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = header(call, "host") or ""
    return f"{call.scheme}://{host}" if _HOST.fullmatch(host) else settings.own_url
