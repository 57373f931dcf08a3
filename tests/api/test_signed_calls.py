"""Signed parts and their spelling: every form that the manual allows, and no other."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.signed import (
    SUBMIT,
    Request,
    Signer,
    header,
    seen,
    send,
    string_to_sign,
    with_app_code,
)
from tests.support.worlds import World

OK = (200, None)


@pytest.mark.claim("string-to-sign")
@pytest.mark.claim("signature-digest")
@pytest.mark.parametrize("method", ["HmacSHA256", "HmacSHA1"])
@pytest.mark.parametrize("names", [
    ["X-Ca-Key", "X-Ca-Timestamp", "X-Ca-Nonce"],
    ["x-ca-nonce", "x-ca-key", "x-ca-timestamp"],
    ["X-CA-NONCE", " x-ca-KEY "],
    ["X-Ca-Key", "X-Absent", "X-Ca-Key"],
    [],
])  # fmt: skip
def test_the_signed_headers_may_be_listed_in_any_order_and_case(
    world: World, signer: Signer, method: str, names: list[str]
) -> None:
    signer = replace(signer, method=method)
    request = signer.prepared()
    if names:
        request = request.with_headers(X_Ca_Signature_Headers=",".join(names))
    wanted = list(dict.fromkeys(name.strip() for name in names))
    signature = signer.signature(string_to_sign(request, wanted))

    assert send(world, request.with_headers(X_Ca_Signature=signature)).status == 200


@pytest.mark.claim("string-to-sign")
def test_header_names_on_the_wire_may_be_lower_case(world: World, signer: Signer) -> None:
    request = signer.signed()
    lower = {name.lower(): value for name, value in request.headers.items()}

    assert send(world, replace(request, headers=lower)).status == 200


@pytest.mark.claim("string-parameters")
@pytest.mark.parametrize("body", [
    "text=%E4%BD%A0%E5%A5%BD&style_id=food_fryrice",
    "text=a+b%2Bc%26d%3De%25&style_id=pet_cat",
    "style_id=pet_cat&text=x&text=second&=nameless",
    "text=%F0%9F%8D%9C%0D%0A%00&style_id=pet_cat&z=%7E*",
    "text=x&style_id=pet_cat&A=1&a=2&_=3",
])  # fmt: skip
def test_odd_values_are_signed_decoded(world: World, signer: Signer, body: str) -> None:
    request = signer.signed(Request(target="/submitTask?q=%E4%BD%A0&b=1+2", body=body.encode()))

    assert seen(send(world, request))[1] is None


@pytest.mark.claim("string-name-clash")
@pytest.mark.parametrize("query_first", [False, True])
def test_where_query_and_form_clash_either_may_be_signed(
    world: World, signer: Signer, *, query_first: bool
) -> None:
    request = signer.prepared(Request(target="/submitTask?text=https://query.test"))
    signature = signer.signature(string_to_sign(request, [], query_first=query_first))
    assert send(world, request.with_headers(X_Ca_Signature=signature)).status == 200

    neither = replace(request, target="/submitTask?text=third")
    signature = signer.signature(string_to_sign(neither, [], query_first=True))
    refused = send(world, request.with_headers(X_Ca_Nonce="n2", X_Ca_Signature=signature))
    assert seen(refused) == (403, "A403IS")
    assert "text=https://example.com`" in (header(refused, "X-Ca-Error-Message") or "")


@pytest.mark.claim("string-empty-value")
@pytest.mark.parametrize("word", ["name-only", "with-equals"])
@pytest.mark.parametrize("sign", ["", "="])
def test_an_empty_value_is_its_name_and_under_a_reading_also_with_equals(
    world: World, word: str, sign: str
) -> None:
    signer = Signer.of(world.account(readings={"signature.empty_value": word}))
    request = signer.prepared(Request(body=SUBMIT + b"&call_back="))
    text = string_to_sign(request, []).replace("call_back", f"call_back{sign}")

    reply = send(world, request.with_headers(X_Ca_Signature=signer.signature(text)))

    accepted = sign == "" or word == "with-equals"
    assert seen(reply) == (OK if accepted else (403, "A403IS"))


@pytest.mark.claim("signature-wins")
def test_a_signature_counts_even_beside_an_app_code(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    stranger = Request(headers={"Authorization": "APPCODE mock-nobody"})
    assert send(world, signer.signed(stranger)).status == 200
    wrong = signer.signed(with_app_code(account["app_code"])).with_headers(X_Ca_Signature="x")
    assert seen(send(world, wrong)) == (403, "A403IS")
    half = with_app_code(account["app_code"]).with_headers(X_Ca_Key="999")
    assert send(world, half).status == 200  # no signature: the app code counts


@pytest.mark.claim("signature-missing")
@pytest.mark.parametrize(("missing", "name"), [
    ({"X_Ca_Signature": None}, "X-Ca-Signature"),
    ({"X_Ca_Signature": ""}, "X-Ca-Signature"),
    ({"X_Ca_Key": None}, "X-Ca-Key"),
    ({"X_Ca_Key": " "}, "X-Ca-Key"),
])  # fmt: skip
def test_the_error_for_half_a_key_pair_names_the_missing_header(
    world: World, signer: Signer, missing: dict[str, str | None], name: str
) -> None:
    reply = send(world, signer.signed().with_headers(**missing))

    assert seen(reply) == (400, "I400MH")
    assert header(reply, "X-Ca-Error-Message") == f"Header `{name}` is Required"


@pytest.mark.claim("signature-echo")
def test_a_refused_signature_is_answered_with_the_string_to_sign(
    world: World, signer: Signer
) -> None:
    request = signer.signed(Request(target="/submitTask?a=%E4%BD%A0"))
    names = request.header("X-Ca-Signature-Headers").split(",")

    reply = send(world, request.with_headers(X_Ca_Signature="eA=="))

    message = (header(reply, "X-Ca-Error-Message") or "").encode("latin-1").decode()
    echoed = string_to_sign(request, names).replace("\n", "#")
    assert message == f"Invalid Signature, Server StringToSign:`{echoed}`"


@pytest.mark.claim("stage-release")
@pytest.mark.parametrize(("stage", "answer"), [
    ("RELEASE", OK), ("", OK), ("TEST", (404, "I404NF")), ("PRE", (404, "I404NF")),
    ("release", (400, "I400SG")), ("PROD", (400, "I400SG")),
])  # fmt: skip
def test_only_the_stage_release_is_published(
    world: World, signer: Signer, stage: str, answer: tuple[int, str | None]
) -> None:
    request = Request(headers={"X-Ca-Stage": stage})

    assert seen(send(world, signer.signed(request))) == answer
    assert seen(send(world, with_app_code(request=request))) == answer


@pytest.mark.claim("debug-info")
@pytest.mark.parametrize(("mode", "shown"), [("debug", True), ("DEBUG", False), ("", False)])
def test_debug_mode_shows_latencies(
    world: World, signer: Signer, mode: str, *, shown: bool
) -> None:
    reply = send(world, signer.signed(Request(headers={"X-Ca-Request-Mode": mode})))

    expected = '{"ServiceLatency":0,"TotalLatency":0}' if shown else None
    assert header(reply, "X-Ca-Debug-Info") == expected
