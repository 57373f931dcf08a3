"""One call through the gateway: decide the answer, book it, and only then send it.

Rule 1: answer, credit, ledger entry and journal row are one transaction.
Rule 2: a gateway fault strikes before anything is verified, a service fault in place of the
operation.
Rule 3: a wire fault damages an answer that is already booked.
Rule 4: an exception in here is our bug and becomes HTTP 500, never an answer of the vendor.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from mock_server.actions.accounts import notices
from mock_server.actions.bugs import bug_answer
from mock_server.actions.gateway import admission, plain_submit, signature_review
from mock_server.actions.gateway.admission import Payer
from mock_server.actions.gateway.call_faults import (
    MatchedCall,
    match_entry_faults,
    match_service_fault,
)
from mock_server.actions.gateway.context import (
    CallContext,
    base_url_of,
    fields_of,
    identify_call,
)
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
from mock_server.domain.auth.refusal_hints import EXAMINED
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import Answer, Call
from mock_server.domain.call.errors import GatewayError, Refusal
from mock_server.domain.call.wire_script import Delivered, End
from mock_server.domain.faults import gateway, wire
from mock_server.domain.faults.rules import Rule, Stage
from mock_server.domain.faults.service import Effect
from mock_server.domain.faults.wire import Sent
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass
from mock_server.simulator import Simulator
from mock_server.store import accounts, journal
from mock_server.store.engine.transaction import Transaction

# The decision for a call that was never executed.
NO_ANSWER = Answer(status=0, headers=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A call to handle only after a delay; nothing of it is booked. `fired`: the faults that
    fired.
    """

    ms: int
    fired: Mapping[str, Rule]


def handle(
    tx: Transaction, simulator: Simulator, call: Call, held: Hold | None = None
) -> Answer | Hold:
    """Answer a call and book it, or return how long to hold it first; `held`: it was held
    already.
    """
    if held is None and (plain := plain_submit.answer(tx, simulator, call)) is not None:
        return plain
    context = _caught_up(tx, simulator, identify_call(tx, simulator, call))
    if held is not None:
        context = replace(context, held_ms=held.ms)
    matched = None
    try:
        if context.stamp.classic and call.method == "OPTIONS":
            decision = Decision(answer=preflight_answer(context.stamp), rule=AnswerRule.PREFLIGHT)
        else:
            matched = _match(tx, context, held)
            delay = matched.fired.get(wire.DELAY)
            if held is None and delay is not None and wire.is_before(delay):
                return Hold(ms=delay.fault.for_ms, fired=matched.fired)
            decision = _decide(tx, simulator, context, matched)
    except GatewayError as error:
        decision = _refused(simulator, context, error)
    answer, call_id = _book(tx, simulator, context, matched, decision)
    code = decision.error.code if decision.error else None
    # An ordered refusal has no cause in the call, however it was signed.
    if code in EXAMINED and context.account is not None and not _is_ordered(matched):
        signature_review.examine_later(tx, simulator, call_id, context.account, call, code)
    return answer


def foresee(tx: Transaction, simulator: Simulator, call: Call, assumed: Readings) -> Decision:
    """Return what a call would be answered under readings; no fault fires and nothing is booked.

    A task that the call submits is stored.
    """
    context = identify_call(tx, simulator, call, assumed)
    try:
        if context.stamp.classic and call.method == "OPTIONS":
            return Decision(answer=preflight_answer(context.stamp))
        operation, account = admission.admit(context), admission.known(context)
        matched = MatchedCall(account=account, operation=operation, fired={})
        return _decide(tx, simulator, context, matched)
    except GatewayError as error:
        return _refused(simulator, context, error)


def abandon(
    tx: Transaction, simulator: Simulator, call: Call, held: Hold, disconnected_after_ms: int
) -> Answer:
    """Journal a call whose client disconnected during the hold, after so many ms: it is not
    executed.
    """
    context = replace(identify_call(tx, simulator, call), held_ms=disconnected_after_ms)
    sent = Sent(what=Delivered.NOTHING, status=None, bytes=0, left_after_ms=disconnected_after_ms)
    decision = Decision(
        answer=NO_ANSWER,
        faults=tuple(held.fired.values()),
        sent=sent,
        rule=AnswerRule.LEFT_WHILE_HELD,
    )
    book(tx, simulator, context, decision)
    return NO_ANSWER


def record_unanswered(
    tx: Transaction, simulator: Simulator, call: Call, disconnected_after_ms: int | None
) -> None:
    """Journal a call that was never complete, or never had its turn: it is not executed.

    `disconnected_after_ms` None: our side ended the connection.
    """
    context = identify_call(tx, simulator, call)
    end = End.CLOSE if disconnected_after_ms is None else End.KEEP
    sent = Sent(
        what=Delivered.NOTHING, status=None, bytes=0, end=end, left_after_ms=disconnected_after_ms
    )
    decision = Decision(answer=NO_ANSWER, sent=sent, rule=AnswerRule.NEVER_WHOLE)
    book(tx, simulator, context, decision)


