"""One call through the gateway: decide, book, and only then answer.

Rule 1: the order is size, syntax, route, credentials, credit, operation (claim order-of-checks).
Rule 2: answer, credit, ledger entry and journal row are one transaction.
Rule 3: what goes wrong in here is our bug and becomes a 500, never an answer of the vendor.
"""

import json
import re
from dataclasses import dataclass

from mock_server.actions import vendor
from mock_server.domain import auth, billing, bodies
from mock_server.domain.accounts import DEFAULT_ID, Account
from mock_server.domain.answers import (
    Stamp,
    gateway_answer,
    refusal_answer,
    refusal_status,
    result_answer,
)
from mock_server.domain.billing import Charge, LedgerEntry, Package
from mock_server.domain.calls import (
    MAX_HEAD_BYTES,
    ROUTES,
    Answer,
    Call,
    Operation,
    head_bytes,
    header,
)
from mock_server.domain.errors import GatewayError, Refusal
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.domain.redaction import capture, header_lines, redact_target
from mock_server.simulator import Simulator
from mock_server.store import accounts, journal
from mock_server.store import billing as billing_rows
from mock_server.store.transaction import Transaction

BUG_HEADER = "X-Mock-Server-Bug"
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A call on its way through, with the one `now` of its transaction."""

    call: Call
    operation: Operation | None
    account: Account | None
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer and what has to be booked with it."""

    answer: Answer
    package: Package | None = None
    task_id: str | None = None
    error_code: str | None = None


def handle(tx: Transaction, simulator: Simulator, call: Call) -> Answer:
    """Answer a call and book it."""
    visit = _arrive(tx, simulator, call)
    try:
        decision = _decide(tx, simulator, visit)
    except GatewayError as error:
        row = simulator.catalogue.errors[error.code]
        decision = Decision(answer=gateway_answer(error, row, visit.stamp), error_code=row.code)
    _book(tx, simulator, visit, decision)
    return decision.answer


def record_bug(tx: Transaction, simulator: Simulator, call: Call, error: BaseException) -> Answer:
    """Answer and journal a call on which we failed; nothing else of it is kept."""
    visit = _arrive(tx, simulator, call)
    answer = bug_answer(error)
    _book(tx, simulator, visit, Decision(answer=answer))
    return answer


def bug_answer(error: BaseException) -> Answer:
    """Return our own 500, which no client can mistake for the vendor's."""
    name = type(error).__name__
    text = f"artqr-mock failed on this call ({name}): a bug of the simulator, not of your client"
    body = json.dumps({"error": text}).encode()
    headers = (
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        (BUG_HEADER, name),
    )
    return Answer(status=500, headers=headers, body=body)


def _arrive(tx: Transaction, simulator: Simulator, call: Call) -> Visit:
    account = _named_account(tx, call)
    real_now = simulator.real_now()
    now = account.clock.now(real_now) if account else real_now
    operation = None if call.defect else ROUTES.get((call.method, call.path))
    stamp = Stamp(request_id=_request_id(simulator.draw_bytes(16)), now=now)
    return Visit(call=call, operation=operation, account=account, stamp=stamp)


def _named_account(tx: Transaction, call: Call) -> Account | None:
    try:
        return accounts.by_app_code(tx, auth.named_credentials(call).code)
    except GatewayError:
        return None


def _decide(tx: Transaction, simulator: Simulator, visit: Visit) -> Decision:
    operation = _admit(visit)
    account = _authenticate(tx, visit)
    package = None
    if billing.is_metered(operation, account.readings):
        package = _paying_package(tx, account, visit.stamp.now)
    call = visit.call
    request = vendor.Request(
        account=account,
        now=visit.stamp.now,
        fields=bodies.parse_fields(call.body, header(call, "content-type")),
        base_url=_base_url(simulator, call),
    )
    charged = package is not None
    try:
        result = vendor.OPERATIONS[operation](tx, simulator, request)
    except Refusal as refusal:
        # What the service answers is numbered, a refusal too (claim res-id-form).
        accounts.count(tx, account.id, submits=0, answers=1)
        charged = charged and refusal_status(account.readings) == 200
        answer = refusal_answer(
            refusal, account.readings, account.res_id, visit.stamp, charged=charged
        )
        return Decision(answer=answer, package=package if charged else None)
    accounts.count(tx, account.id, submits=result.submits, answers=1)
    answer = result_answer(result.body, account.res_id, visit.stamp, charged=charged)
    return Decision(answer=answer, package=package, task_id=result.task_id)


def _admit(visit: Visit) -> Operation:
    """Check size, syntax and route."""
    call = visit.call
    if call.defect is not None:
        raise GatewayError(call.defect.code, call.defect.reason)
    if head_bytes(call) > MAX_HEAD_BYTES:
        raise GatewayError("I413UL")
    if visit.operation is None:
        raise GatewayError("I404NF", f"{call.method} {call.path}"[:200])
    bodies.check_content_type(header(call, "content-type"))
    return visit.operation


def _authenticate(tx: Transaction, visit: Visit) -> Account:
    """Return who calls: the one place that says whether credentials are good."""
    auth.named_credentials(visit.call)
    if visit.account is None:
        # Nobody's call: it is answered as the default account reads the vendor.
        default = accounts.get(tx, DEFAULT_ID)
        raise auth.unknown_app_code(default.readings if default else DEFAULT_READINGS)
    return visit.account


def _paying_package(tx: Transaction, account: Account, now: int) -> Package:
    package = billing_rows.paying_package(tx, account.id, now)
    if package is None:
        raise billing.no_credit(billing_rows.packages(tx, account.id), now)
    return package


def _book(tx: Transaction, simulator: Simulator, visit: Visit, decision: Decision) -> None:
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
        answer_headers=header_lines(answer.headers, secrets),
        answer=capture(answer.body, secrets),
    )
    call_id = journal.insert(tx, entry, simulator.journal_limits)
    if decision.package is not None:
        _charge(tx, entry, decision.package, call_id)


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


def _base_url(simulator: Simulator, call: Call) -> str:
    """Return where the caller can fetch pictures: the public address, else the one it called."""
    settings = simulator.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = header(call, "host") or ""
    return f"{call.scheme}://{host}" if _HOST.fullmatch(host) else settings.own_url


def _request_id(entropy: bytes) -> str:
    """Return an upper-case UUID (claim request-id)."""
    digits = entropy.hex().upper()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-A{digits[17:20]}-{digits[20:]}"
