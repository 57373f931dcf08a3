"""One call through the gateway: decide, book, and only then answer.

Rule 1: answer, credit, ledger entry and journal row are one transaction.
Rule 2: an ordered failure of the gateway comes before anything is verified, one of the service
instead of the operation.
Rule 3: what goes wrong in here is our bug and becomes a 500, never an answer of the vendor.
"""

import json
import re
from dataclasses import replace

from mock_server.actions import admission, clinic, vendor
from mock_server.actions.arrivals import Visit, arrive
from mock_server.actions.booking import Decision, book
from mock_server.actions.course import Course, at_the_service, begin
from mock_server.domain import bodies
from mock_server.domain.accounts import Account
from mock_server.domain.answers import (
    gateway_answer,
    preflight_answer,
    refusal_answer,
    refusal_status,
    result_answer,
)
from mock_server.domain.billing import Package
from mock_server.domain.calls import Answer, Call, header
from mock_server.domain.errors import GatewayError, Refusal
from mock_server.domain.faults.service import Effect
from mock_server.simulator import Simulator
from mock_server.store import accounts
from mock_server.store.transaction import Transaction

BUG_HEADER = "X-Mock-Server-Bug"
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")


def handle(tx: Transaction, simulator: Simulator, call: Call) -> Answer:
    """Answer a call and book it."""
    visit = arrive(tx, simulator, call)
    course = refused = None
    try:
        if visit.stamp.classic and call.method == "OPTIONS":
            decision = Decision(answer=preflight_answer(visit.stamp))
        else:
            operation = admission.admit(visit)
            course = begin(tx, visit, admission.known(visit), operation)
            decision = _decide(tx, simulator, visit, course)
    except GatewayError as error:
        refused = error
        decision = _refused(simulator, visit, error)
    if course is not None:
        decision = replace(decision, faults=(*course.met.values(), *decision.faults))
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


def _refused(simulator: Simulator, visit: Visit, error: GatewayError) -> Decision:
    answer = gateway_answer(error, simulator.catalogue.errors, visit.stamp)
    return Decision(answer=answer, error_code=None if visit.stamp.classic else error.code)


def _decide(tx: Transaction, simulator: Simulator, visit: Visit, course: Course) -> Decision:
    account, operation = course.account, course.operation
    if fault := course.met.get("gateway"):
        raise fault.kind.act(fault.fault)
    admission.authenticate(tx, visit, account)
    admission.check_standing(account)
    now = visit.stamp.now
    package = admission.paying_package(tx, account, operation, now)
    admission.check_throttle(tx, account, operation, now)
    return _serve(tx, simulator, visit, course, package)


def _serve(
    tx: Transaction, simulator: Simulator, visit: Visit, course: Course, package: Package | None
) -> Decision:
    """Let the service answer. What it answers is numbered, a refusal too (claim res-id-form)."""
    account = course.account
    charged = package is not None
    fault, effect = at_the_service(tx, visit, course)
    faults = (fault,) if fault else ()
    try:
        if effect.says is not None:
            raise effect.says
        request = _request(simulator, visit, account, effect)
        result = vendor.OPERATIONS[course.operation](tx, simulator, request)
    except Refusal as refusal:
        accounts.count(tx, account.id, submits=0, answers=1)
        charged = charged and refusal_status(account.readings) == 200
        answer = refusal_answer(
            refusal, account.readings, account.res_id, visit.stamp, charged=charged
        )
        return Decision(answer=answer, package=package if charged else None, faults=faults)
    accounts.count(tx, account.id, submits=result.submits, answers=1)
    answer = result_answer(result.body, account.res_id, visit.stamp, charged=charged)
    return Decision(answer=answer, package=package, task_id=result.task_id, faults=faults)


def _request(
    simulator: Simulator, visit: Visit, account: Account, effect: Effect
) -> vendor.Request:
    call = visit.call
    return vendor.Request(
        account=account,
        now=visit.stamp.now,
        fields=bodies.parse_fields(call.body, header(call, "content-type")),
        base_url=_base_url(simulator, call),
        shape=effect.shape,
    )


def _base_url(simulator: Simulator, call: Call) -> str:
    """Return where the caller can fetch pictures: the public address, else the one it called."""
    settings = simulator.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = header(call, "host") or ""
    return f"{call.scheme}://{host}" if _HOST.fullmatch(host) else settings.own_url
