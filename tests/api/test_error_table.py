"""Every row of contracts/errors.toml: by order under both profiles, and as it occurs naturally."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mock_server.contract import load_toml
from mock_server.domain.call.calls import MAX_BODY_BYTES
from mock_server.server import running
from mock_server.settings import Settings
from tests.support import raw, worlds
from tests.support.exchanges import Reply
from tests.support.signed import (
    SUBMIT,
    Request,
    Signer,
    header,
    seen,
    send,
    with_app_code,
)
from tests.support.worlds import START_AT, Postbox, RealClock, World

ERRORS: list[dict[str, Any]] = load_toml("errors.toml")["error"]
CLASSIC: list[dict[str, Any]] = load_toml("errors.toml")["classic"]
CODES = [row["code"] for row in ERRORS]
BY_CODE = {row["code"]: row for row in ERRORS}

VPC_NAMES = ["Server", "Date", "Content-Type", "Content-Length", "X-Ca-Request-Id",
             "X-Ca-Error-Code", "X-Ca-Error-Message"]  # fmt: skip
CLASSIC_NAMES = ["Server", "Date", "Content-Type", "Content-Length", "X-Ca-Request-Id",
                 "X-Ca-Error-Message", "Access-Control-Allow-Origin",
                 "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
                 "Access-Control-Max-Age"]  # fmt: skip


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    """A simulator for all tests here; each test creates its own account."""
    clock, postbox = RealClock(), Postbox()
    with worlds.simulator(clock, postbox) as simulator:
        yield World(simulator, clock, postbox)


def ordered(world: World, code: str, **readings: str) -> tuple[str, Reply]:
    """Arm a row for one call in a new account; return the account and the answer."""
    account = world.account(credits=1, readings=readings)
    order = {"code": code, "calls": 1}
    world.admin("POST", f"/accounts/{account['id']}/faults", order, expect=201)
    return account["id"], send(world, with_app_code(account["app_code"]))


def assert_free(world: World, account_id: str) -> None:
    bill = world.bill(account_id)
    assert (bill["charges"], bill["fen"], bill["balance"]) == (0, 0, 1)
    (call,) = world.calls(account_id)
    assert (call["charged"], call["fen"]) == (False, 0)


def classic_look(code: str) -> tuple[int, str]:
    """Return status and message of a code on an older instance, computed independently."""
    for row in CLASSIC:
        if code in row["codes"]:
            return row["status"], row["message"]
    status = BY_CODE[code]["status"]
    return 403 if status == 429 else status, BY_CODE[code]["message"]


@pytest.mark.claim("error-empty-body")
@pytest.mark.claim("error-content-type")
@pytest.mark.claim("error-rows-documented")
@pytest.mark.claim("error-rows-observed")
@pytest.mark.claim("error-rows-recalled")
@pytest.mark.claim("billing-only-200")
@pytest.mark.parametrize("code", CODES)
def test_every_row_can_be_ordered_and_is_answered_to_the_letter(shared: World, code: str) -> None:
    account_id, reply = ordered(shared, code)

    row = BY_CODE[code]
    assert seen(reply) == (row["status"], code)
    assert reply.body == b""
    assert [name for name, _ in reply.headers] == VPC_NAMES
    assert header(reply, "Content-Type") == "application/oct-stream"
    assert header(reply, "Content-Length") == "0"
    message = row["message"].replace("{reason}", "ordered")
    assert header(reply, "X-Ca-Error-Message") == message
    assert_free(shared, account_id)
    assert shared.calls(account_id)[0]["error_code"] == code


@pytest.mark.claim("classic-rows")
@pytest.mark.claim("classic-appcode")
@pytest.mark.claim("gateway-profiles")
@pytest.mark.parametrize("code", CODES)
def test_every_row_has_its_look_on_an_older_instance(shared: World, code: str) -> None:
    account_id, reply = ordered(shared, code, **{"gateway.profile": "classic"})

    status, message = classic_look(code)
    assert reply.status == status
    assert reply.body == b""
    assert [name for name, _ in reply.headers] == CLASSIC_NAMES
    assert header(reply, "Content-Type") == "text/plain;charset=UTF-8"
    assert header(reply, "X-Ca-Error-Message") == message.replace("{reason}", "ordered")
    assert_free(shared, account_id)
    assert shared.calls(account_id)[0]["error_code"] is None


@pytest.mark.parametrize("code", CODES)
def test_an_ordered_row_is_gone_after_its_call(shared: World, code: str) -> None:
    account_id, _ = ordered(shared, code)
    (fault,) = shared.admin("GET", f"/accounts/{account_id}/faults")["faults"]
    assert (fault["calls_left"], fault["hits"]) == (0, 1)

    account = shared.admin("GET", f"/accounts/{account_id}")
    assert send(shared, with_app_code(account["app_code"])).status == 200


# --- How each row with `met = "naturally"` in the table occurs. ---


def app_code_call(world: World, app_code: str = "mock-demo", **headers: str | None) -> Reply:
    request = with_app_code(app_code).with_headers(**headers)
    return send(world, request)


def signer(world: World) -> Signer:
    return Signer.of(world.admin("GET", "/accounts/default"))


def unreadable_timestamp(world: World) -> Reply:
    return app_code_call(world, X_Ca_Timestamp="yesterday")


def no_signature(world: World) -> Reply:
    return send(world, signer(world).prepared())


def no_address(world: World) -> Reply:
    settings = Settings(port=0, database=":memory:")
    with running(settings, real_now=world.real_now) as server:
        (answer,) = raw.exchange(server.url, raw.request("/submitTask\xe4\xbd\xa0".encode()))
    return Reply(answer.status, list(answer.headers), answer.body)


def long_body(world: World) -> Reply:
    body = SUBMIT + b"&more=" + b"x" * MAX_BODY_BYTES
    return send(world, with_app_code(request=Request(body=body)))


def long_head(world: World) -> Reply:
    return app_code_call(world, X_Long="x" * 8192)


def multipart(world: World) -> Reply:
    return app_code_call(world, Content_Type="multipart/form-data; boundary=x")


def no_such_stage(world: World) -> Reply:
    return app_code_call(world, X_Ca_Stage="NIGHT")


def wrong_path(world: World) -> Reply:
    return send(world, with_app_code(request=Request(target="/submit")))


def unknown_app_code(world: World) -> Reply:
    return app_code_call(world, "mock-nobody")


def unknown_app_code_as_401(world: World) -> Reply:
    # A call without an account is answered under the readings of the default account.
    rows = "update account set readings = ? where id = 'default'"
    world.simulator.database.run(lambda tx: tx.execute(rows, ('{"appcode.unknown": "401"}',)))
    return app_code_call(world, "mock-nobody")


def no_credentials(world: World) -> Reply:
    return app_code_call(world, Authorization=None)


def unknown_key(world: World) -> Reply:
    return send(world, Signer(key="999", secret="x").signed())


def wrong_secret(world: World) -> Reply:
    return send(world, Signer(key=signer(world).key, secret="x").signed())


def unauthorized(world: World) -> Reply:
    world.admin("PATCH", "/accounts/default", {"standing": "unauthorized"})
    return app_code_call(world)


def wrong_md5(world: World) -> Reply:
    return send(world, signer(world).signed(Request(headers={"Content-MD5": "x"})))


def nonce_required(world: World) -> Reply:
    account = world.account(readings={"signature.nonce": "required"})
    request = Signer.of(account).prepared().with_headers(X_Ca_Nonce=None)
    return send(world, request.with_headers(X_Ca_Signature="x"))


def nonce_again(world: World) -> Reply:
    assert app_code_call(world, X_Ca_Nonce="once").status == 200
    return app_code_call(world, X_Ca_Nonce="once")


def old_timestamp(world: World) -> Reply:
    return app_code_call(world, X_Ca_Timestamp=str(START_AT - 16 * 60_000))


def spent(world: World) -> Reply:
    account = world.account(credits=1)
    assert app_code_call(world, account["app_code"]).status == 200
    return app_code_call(world, account["app_code"])


def expired(world: World) -> Reply:
    world.clock(advance="366d")
    return app_code_call(world)


def never_bought(world: World) -> Reply:
    return app_code_call(world, world.account(credits=0)["app_code"])


def arrears(world: World) -> Reply:
    world.admin("PATCH", "/accounts/default", {"standing": "arrears"})
    return app_code_call(world)


def throttled(world: World) -> Reply:
    throttle = {"throttle": {"per_second": 1, "burst": 1}}
    world.admin("PATCH", "/accounts/default", throttle)
    assert app_code_call(world).status == 200
    return app_code_call(world)


NATURALLY: dict[str, Callable[[World], Reply]] = {
    "I400HD": unreadable_timestamp,
    "I400MH": no_signature,
    "I400RU": no_address,
    "I413RL": long_body,
    "I413UL": long_head,
    "I400CT": multipart,
    "I400SG": no_such_stage,
    "I404NF": wrong_path,
    "A400AC": unknown_app_code,
    "A401AC": unknown_app_code_as_401,
    "A400MA": no_credentials,
    "A400IK": unknown_key,
    "A403IS": wrong_secret,
    "I403AA": unauthorized,
    "I400I5": wrong_md5,
    "I400NC": nonce_required,
    "S403NU": nonce_again,
    "S403TE": old_timestamp,
    "B403MQ": spent,
    "B403ME": expired,
    "B403MI": never_bought,
    "B403MO": arrears,
    "T429PA": throttled,
}


@pytest.mark.claim("error-empty-body")
@pytest.mark.claim("quota-exhausted")
@pytest.mark.claim("quota-refusals")
@pytest.mark.claim("multipart-refused")
@pytest.mark.claim("appcode-unknown")
@pytest.mark.parametrize("code", NATURALLY)
def test_the_row_arises_by_itself(world: World, code: str) -> None:
    reply = NATURALLY[code](world)

    assert seen(reply) == (BY_CODE[code]["status"], code)
    assert reply.body == b""
    fixed, _, _ = BY_CODE[code]["message"].partition("{reason}")
    assert (header(reply, "X-Ca-Error-Message") or "").startswith(fixed.strip())


def test_exactly_the_rows_marked_naturally_occur_in_the_tests_above() -> None:
    assert set(NATURALLY) == {row["code"] for row in ERRORS if row["met"] == "naturally"}
    assert {row["met"] for row in ERRORS} == {"naturally", "by order"}
    assert all(bool(row["how"]) == (row["met"] == "naturally") for row in ERRORS)
    assert all(row["advice"] for row in ERRORS)
