"""The gateway's checks before the service gets a call, in this order (claim order-of-checks):
size and syntax, stage and route, credentials, freshness, signature, standing, credit, throttle.
"""

from mock_server.actions.gateway.context import CallContext
from mock_server.domain.account.accounts import Account, Standing
from mock_server.domain.auth import credentials, signatures
from mock_server.domain.auth.credentials import WINDOW_MS, AppCode, Credentials, KeyPair
from mock_server.domain.billing import charges
from mock_server.domain.billing.charges import Package
from mock_server.domain.call import bodies, throttle
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import (
    MAX_HEAD_BYTES,
    VENDOR_HOST,
    Call,
    Operation,
    head_bytes,
    header,
)
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass
from mock_server.store import billing as billing_rows
from mock_server.store import nonces, throttles
from mock_server.store.engine.transaction import Transaction

UNREADABLE = AnswerRule.REQUEST_UNREADABLE
UNPUBLISHED_STAGES = ("TEST", "PRE")
STANDING_CODES = {Standing.ARREARS: "B403MO", Standing.UNAUTHORIZED: "I403AA"}


def admit(context: CallContext) -> Operation:
    """Check size, syntax, stage and route; return the operation. Raises GatewayError."""
    call = context.call
    if call.defect is not None:
        rule = AnswerRule.BODY_TOO_LARGE if call.defect.code == "I413RL" else UNREADABLE
        raise GatewayError(call.defect.code, call.defect.reason, rule=rule)
    if head_bytes(call) > MAX_HEAD_BYTES:
        raise GatewayError("I413UL", rule=AnswerRule.HEAD_TOO_LARGE)
    _check_host(context)
    _check_stage(call)
    if context.operation is None:
        raise GatewayError(
            "I404NF",
            f"{call.method} {call.path}"[:200],
            rule=AnswerRule.ROUTE_UNKNOWN,
            classic=_no_route(context.readings),
        )
    bodies.check_content_type(header(call, "content-type"), call.body, context.readings)
    return context.operation


def known(context: CallContext) -> Account:
    """Return the account of the call. Raises GatewayError for missing or unknown credentials."""
    if isinstance(context.credentials, GatewayError):
        raise context.credentials
    credentials.check_signed(context.credentials)
    if context.account is None:
        raise credentials.unknown(context.credentials, context.readings)
    if isinstance(context.credentials, AppCode):
        credentials.check_scheme(context.call, context.readings)
    return context.account


def authenticate(
    tx: Transaction, account: Account, call: Call, named: Credentials, machine_now: int
) -> None:
    """Check timestamp, nonce, Content-MD5 and signature: the one place that says all is good.

    Raises GatewayError, and then nothing was changed.
    """
    now = credentials.signing_now(account, machine_now)
    credentials.check_timestamp(call, now)
    nonce = credentials.nonce_of(call, named, account.readings)
    kind = "code" if isinstance(named, AppCode) else "key"
    if nonce is not None and nonces.is_used(tx, account.id, kind, nonce, now - WINDOW_MS):
        raise GatewayError("S403NU", rule=AnswerRule.NONCE_USED)
    if isinstance(named, KeyPair):
        signatures.verify(call, account.app_secret, account.readings)
    # Only after verification, otherwise a stranger could use up a client's nonces (claim
    # nonce-scope).
    if nonce is not None:
        nonces.remember(tx, account.id, kind, nonce, now=now, since=now - WINDOW_MS)


def check_standing(account: Account) -> None:
    """Check that the buyer may call the API. Raises B403MO, I403AA."""
    if account.standing in STANDING_CODES:
        raise GatewayError(STANDING_CODES[account.standing], rule=AnswerRule.STANDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """The package whose next credit the call is worth, and whether an HTTP 200 takes that
    credit.
    """

    package: Package | None
    metered: bool


def payer(tx: Transaction, account: Account, operation: Operation, now: int) -> Payer:
    """Return the package that pays if the answer is HTTP 200. Raises B403MQ, B403ME, B403MI."""
    package = billing_rows.paying_package(tx, account.id, now, account.readings)
    metered = charges.is_metered(operation, account.readings)
    if metered and package is None:
        raise charges.no_credit(billing_rows.packages(tx, account.id), now)
    return Payer(package=package, metered=metered)


def check_throttle(tx: Transaction, account: Account, operation: Operation, now: int) -> None:
    """Take a token from the account's bucket for this operation. Raises T429PA."""
    if account.limit is None:
        return
    bucket, passes = throttle.take(throttles.get(tx, account.id, operation), account.limit, now)
    throttles.put(tx, account.id, operation, bucket)
    if not passes:
        sends_retry_after = account.readings.throttle_retry_after == "sent"
        wait_s = throttle.wait_s(bucket, account.limit) if sends_retry_after else None
        raise GatewayError("T429PA", rule=AnswerRule.THROTTLED, retry_after_s=wait_s)


def _no_route(readings: Readings) -> str | None:
    """Return an older instance's text for a wrong path or method (claim classic-path-or-method)."""
    return "Invalid Path or Method" if readings.classic_route != "invalid-url" else None


def _check_host(context: CallContext) -> None:
    """Under a reading, the gateway answers only to its own host name (claim host-unchecked)."""
    host = (header(context.call, "host") or "").partition(":")[0].lower()
    if context.readings.host_check == "vendor-host" and host != VENDOR_HOST:
        raise GatewayError("I404DO", host[:200], rule=AnswerRule.HOST_OTHER)


def _check_stage(call: Call) -> None:
    """Check the stage: the API is published to RELEASE only (claim stage-release)."""
    stage = header(call, "x-ca-stage") or "RELEASE"
    if stage in UNPUBLISHED_STAGES:
        place = f"{call.method} {call.path} in stage {stage}"
        raise GatewayError("I404NF", place[:200], rule=AnswerRule.STAGE_NOT_PUBLISHED)
    if stage != "RELEASE":
        raise GatewayError("I400SG", rule=AnswerRule.STAGE_UNKNOWN)