def record_disconnect(tx: Transaction, call_id: int, disconnected_after_ms: int) -> None:
    """Journal that the client disconnected after so many ms, before it had the whole answer."""
    sent = journal.sent(tx, call_id)
    if sent is None:  # the whole answer was meant to go out
        journal.set_sent(tx, call_id, journal.unsent(disconnected_after_ms))
    else:
        damaged = {**sent, "left_after_ms": disconnected_after_ms}
        journal.set_sent(tx, call_id, json.dumps(damaged))


def _is_ordered(matched: MatchedCall | None) -> bool:
    """Whether a fault answers in place of the gateway."""
    return matched is not None and any(
        rule.kind.stage is Stage.GATEWAY for rule in matched.fired.values()
    )


def _match(tx: Transaction, context: CallContext, held: Hold | None) -> MatchedCall:
    operation = admission.admit(context)
    account = admission.known(context)
    if held is not None:
        return MatchedCall(account=account, operation=operation, fired=held.fired)
    return match_entry_faults(tx, context, account, operation)


def _book(
    tx: Transaction,
    simulator: Simulator,
    context: CallContext,
    matched: MatchedCall | None,
    decision: Decision,
) -> tuple[Answer, int]:
    """Book the decision; return the answer for the wire and the id of its journal row."""
    if matched is None or (not matched.fired and not decision.faults):
        return decision.answer, book(tx, simulator, context, decision)
    answer, sent = wire.damaged(decision.answer, matched.fired)
    faults = (*matched.fired.values(), *decision.faults)
    call_id = book(tx, simulator, context, replace(decision, faults=faults, sent=sent))
    return replace(answer, call_id=call_id if sent is not None else None), call_id


def record_bug(tx: Transaction, simulator: Simulator, call: Call, error: BaseException) -> Answer:
    """Answer and journal a call on which our code failed; book nothing else."""
    context = identify_call(tx, simulator, call)
    answer = bug_answer(error)
    book(tx, simulator, context, Decision(answer=answer, rule=AnswerRule.BUG))
    return answer


def _caught_up(tx: Transaction, simulator: Simulator, context: CallContext) -> CallContext:
    """Return the context once the notices of its account that came due by now are kept."""
    account = context.account
    if account is None or account.watch.due_at is None:
        return context
    after = notices.catch_up(tx, simulator, account, context.stamp.now)
    return context if after is account else replace(context, account=after)


def _refused(simulator: Simulator, context: CallContext, error: GatewayError) -> Decision:
    answer = gateway_answer(error, simulator.catalogue.errors, context.stamp)
    return Decision(answer=answer, error=error, rule=error.rule)


def _decide(
    tx: Transaction, simulator: Simulator, context: CallContext, matched: MatchedCall
) -> Decision:
    account, operation = matched.account, matched.operation
    if wire.is_before(matched.fired.get(wire.DAMAGE)):
        return Decision(answer=NO_ANSWER, rule=AnswerRule.FAULT_BEFORE_THE_CALL)
    if fault := matched.fired.get(gateway.SLOT):
        raise gateway.error_of(fault)
    assert not isinstance(context.credentials, GatewayError)  # noqa: S101 - `known` came first
    admission.authenticate(tx, account, context.call, context.credentials, context.machine_now)
    admission.check_standing(account)
    now = context.stamp.now
    payer = admission.payer(tx, account, operation, now)
    admission.check_throttle(tx, account, operation, now)
    return _serve(tx, simulator, context, matched, payer)


def _serve(
    tx: Transaction, simulator: Simulator, context: CallContext, matched: MatchedCall, payer: Payer
) -> Decision:
    """Let the service answer. Its answers are numbered, refusals too (claim res-id-form)."""
    account = matched.account
    fault, effect = match_service_fault(tx, context, matched)
    faults = (fault,) if fault else ()
    try:
        if effect.says is not None:
            raise effect.says
        request = _request(simulator, context, account, effect)
        result = operations.HANDLERS[matched.operation](tx, simulator, request)
    except Refusal as refusal:
        accounts.count(tx, account.id, submits=0, answers=1)
        charged = payer.metered and refusal_status(account.readings) == 200
        answer = refusal_answer(
            refusal, account.readings, account.res_id, context.stamp, charged=charged
        )
        served = Served(package=payer.package, charged=charged, refused=True)
        return Decision(answer=answer, served=served, faults=faults, rule=refusal.rule)
    accounts.count(tx, account.id, submits=result.submits, answers=1)
    if effect.answers is not None:
        ghost = _refused(simulator, context, effect.answers)
        return replace(ghost, task_id=result.task_id, faults=faults)
    answer = result_answer(
        result.body, account.readings, account.res_id, context.stamp, charged=payer.metered
    )
    served = Served(
        package=payer.package, charged=payer.metered, task_number=result.task_number,
        status=result.status,
    )  # fmt: skip
    return Decision(answer=answer, served=served, task_id=result.task_id, faults=faults)


def _request(
    simulator: Simulator, context: CallContext, account: Account, effect: Effect
) -> operations.OperationRequest:
    call = context.call
    return operations.OperationRequest(
        account=account,
        now=context.stamp.now,
        fields=fields_of(context),
        base_url=base_url_of(simulator, call),
        order=effect.order,
        shape=effect.shape,
    )
