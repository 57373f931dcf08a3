"""An older gateway instance: messages without codes, 403 when throttled, CORS, OPTIONS."""

from typing import Any

import pytest

from mock_server.contract import load_toml
from tests.support.exchanges import Reply
from tests.support.signed import Request, Signer, header, send, with_app_code
from tests.support.worlds import START_AT, World

CLASSIC: list[dict[str, Any]] = load_toml("errors.toml")["classic"]
MESSAGES = [row["message"] for row in CLASSIC]
ERROR_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH",
    "Access-Control-Max-Age": "172800",
}
RESULT_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "1728000",
    "Access-Control-Allow-Credentials": "true",
}


@pytest.fixture
def account(world: World) -> dict[str, Any]:
    """An account behind an older instance."""
    return world.account(readings={"gateway.profile": "classic"}, credits=3)


def call(world: World, account: dict[str, Any], **headers: str | None) -> Reply:
    return send(world, with_app_code(account["app_code"]).with_headers(**headers))


def look(reply: Reply) -> tuple[int, str | None]:
    assert "X-Ca-Error-Code" not in dict(reply.headers)
    return reply.status, header(reply, "X-Ca-Error-Message")


@pytest.mark.claim("classic-rows")
@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_can_be_ordered(world: World, account: dict[str, Any], message: str) -> None:
    order = {"code": message, "calls": 1}
    armed = world.admin("POST", f"/accounts/{account['id']}/faults", order, expect=201)
    assert armed["code"] == message
    row = next(row for row in CLASSIC if row["message"] == message)

    reply = call(world, account)

    assert look(reply) == (row["status"], message.replace("{reason}", ""))
    assert reply.body == b""
    assert header(reply, "Content-Type") == "text/plain;charset=UTF-8"
    assert world.bill(account["id"])["charges"] == 0
    assert look(call(world, account)) == (200, "OK")


@pytest.mark.parametrize("message", MESSAGES)
def test_no_message_of_older_instances_can_be_ordered_of_a_newer_one(
    world: World, message: str
) -> None:
    path = "/accounts/default/faults"
    refused = world.admin("POST", path, {"code": message}, expect=422)

    assert "gateway.profile = classic" in refused["detail"]
    assert world.admin("GET", path) == {"faults": []}


def test_a_rule_that_was_armed_before_fires_as_the_profile_says(
    world: World, account: dict[str, Any]
) -> None:
    order = {"code": "T429PA", "calls": 1}
    world.admin("POST", f"/accounts/{account['id']}/faults", order, expect=201)

    assert look(call(world, account)) == (403, "Throttled by API Flow Control")


@pytest.mark.claim("classic-empty-signature")
def test_a_key_without_a_signature_is_an_empty_signature(
    world: World, account: dict[str, Any]
) -> None:
    request = Signer.of(account).prepared()

    assert look(send(world, request)) == (401, "Empty Signature")
    empty = request.with_headers(X_Ca_Signature="")
    assert look(send(world, empty)) == (401, "Empty Signature")


@pytest.mark.claim("classic-rows")
@pytest.mark.parametrize("timestamp", ["x", "1.5", "-1", "１２３", "1" * 19, "0x10"])
def test_a_timestamp_that_is_no_number_is_invalid(
    world: World, account: dict[str, Any], timestamp: str
) -> None:
    wire = timestamp.encode().decode("latin-1")
    reply = call(world, account, X_Ca_Timestamp=wire)

    assert look(reply) == (400, "Invalid Timestamp")


@pytest.mark.claim("classic-rows")
def test_what_is_403_on_newer_instances_is_400_for_time_nonce_and_signature(
    world: World, account: dict[str, Any]
) -> None:
    signer = Signer.of(account)
    late = call(world, account, X_Ca_Timestamp=str(START_AT - 15 * 60_000 - 1))
    assert look(late) == (400, "Timestamp Expired")

    assert call(world, account, X_Ca_Nonce="n").status == 200
    assert look(call(world, account, X_Ca_Nonce="n")) == (400, "Nonce Used")

    request = signer.signed().with_headers(X_Ca_Signature="wrong")
    status, message = look(send(world, request))
    assert (status, (message or "")[:40]) == (400, "Invalid Signature, Server StringToSign:P")
    assert "`" not in (message or "")

    digest = Request(headers={"Content-MD5": "x"})
    assert look(send(world, signer.signed(digest))) == (400, "Invalid Content-MD5")


@pytest.mark.claim("classic-rows")
@pytest.mark.claim("stage-release")
@pytest.mark.parametrize(
    "request_",
    [
        Request(target="/nowhere"),
        Request(method="GET", body=b""),
        Request(headers={"X-Ca-Stage": "TEST"}),
        Request(headers={"X-Ca-Stage": "NIGHT"}),
    ],
    ids=["path", "method", "stage", "no stage"],
)
def test_a_wrong_path_method_or_stage_is_an_invalid_url(
    world: World, account: dict[str, Any], request_: Request
) -> None:
    reply = send(world, with_app_code(account["app_code"], request_))

    assert look(reply) == (400, "Invalid Url")


@pytest.mark.claim("classic-rows")
@pytest.mark.claim("throttle-off")
def test_a_throttled_call_is_403(world: World, account: dict[str, Any]) -> None:
    throttle = {"throttle": {"per_second": 0.001, "burst": 1}}
    world.admin("PATCH", f"/accounts/{account['id']}", throttle)
    assert call(world, account).status == 200

    assert look(call(world, account)) == (403, "Throttled by API Flow Control")


@pytest.mark.claim("quota-exhausted")
def test_a_spent_package_is_quota_exhausted(world: World, account: dict[str, Any]) -> None:
    for _ in range(3):
        assert call(world, account).status == 200

    assert look(call(world, account)) == (403, "Quota Exhausted")


@pytest.mark.claim("classic-cors")
def test_a_result_says_ok_and_lets_any_page_in(world: World, account: dict[str, Any]) -> None:
    reply = call(world, account)

    assert look(reply) == (200, "OK")
    assert header(reply, "Server") == "Tengine"
    assert header(reply, "Vary") == "Accept-Encoding"
    assert header(reply, "showapi_fee_num") == "1"
    assert RESULT_CORS.items() <= dict(reply.headers).items()


@pytest.mark.claim("classic-cors")
@pytest.mark.parametrize("target", ["/submitTask", "/nowhere", "/taskList?x=1"])
def test_options_is_answered_with_cors_and_costs_nothing(
    world: World, account: dict[str, Any], target: str
) -> None:
    request = Request(method="OPTIONS", target=target, body=b"")

    reply = send(world, with_app_code(account["app_code"], request))

    assert (reply.status, reply.body) == (200, b"")
    assert header(reply, "Server") == "Tengine"
    assert ERROR_CORS.items() <= dict(reply.headers).items()
    assert world.bill(account["id"])["charges"] == 0


def test_options_is_no_api_on_a_newer_instance(world: World) -> None:
    reply = send(world, with_app_code(request=Request(method="OPTIONS", body=b"")))

    assert (reply.status, header(reply, "X-Ca-Error-Code")) == (404, "I404NF")
    assert not [name for name, _ in reply.headers if name.startswith("Access-Control")]


@pytest.mark.claim("debug-info")
def test_debug_adds_the_latencies_to_results_and_errors(
    world: World, account: dict[str, Any]
) -> None:
    for headers in ({}, {"X_Ca_Stage": "NIGHT"}):
        reply = call(world, account, X_Ca_Request_Mode="debug", **headers)
        assert header(reply, "X-Ca-Debug-Info") == '{"ServiceLatency":0,"TotalLatency":0}'
