"""The claims on signed calls, error tables and older instances, each tested once on the wire."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from mock_server import contract
from mock_server.domain.call.errors import ErrorRow
from tests.support.exchanges import Reply
from tests.support.signed import (
    Request,
    Signer,
    content_md5,
    header,
    seen,
    send,
    string_to_sign,
    with_app_code,
)
from tests.support.worlds import START_AT, World

OK = (200, None)
WINDOW_MS = 15 * 60 * 1000
TABLES = contract.load_catalogue().errors
SECOND_HAND = ("error-rows-observed", "error-rows-recalled")


@pytest.fixture
def signer(world: World) -> Signer:
    """The buyer's signing client."""
    return Signer.of(world.account())


@pytest.fixture
def older(world: World) -> dict[str, Any]:
    """A buyer behind an older instance."""
    return world.account(readings={"gateway.profile": "classic"})


def order(world: World, code: str, account: str = "default") -> None:
    path = f"/accounts/{account}/faults"
    world.admin("POST", path, {"code": code, "calls": 1}, expect=201)


def look(reply: Reply) -> tuple[int, str | None]:
    return reply.status, header(reply, "X-Ca-Error-Message")


@pytest.mark.claim("signature-digest")
@pytest.mark.claim("string-to-sign")
@pytest.mark.parametrize("method", ["HmacSHA256", "HmacSHA1"])
def test_a_string_written_by_hand_is_the_one_that_is_signed(
    world: World, signer: Signer, method: str
) -> None:
    text = (
        "POST\n*/*\n\napplication/json\n\n"
        f"X-Ca-Key:{signer.key}\nX-Ca-Signature-Method:{method}\n/taskList"
    )
    digest = getattr(hashlib, method.removeprefix("Hmac").lower())
    signature = base64.b64encode(hmac.new(signer.secret.encode(), text.encode(), digest).digest())
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "X-Ca-Key": signer.key,
        "X-Ca-Signature-Method": method,
        "X-Ca-Signature-Headers": "X-Ca-Signature-Method,X-Ca-Key",
        "X-Ca-Signature": signature.decode(),
    }

    assert seen(send(world, Request(target="/taskList", headers=headers, body=b"{}"))) == OK


@pytest.mark.claim("string-parameters")
@pytest.mark.claim("string-empty-value")
@pytest.mark.claim("signature-echo")
def test_the_echo_has_the_parameters_sorted_decoded_and_counted_once(
    world: World, signer: Signer
) -> None:
    request = signer.signed(Request(target="/taskList?z=1+2&a=%26", body=b"b=%C3%A9&b=no&c="))

    reply = send(world, request.with_headers(X_Ca_Signature="eA=="))

    assert seen(reply) == (403, "A403IS")
    said = (header(reply, "X-Ca-Error-Message") or "").encode("latin-1").decode()
    assert said.startswith("Invalid Signature, Server StringToSign:`POST#")
    assert said.endswith("#/taskList?a=&&b=é&c&z=1 2`")


@pytest.mark.claim("string-name-clash")
@pytest.mark.parametrize("query_first", [False, True])
def test_either_value_of_a_name_that_query_and_form_share_may_be_signed(
    world: World, signer: Signer, *, query_first: bool
) -> None:
    request = signer.prepared(Request(target="/taskList?page=2", body=b"page=1"))
    signature = signer.signature(string_to_sign(request, [], query_first=query_first))

    assert seen(send(world, request.with_headers(X_Ca_Signature=signature))) == OK


@pytest.mark.claim("signature-wins")
def test_an_app_code_beside_a_signature_is_not_looked_at(world: World, signer: Signer) -> None:
    request = Request(headers={"Authorization": "APPCODE nobody"})

    assert seen(send(world, signer.signed(request))) == OK


