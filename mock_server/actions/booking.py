"""The books: what a call leaves behind, in the transaction that answers it."""

import json
from dataclasses import asdict, dataclass
from functools import partial

from mock_server.actions import coverage, judging, notices
from mock_server.actions.arrivals import Visit
from mock_server.domain import billing
from mock_server.domain.billing import Charge, LedgerEntry, Package
from mock_server.domain.bills import Total, day_of
from mock_server.domain.calls import Answer
from mock_server.domain.coverage import Answered
from mock_server.domain.faults.rules import Rule
from mock_server.domain.faults.wire import Sent
from mock_server.domain.redaction import answer_lines, capture, header_lines, redact_target
from mock_server.simulator import Simulator
from mock_server.store import billing as billing_rows
from mock_server.store import journal, met
from mock_server.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """That the service answered: `package` is what the call is worth a credit of, paid or not."""

    package: Package | None
    charged: bool
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer and what has to be booked with it. `served` None: the gateway answered.

    `faults` are those that happened, `sent` what went over the wire if not just the answer.
    """

    answer: Answer
    served: Served | None = None
    task_id: str | None = None
    error_code: str | None = None
    faults: tuple[Rule, ...] = ()
    sent: Sent | None = None


def book(tx: Transaction, simulator: Simulator, visit: Visit, decision: Decision) -> int:
    """Write journal row and, for a charged call, credit and ledger entry; return the call's id."""
    call, account, answer = visit.call, visit.account, decision.answer
    charge, paid, fen = Charge.NEVER, None, 0
    if account is not None:
        charge = billing.charge_for(visit.operation, answer.status, account.readings)
    if decision.served is not None and decision.served.charged:
        paid = decision.served.package
    if paid is not None:
        fen = billing.credit_fen(paid)
    secrets = account.secrets if account else ()
    entry = journal.Entry(
        account=account.id if account else None,
        at=visit.stamp.now,
        real_at=visit.real_now,
        request_id=visit.stamp.request_id,
        operation=visit.operation,
        method=call.method,
        path=redact_target(call.target, secrets),
        status=answer.status,
        error_code=decision.error_code,
        charge=charge,
        fen=fen,
        task_id=decision.task_id,
        request_headers=header_lines(call.headers, secrets),
        request=capture(call.body, secrets),
        answer_headers=answer_lines(answer.headers, call.headers, secrets),
        answer=capture(answer.body, secrets),
        faults=_faults(decision.faults),
        sent=json.dumps(asdict(decision.sent)) if decision.sent else None,
        findings=judging.findings_of(simulator, visit),
    )
    call_id = add_to_journal(tx, simulator, entry)
    _note(tx, simulator, visit, decision, call_id)
    if account is not None and decision.served is not None:
        _count(tx, entry, decision.served, account.id)
    if account is not None and paid is not None:
        _charge(tx, entry, paid, call_id)
        notices.charged(tx, simulator, account, paid, entry.at)
    return call_id


def add_to_journal(tx: Transaction, simulator: Simulator, entry: journal.Entry) -> int:
    """Write the row of a call and return its id; whoever logs calls hears of it once it is kept."""
    call_id = journal.insert(tx, entry, simulator.journal_limits)
    if simulator.log_call is not None:
        tx.after_commit.append(partial(simulator.log_call, call_id, entry))
    return call_id


def _note(
    tx: Transaction, simulator: Simulator, visit: Visit, decision: Decision, call_id: int
) -> None:
    """Keep what of the contract the call is the first of its account to meet."""
    new = coverage.note(
        tx, simulator, visit, decision.answer, _answered(decision), decision.task_id
    )
    if new:
        met.add(tx, visit.account.id if visit.account else met.GONE, new, call_id)


def _answered(decision: Decision) -> Answered:
    if decision.served is None:
        return Answered.ERROR
    return Answered.REFUSAL if decision.served.refused else Answered.RESULT


def _faults(rules: tuple[Rule, ...]) -> str:
    if not rules:
        return "[]"
    return json.dumps([{"id": rule.id, "kind": rule.kind.name} for rule in rules])


def _charge(tx: Transaction, entry: journal.Entry, package: Package, call_id: int) -> None:
    if not billing_rows.take_credit(tx, package.id):
        raise RuntimeError("the credit that was seen is gone")
    booked = LedgerEntry(
        account=package.account,
        call_id=call_id,
        package_id=package.id,
        operation=entry.operation or "",
        task_id=entry.task_id,
        fen=entry.fen,
        at=entry.at,
    )
    billing_rows.add_entry(tx, booked)


def _count(tx: Transaction, entry: journal.Entry, served: Served, account_id: str) -> None:
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
