"""One call through the gateway: decide, book, and only then answer.

Rule 1: answer, credit, ledger entry and journal row are one transaction.
Rule 2: an ordered failure of the gateway comes before anything is verified, one of the service
instead of the operation.
Rule 3: what goes wrong in here is our bug and becomes a 500, never an answer of the vendor.
"""

import json
import re

from mock_server.actions import admission, clinic, vendor
from mock_server.actions.arrivals import Visit, arrive
from mock_server.actions.booking import Decision, book
from mock_server.domain import bodies, faults
from mock_server.domain.accounts import Account
from mock_server.domain.answers import (
    gateway_answer,
    preflight_answer,
    refusal_answer,
    refusal_status,
    result_answer,
)
from mock_server.domain.billing import Package
from mock_server.domain.calls import Answer, Call, Operation, header
from mock_server.domain.errors import GatewayError, Refusal
from mock_server.domain.faults import Kind
from mock_server.simulator import Simulator
from mock_server.store import accounts
from mock_server.store import faults as fault_rows
from mock_server.store.transaction import Transaction

BUG_HEADER = "X-Mock-Server-Bug"
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")


def handle(tx: Transaction, simulator: Simulator, call: Call) -> Answer:
    """Answer a call and book it."""
    visit = arrive(tx, simulator, call)
    tables = simulator.catalogue.errors
    refused = None
    try:
        decision = _decide(tx, simulator, visit)
    except GatewayError as error:
        refused = error
        answer = gateway_answer(error, tables, visit.stamp)
        code = None if visit.stamp.classic else error.code
        decision = Decision(answer=answer, error_code=code)
    call_id = book(tx, simulator, visit, decision)
    if refused is not None and refused.code in clinic.CODES and visit.account is not None:
        clinic.examine_later(tx, simulator, call_id, visit.account, call, refused.code)
    return decision.answer


def record_bug(tx: Transaction, simulator: Simulator, call: Call, error: BaseException) -> Answer:
    """Answer and journal a call on which we failed; nothing else of it is kept."""
    visit = arrive(tx, simulator, call)
    answer = bug_answer(error)
    book(tx, simulator, visit, Decision(answer=answer))
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


def _decide(tx: Transaction, simulator: Simulator, visit: Visit) -> Decision:
    if visit.stamp.classic and visit.call.method == "OPTIONS":
        return Decision(answer=preflight_answer(visit.stamp))
    operation = admission.admit(visit)
    account = admission.known(visit)
    _fail_on_order(tx, account, Kind.GATEWAY_ERROR, operation)
    admission.authenticate(tx, visit, account)
    admission.check_standing(account)
    now = visit.stamp.now
    package = admission.paying_package(tx, account, operation, now)
    admission.check_throttle(tx, account, operation, now)
    call = visit.call
    body = visit.body or bodies.read_body(call.body, header(call, "content-type"))
    request = vendor.Request(
        account=account,
        now=now,
        fields=body.fields,
        base_url=_base_url(simulator, call),
    )
    return _serve(tx, simulator, visit, request, package)


def _serve(
    tx: Transaction,
    simulator: Simulator,
    visit: Visit,
    request: vendor.Request,
    package: Package | None,
) -> Decision:
    """Let the service answer. What it answers is numbered, a refusal too (claim res-id-form)."""
    account = request.account
    operation = visit.operation
    assert operation is not None  # noqa: S101 - `admit` came first
    charged = package is not None
    try:
        _fail_on_order(tx, account, Kind.REFUSAL, operation)
        result = vendor.OPERATIONS[operation](tx, simulator, request)
    except Refusal as refusal:
        accounts.count(tx, account.id, submits=0, answers=1)
        charged = charged and refusal_status(account.readings) == 200
        answer = refusal_answer(
            refusal, account.readings, account.res_id, visit.stamp, charged=charged
        )
        return Decision(answer=answer, package=package if charged else None)
    accounts.count(tx, account.id, submits=result.submits, answers=1)
    answer = result_answer(result.body, account.res_id, visit.stamp, charged=charged)
    return Decision(answer=answer, package=package, task_id=result.task_id)


def _fail_on_order(tx: Transaction, account: Account, kind: Kind, operation: Operation) -> None:
    if not account.armed:
        return
    fault = fault_rows.first_match(tx, account.id, kind, operation)
    if fault is not None:
        fault_rows.count_hit(tx, fault.id)
        raise faults.raised(fault)


def _base_url(simulator: Simulator, call: Call) -> str:
    """Return where the caller can fetch pictures: the public address, else the one it called."""
    settings = simulator.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = header(call, "host") or ""
    return f"{call.scheme}://{host}" if _HOST.fullmatch(host) else settings.own_url
