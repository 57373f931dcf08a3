"""The books: what a call leaves behind, in the transaction that answers it."""

from dataclasses import dataclass

from mock_server.actions import coverage, judging
from mock_server.actions.arrivals import Visit
from mock_server.domain import billing
from mock_server.domain.billing import Charge, LedgerEntry, Package
from mock_server.domain.calls import Answer
from mock_server.domain.redaction import answer_lines, capture, header_lines, redact_target
from mock_server.simulator import Simulator
from mock_server.store import billing as billing_rows
from mock_server.store import journal, met
from mock_server.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer and what has to be booked with it."""

    answer: Answer
    package: Package | None = None
    task_id: str | None = None
    error_code: str | None = None


def book(tx: Transaction, simulator: Simulator, visit: Visit, decision: Decision) -> int:
    """Write journal row and, for a charged call, credit and ledger entry; return the call's id."""
    call, account, answer = visit.call, visit.account, decision.answer
    charge, fen = Charge.NEVER, 0
    if account is not None:
        charge = billing.charge_for(visit.operation, answer.status, account.readings)
    if decision.package is not None:
        fen = billing.credit_fen(decision.package)
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
        findings=judging.findings_of(simulator, visit),
    )
    call_id = journal.insert(tx, entry, simulator.journal_limits)
    if new := coverage.note(tx, simulator, visit, answer, decision.task_id):
        met.add(tx, entry.account or met.GONE, new, call_id)
    if decision.package is not None:
        _charge(tx, entry, decision.package, call_id)
    return call_id


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
