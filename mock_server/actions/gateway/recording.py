"""Writes a call to the journal, the ledger and the coverage, in the transaction that answers it."""

import json
from dataclasses import asdict
from functools import partial

from mock_server.actions.accounts import notices
from mock_server.actions.gateway import coverage, kept_findings
from mock_server.actions.gateway.context import CallContext
from mock_server.actions.gateway.coverage import CallOutcome
from mock_server.domain.billing import charges
from mock_server.domain.billing.bills import Total, day_of
from mock_server.domain.billing.charges import Charge, LedgerEntry, Package
from mock_server.domain.call import answer_rules
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import Answer
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.call.redaction import (
    values_of,
)
from mock_server.domain.contract.coverage import Answered
from mock_server.domain.faults.rules import Rule
from mock_server.domain.faults.wire import Sent
from mock_server.domain.findings import Finding, judge, mistaken, plain_findings, request_of
from mock_server.domain.records import dataclass
from mock_server.domain.task.tasks import Status
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import billing as billing_rows
from mock_server.store import coverage as coverage_rows
from mock_server.store import journal
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The service answered. `package` has the credit that the call is worth, paid or not.

    `task_number` is that of the task that the call concerns, if any; `status` is what the answer
    tells of it.
    """

    package: Package | None
    charged: bool
    refused: bool = False
    task_number: int | None = None
    status: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer and everything to book with it.

    `served` None: the gateway answered, with `error`, unless there was no answer or it is a bug of
    ours. `faults`: those that happened. `sent`: what went over the wire; None: the answer itself.
    `rule`: the one that decided.
    """

    answer: Answer
    served: Served | None = None
    task_id: str | None = None
    error: GatewayError | None = None
    faults: tuple[Rule, ...] = ()
    sent: Sent | None = None
    rule: AnswerRule = AnswerRule.SERVED


def book(tx: Transaction, simulator: Simulator, context: CallContext, decision: Decision) -> int:
    """Write the journal row and, for a charged call, credit and ledger entry; return the call's
    id.
    """
    call, account, answer = context.call, context.account, decision.answer
    reason, paid, fen = Charge.NEVER, None, 0
    if account is not None:
        reason = charges.charge_for(context.operation, answer.status, account.readings)
    if decision.served is not None and decision.served.charged:
        paid = decision.served.package
    if paid is not None:
        fen = charges.credit_fen(paid)
    secrets = account.secrets if account else ()
    entry = journal.Entry(
        account=account.id if account else None,
        at=context.stamp.now,
        real_at=context.real_now,
        jumped_ms=account.clock.jumped_ms if account else 0,
        held_ms=context.held_ms,
        request_id=context.stamp.request_id,
        operation=context.operation,
        error_code=_error_code(decision, context),
        charge=reason,
        fen=fen,
        task_id=decision.task_id,
        faults=_faults(decision.faults),
        sent=json.dumps(asdict(decision.sent)) if decision.sent else None,
        findings=_findings(tx, simulator, context),
        ground=_ground(simulator, decision, context),
        **journal.redacted(call, answer, secrets),
    )
    call_id = simulator.add_to_journal(tx, entry, account.origin if account else None)
    _note(tx, simulator, context, decision, call_id)
    if account is not None and decision.served is not None:
        count(tx, entry, decision.served, account.id)
    if account is not None and paid is not None:
        task_number = decision.served.task_number if decision.served else None
        charge(tx, entry, paid, call_id, task_number)
        notices.charged(tx, simulator, account, paid, entry.at)
    return call_id


def _note(
    tx: Transaction, simulator: Simulator, context: CallContext, decision: Decision, call_id: int
) -> None:
    """Store the items of the contract that this call is the first of its account to cover."""
    status = decision.served.status if decision.served is not None else None
    outcome = CallOutcome(answered=_answered(decision), error=decision.error, status=status)
    new = coverage.note(tx, simulator, context, outcome)
    if new:
        coverage_rows.add(
            tx, context.account.id if context.account else coverage_rows.ARCHIVED, new, call_id
        )


def _ground(simulator: Simulator, decision: Decision, context: CallContext) -> str:
    """Return the rule that decided, and the readings that it depended on."""
    depends_on = simulator.catalogue.answer_rules[decision.rule].readings
    return answer_rules.kept(decision.rule, depends_on, context.readings)


def _error_code(decision: Decision, context: CallContext) -> str | None:
    """Return the error code that the client saw; older instances show none."""
    return decision.error.code if decision.error and not context.stamp.classic else None


def _answered(decision: Decision) -> Answered:
    if decision.served is None:
        return Answered.ERROR
    return Answered.REFUSAL if decision.served.refused else Answered.RESULT


def _faults(rules: tuple[Rule, ...]) -> str:
    if not rules:
        return "[]"
    return json.dumps([{"id": rule.id, "kind": rule.kind.name} for rule in rules])


def charge(
    tx: Transaction,
    entry: journal.Entry,
    package: Package,
    call_id: int,
    task_number: int | None,
) -> None:
    """Take the credit that a call costs, and add it to the ledger."""
    if not billing_rows.take_credit(tx, package):
        raise RuntimeError("the package lost its last credit within one transaction")
    booked = LedgerEntry(
        account=package.account,
        call_id=call_id,
        package_id=package.id,
        operation=entry.operation or "",
        task_id=entry.task_id,
        task_number=task_number,
        fen=entry.fen,
        at=entry.at,
    )
    billing_rows.add_entry(tx, booked)


def count(tx: Transaction, entry: journal.Entry, served: Served, account_id: str) -> None:
    """Add a call that the service answered to the totals."""
    line = Total(
        day=day_of(entry.at),
        package_id=served.package.id if served.package else 0,
        operation=entry.operation or "",
        refused=served.refused,
        calls=1,
        charged=int(served.charged),
        charged_fen=entry.fen,
    )
    billing_rows.add_to_totals(tx, account_id, line)


def _mistaken(tx: Transaction, context: CallContext) -> Finding | None:
    """Return why no account has the credentials of a call, if they show it."""
    if isinstance(context.credentials, GatewayError) or context.operation is None:
        return None
    return mistaken(context.credentials, partial(account_rows.holder, tx))


def _findings(tx: Transaction, simulator: Simulator, context: CallContext) -> str:
    """Return the findings of a call in the form of the journal."""
    contract = simulator.catalogue.requests(context.readings)
    if context.account is not None:
        plain = plain_findings(context.call, context.operation, context.body, contract)
        if plain is not None:
            return kept_findings.of_plain(simulator, plain, context.account)
    request = request_of(
        context.call, context.operation, context.body, contract, context.readings,
        paths=simulator.routes.paths,
    )  # fmt: skip
    hits = judge(request)
    if context.account is None and (hit := _mistaken(tx, context)) is not None:
        hits = [*hits, hit]
    known = context.account.secrets if context.account else ()
    secrets = (*known, *values_of(context.call.headers)) if hits else ()
    return kept_findings.of(simulator, hits, secrets, context.readings)
