"""The context of a call: its operation, the account that it names, and its one `now`."""

import re
from dataclasses import replace

from mock_server.actions.accounts import accounts
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import Account
from mock_server.domain.answer.answers import Stamp
from mock_server.domain.auth.credentials import (
    AppCode,
    Credentials,
    app_code_in_query,
    app_code_of,
    named_credentials,
)
from mock_server.domain.call import bodies
from mock_server.domain.call.bodies import Body, Fields
from mock_server.domain.call.calls import Call, Operation, header, operation_of
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.findings import judged_body
from mock_server.domain.readings import DEFAULT_READINGS, Readings
from mock_server.domain.records import dataclass
from mock_server.simulator import Simulator
from mock_server.store import accounts as rows
from mock_server.store.engine.transaction import Transaction

_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """A call on its way through the gateway; nothing of it is verified yet.

    `credentials`: those that the call names, or the gateway's error if it names none. `readings`:
    those of the account, or of the default account if the call has none. `body`: None if it was not
    parsed yet, because the call has no operation, is multipart, or is too long to parse before
    verification. `held_ms`: for how long the call was held before.
    """

    call: Call
    operation: Operation | None
    credentials: Credentials | GatewayError
    account: Account | None
    readings: Readings
    real_now: int
    machine_now: int
    stamp: Stamp
    body: Body | None
    held_ms: int = 0


def identify_call(
    tx: Transaction, simulator: Simulator, call: Call, assumed: Readings | None = None
) -> CallContext:
    """Return the context of a call; creates a magic account on its first call.

    `assumed`: the readings of every account, in place of their own.
    """
    credentials = _credentials(call)
    # A call that is refused because of the form of its credentials is still in the journal of
    # the account whose app code it contains, with that account's secrets hidden.
    named = app_code_of(call) if isinstance(credentials, GatewayError) else credentials
    account = _named_account(tx, simulator, named) if named else None
    readings = assumed or (account.readings if account else _default_readings(tx))
    in_query = None if named else app_code_in_query(call)
    if in_query is not None:
        found = rows.by_app_code(tx, in_query.code)
        asked = assumed or (found.readings if found else readings)
        if asked.appcode_in_query == "accepted":
            account = found or _named_account(tx, simulator, in_query)
            credentials = in_query
            readings = assumed or (account.readings if account else readings)
    if assumed is not None and account is not None:
        account = replace(account, readings=assumed)
    operation = None if call.defect else operation_of(call, readings, simulator.routes)
    real_now = simulator.real_now()
    stamp = _stamp(simulator, call, account.clock.now(real_now) if account else real_now, readings)
    return CallContext(
        call=call,
        operation=operation,
        credentials=credentials,
        account=account,
        readings=readings,
        real_now=real_now,
        machine_now=simulator.machine_now(),
        stamp=stamp,
        body=judged_body(call) if operation else None,
    )


def _stamp(simulator: Simulator, call: Call, now: int, readings: Readings) -> Stamp:
    return Stamp(
        request_id=request_id(simulator.draw_bytes(16)),
        now=now,
        classic=readings.gateway_profile == "classic",
        debug=header(call, "x-ca-request-mode") == "debug",
    )


def fields_of(context: CallContext) -> Fields:
    """Return the fields of a call; parse them now if `identify_call` did not."""
    return context.body.fields if context.body is not None else bodies.fields_of(context.call)


def request_id(entropy: bytes) -> str:
    """Return an upper-case UUID (claim request-id)."""
    digits = entropy.hex().upper()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-A{digits[17:20]}-{digits[20:]}"


def base_url_of(simulator: Simulator, call: Call) -> str:
    """Return the base URL of pictures: the public address, or the address that was called."""
    settings = simulator.settings
    host = header(call, "host") or ""
    if settings.public_url or not _HOST.fullmatch(host):
        return settings.picture_url
    return f"{call.scheme}://{host}"


def _credentials(call: Call) -> Credentials | GatewayError:
    try:
        return named_credentials(call)
    except GatewayError as error:
        return error


def _named_account(
    tx: Transaction, simulator: Simulator, credentials: Credentials
) -> Account | None:
    if isinstance(credentials, AppCode):
        name = credentials.code
        account = rows.by_app_code(tx, name)
    else:
        name = credentials.key
        account = rows.by_app_key(tx, name)
    return account or accounts.create_magic_account(tx, simulator, name)


def _default_readings(tx: Transaction) -> Readings:
    default = rows.get_unlocked(tx, DEFAULT_ID)
    return default.readings if default else DEFAULT_READINGS
