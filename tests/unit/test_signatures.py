"""The verifier accepts signatures made by others, and every request that a correct client signs."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mock_server import contract
from mock_server.domain.auth import signatures
from mock_server.domain.call.calls import Call
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.readings import Readings, with_readings
from tests.support.signed_requests import requests
from tests.support.signing_client import FORM, Request, parameters_text, sign

VECTORS = json.loads(
    (contract.folder("fixtures") / "signatures" / "vectors.json").read_text("utf-8")
)
READINGS = Readings()
bounded = settings(max_examples=60, deadline=None, derandomize=True)


def vector_call(vector: dict[str, Any], signature: str) -> Call:
    path, _, query = vector["target"].partition("?")
    headers = (*vector["headers"].items(), ("x-ca-signature", signature))
    return Call(
        method=vector["method"],
        path=path,
        query=query,
        headers=headers,
        body=vector["body"].encode(),
    )


def refusal(call: Call, secret: str, readings: Readings = READINGS) -> str | None:
    """Return the code that refuses a call, None if its signature is right."""
    try:
        signatures.verify(call, secret, readings)
    except GatewayError as error:
        return error.code
    return None


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: str(vector["title"]))
def test_a_signature_that_others_made_is_right(vector: dict[str, Any]) -> None:
    assert refusal(vector_call(vector, vector["signature"]), vector["secret"]) is None


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: str(vector["title"]))
def test_a_signature_that_others_made_is_wrong_with_another_secret(vector: dict[str, Any]) -> None:
    assert refusal(vector_call(vector, vector["signature"]), vector["secret"] + "x") == "A403IS"


def test_the_content_md5_that_was_computed_elsewhere_is_right() -> None:
    vector = VECTORS["content_md5"]

    assert signatures.content_md5(vector["body"].encode()) == vector["header"]


@bounded
@given(request=requests())
def test_a_correct_client_and_the_verifier_agree_on_every_request(request: Request) -> None:
    text, signature = sign(request)
    call = request.wire(signature)

    assert signatures.string_to_sign(signatures.parts_of(call)) == text
    assert refusal(call, request.secret) is None
    assert refusal(call, request.secret[:-1]) == "A403IS"


@bounded
@given(request=requests(frozenset({"empty"})))
def test_an_equals_sign_after_an_empty_value_is_a_reading(request: Request) -> None:
    def spoil(work: Any) -> None:
        work.last_line = work.path + parameters_text(work.pairs, "=")

    call = request.wire(sign(request, ("lines", spoil))[1])

    assert refusal(call, request.secret) == "A403IS"
    lenient = with_readings(READINGS, {"signature.empty_value": "with-equals"})
    assert refusal(call, request.secret, lenient) is None
    assert refusal(request.wire(sign(request)[1]), request.secret, lenient) is None


@bounded
@given(request=requests(frozenset({"form", "query"})))
def test_the_queries_value_is_accepted_for_a_name_that_the_form_has_too(request: Request) -> None:
    request.query = [*request.query, ("both", "query")]
    request.form = [*(request.form or []), ("both", "form")]

    def query_first(work: Any) -> None:
        chosen = dict(work.form[::-1]) | dict(work.query[::-1])
        work.pairs = sorted(chosen.items())

    assert refusal(request.wire(sign(request)[1]), request.secret) is None
    assert refusal(request.wire(sign(request, ("pairs", query_first))[1]), request.secret) is None


@bounded
@given(request=requests(), position=st.integers(0), byte=st.integers(0x21, 0x7E), data=st.data())
def test_any_change_of_one_byte_is_refused(
    request: Request, position: int, byte: int, data: st.DataObject
) -> None:
    # If query and form have the same name, a signature of either value is accepted (claim
    # string-name-clash), so one of the two values can change unnoticed.
    assume(not {name for name, _ in request.query} & {name for name, _ in request.form or []})
    call = request.wire(sign(request)[1])
    places = ["method", "path", *(["query"] if call.query else [])]
    places += ["body"] if request.form else []
    places += [name for name, _ in call.headers if _is_signed(request, name)]
    place = data.draw(st.sampled_from(places))
    changed = _changed(call, place, position, chr(byte))
    assume(_meaning(changed) != _meaning(call))

    # A changed Content-MD5 or digest is refused before signatures are compared.
    assert refusal(changed, request.secret) in {"A403IS", "I400HD", "I400I5"}


def _is_signed(request: Request, name: str) -> bool:
    fixed = {"accept", "content-type", "content-md5", "date", "x-ca-signature"}
    return name in fixed or name in {each.lower() for each in request.listed}


def _changed(call: Call, place: str, position: int, char: str) -> Call:
    def one(text: str) -> str:
        at = position % len(text)
        return text[:at] + char + text[at + 1 :]

    match place:
        case "method":
            return replace(call, method=one(call.method))
        case "path":
            return replace(call, path=one(call.path))
        case "query":
            return replace(call, query=one(call.query))
        case "body":
            return replace(call, body=one(call.body.decode()).encode())
    headers = tuple((name, one(old) if name == place else old) for name, old in call.headers)
    return replace(call, headers=headers)


def _meaning(call: Call) -> tuple[object, ...]:
    """Return the gateway's view of a request: first values, and the method in one case."""
    pairs = parse_qsl(call.query, keep_blank_values=True)
    if dict(call.headers).get("content-type", "").startswith(FORM):
        pairs = parse_qsl(call.body.decode(), keep_blank_values=True) + pairs
    return (call.method.upper(), call.path, dict(pairs[::-1]), call.headers)


def test_an_unknown_digest_is_refused_before_anything_is_compared() -> None:
    call = Call(method="GET", path="/", headers=(("x-ca-signature-method", "HmacMD5"),))

    assert refusal(call, "secret") == "I400HD"


@pytest.mark.parametrize("body", [b"", b"abd"])
def test_a_content_md5_of_anything_but_the_body_is_refused(body: bytes) -> None:
    headers = (("content-md5", VECTORS["content_md5"]["header"]),)

    assert refusal(Call(method="POST", path="/", headers=headers, body=body), "s") == "I400I5"


@pytest.mark.parametrize("listed", ["x-ca-signature", "X-Ca-Signature-Headers", "accept", "DATE"])
def test_what_is_never_signed_as_a_header_is_left_out_of_the_list(listed: str) -> None:
    headers = (("x-ca-key", "k"), ("x-ca-signature-headers", f"x-ca-key, ,{listed},x-ca-key"))
    call = Call(method="GET", path="/p", headers=headers)

    text = signatures.string_to_sign(signatures.parts_of(call))

    assert text == "GET\n\n\n\n\nx-ca-key:k\n/p"


def test_a_listed_header_that_was_not_sent_still_has_its_line() -> None:
    call = Call(method="GET", path="/p", headers=(("x-ca-signature-headers", "X-Ca-Stage"),))

    assert signatures.string_to_sign(signatures.parts_of(call)).endswith("\nX-Ca-Stage:\n/p")


def test_the_refusal_shows_the_servers_string_with_newlines_as_hashes() -> None:
    call = Call(method="GET", path="/p", query="name=%E4%B8%AD", headers=(("accept", "*/*"),))

    with pytest.raises(GatewayError) as refused:
        signatures.verify(call, "secret", READINGS)

    assert refused.value.reason == "GET#*/*####/p?name=中".encode().decode("latin-1")