@pytest.mark.claim("signature-missing")
@pytest.mark.claim("key-missing")
@pytest.mark.parametrize("name", ["X-Ca-Signature", "X-Ca-Key"])
def test_the_missing_half_of_a_signed_call_is_named(
    world: World, signer: Signer, name: str
) -> None:
    reply = send(world, signer.signed().with_headers(**{name: None}))

    assert seen(reply) == (400, "I400MH")
    assert header(reply, "X-Ca-Error-Message") == f"Header `{name}` is Required"


@pytest.mark.claim("header-unreadable")
@pytest.mark.parametrize(
    ("name", "value"), [("X-Ca-Timestamp", "now"), ("X-Ca-Signature-Method", "HmacMD5")]
)
def test_a_header_that_cannot_be_read_is_named(
    world: World, signer: Signer, name: str, value: str
) -> None:
    reply = send(world, signer.signed().with_headers(**{name: value}))

    assert seen(reply) == (400, "I400HD")
    assert name in (header(reply, "X-Ca-Error-Message") or "")


@pytest.mark.claim("content-md5")
@pytest.mark.parametrize(
    ("body", "digest", "answer"),
    [(b"{}", content_md5(b"{}"), OK), (b"{}", content_md5(b"{ }"), (400, "I400I5")),
     (b"", content_md5(b""), (400, "I400I5"))],
)  # fmt: skip
def test_a_content_md5_has_to_be_the_one_of_a_body(
    world: World, signer: Signer, body: bytes, digest: str, answer: tuple[int, str | None]
) -> None:
    headers = {"Content-Type": "application/json", "Content-MD5": digest}
    request = Request(target="/taskList", body=body, headers=headers)

    assert seen(send(world, signer.signed(request))) == answer


@pytest.mark.claim("timestamp-window")
@pytest.mark.parametrize("off", [-WINDOW_MS, WINDOW_MS])
def test_a_timestamp_is_good_for_a_quarter_of_an_hour(
    world: World, signer: Signer, off: int
) -> None:
    edge, late = (
        Request(headers={"X-Ca-Timestamp": str(START_AT + at)})
        for at in (off, off + off // WINDOW_MS)
    )

    assert seen(send(world, signer.signed(edge))) == OK
    assert seen(send(world, signer.signed(late))) == (403, "S403TE")


@pytest.mark.claim("nonce-window")
@pytest.mark.claim("nonce-scope")
def test_a_nonce_is_used_up_by_a_good_call_for_its_own_credential(
    world: World, signer: Signer
) -> None:
    request = Request(headers={"X-Ca-Nonce": "any text"})
    stranger = Signer(key=signer.key, secret="guess")

    answers = [
        send(world, stranger.signed(request)),
        send(world, signer.signed(request)),
        send(world, signer.signed(request)),
        send(world, with_app_code(request=request)),
        send(world, with_app_code(request=request)),
    ]

    used = (403, "S403NU")
    assert [seen(each) for each in answers] == [(403, "A403IS"), OK, used, OK, used]


@pytest.mark.claim("nonce-optional")
def test_a_call_is_signed_well_without_timestamp_and_nonce(world: World, signer: Signer) -> None:
    request = signer.prepared().with_headers(X_Ca_Timestamp=None, X_Ca_Nonce=None)
    signature = signer.signature(string_to_sign(request, []))

    assert seen(send(world, request.with_headers(X_Ca_Signature=signature))) == OK


@pytest.mark.claim("stage-release")
@pytest.mark.parametrize(
    ("stage", "answer"),
    [("RELEASE", OK), ("TEST", (404, "I404NF")), ("PRE", (404, "I404NF")), ("X", (400, "I400SG"))],
)
def test_the_api_is_in_one_stage(world: World, stage: str, answer: tuple[int, str | None]) -> None:
    request = Request(headers={"X-Ca-Stage": stage})

    assert seen(send(world, with_app_code(request=request))) == answer


@pytest.mark.claim("debug-info")
def test_latencies_are_shown_to_those_who_ask(world: World) -> None:
    request = with_app_code(request=Request(headers={"X-Ca-Request-Mode": "debug"}))

    shown = [header(send(world, each), "X-Ca-Debug-Info") for each in (request, with_app_code())]

    assert shown == ['{"ServiceLatency":0,"TotalLatency":0}', None]


@pytest.mark.claim("throttle-off")
@pytest.mark.claim("throttle-bucket")
def test_a_limit_that_is_set_is_a_bucket_for_each_operation(world: World) -> None:
    assert {seen(send(world, with_app_code())) for _ in range(50)} == {OK}
    limit = {"throttle": {"per_second": 0.001, "burst": 1}}
    world.admin("PATCH", "/accounts/default", limit)

    targets = ["/submitTask", "/submitTask", "/taskList", "/taskList"]
    answers = [seen(send(world, with_app_code(request=Request(target=each)))) for each in targets]

    assert answers == [OK, (429, "T429PA"), OK, (429, "T429PA")]


@pytest.mark.claim("error-rows-observed")
@pytest.mark.claim("error-rows-recalled")
@pytest.mark.claim("error-texts")
@pytest.mark.parametrize(
    "row",
    [each for each in TABLES.rows.values() if each.claim in SECOND_HAND],
    ids=lambda row: str(row.code),
)
def test_a_row_known_at_second_hand_can_be_ordered(world: World, row: ErrorRow) -> None:
    order(world, row.code)

    reply = send(world, with_app_code())

    assert seen(reply) == (row.status, row.code)
    assert look(reply)[1] == row.message.replace("{reason}", "ordered")


@pytest.mark.claim("gateway-profiles")
@pytest.mark.claim("classic-rows")
@pytest.mark.claim("classic-mapping")
@pytest.mark.parametrize(
    ("code", "answer"),
    [("T429PA", (403, "Throttled by API Flow Control")), ("B403MQ", (403, "Quota Exhausted")),
     ("D504TO", (504, "Async Service")), ("D503BB", (503, "Backend circuit breaker busy"))],
)  # fmt: skip
def test_a_code_looks_like_a_message_of_older_instances(
    world: World, older: dict[str, Any], code: str, answer: tuple[int, str]
) -> None:
    order(world, code, older["id"])

    reply = send(world, with_app_code(older["app_code"]))

    assert seen(reply) == (answer[0], None)
    assert look(reply) == answer


@pytest.mark.claim("classic-appcode")
def test_an_unknown_app_code_has_the_same_words_on_an_older_instance(
    world: World, older: dict[str, Any]
) -> None:
    order(world, "A400AC", older["id"])

    answer = look(send(world, with_app_code(older["app_code"])))

    assert answer == (400, "Invalid AppCode `not exists`")


@pytest.mark.claim("classic-empty-signature")
def test_a_key_alone_is_an_empty_signature_there(world: World, older: dict[str, Any]) -> None:
    assert look(send(world, Signer.of(older).prepared())) == (401, "Empty Signature")


@pytest.mark.claim("classic-headers")
@pytest.mark.claim("classic-cors")
@pytest.mark.claim("classic-ok")
def test_answers_of_an_older_instance_have_its_headers(world: World, older: dict[str, Any]) -> None:
    good = with_app_code(older["app_code"])
    result, error = send(world, good), send(world, good.with_headers(X_Ca_Stage="TEST"))

    assert look(result) == (200, "OK")
    assert [header(each, "Server") for each in (result, error)] == ["Tengine"] * 2
    assert header(error, "Content-Type") == "text/plain;charset=UTF-8"
    assert [header(each, "Access-Control-Allow-Origin") for each in (result, error)] == ["*"] * 2
    ages = [header(each, "Access-Control-Max-Age") for each in (result, error)]
    assert ages == ["1728000", "172800"]


@pytest.mark.claim("classic-preflight")
def test_options_is_answered_there_and_free(world: World, older: dict[str, Any]) -> None:
    request = with_app_code(older["app_code"], Request(method="OPTIONS", target="/any", body=b""))

    reply = send(world, request)

    assert (reply.status, reply.body) == (200, b"")
    assert header(reply, "Access-Control-Allow-Origin") == "*"
    assert world.bill(older["id"])["charges"] == 0
