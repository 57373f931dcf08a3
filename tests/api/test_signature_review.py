"""After a refused signature, the journal names the client's mistake and contains no secret."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mock_server.cli.sign import EXPLAINED
from mock_server.domain.auth.signatures import sign
from tests.support.signed import (
    Request,
    Signer,
    content_md5,
    seen,
    send,
    string_to_sign,
    with_app_code,
)
from tests.support.worlds import START_AT, World


@pytest.fixture
def account(world: World) -> dict[str, Any]:
    """A new buyer."""
    return world.account()


@pytest.fixture
def signer(account: dict[str, Any]) -> Signer:
    """The buyer's signing client."""
    return Signer.of(account)


def finding(world: World, account: dict[str, Any], request: Request, code: str) -> dict[str, Any]:
    """Send a request that is refused; return the only signature finding of its call."""
    assert seen(send(world, request))[1] == code
    call = world.calls(account["id"])[-1]
    assert call["error_code"] == code
    # The call may have findings of the contract too; the signature finding is separate.
    (found,) = [each for each in call["findings"] if each["id"] in EXPLAINED]
    assert found["severity"] == "error"
    text = json.dumps(found, ensure_ascii=False)
    for secret in (account["app_secret"], account["app_code"], request.header("X-Ca-Signature")):
        assert not secret or secret not in text
    shown: dict[str, Any] = found
    return shown


def signed_as(signer: Signer, change: Callable[[str], str], request: Request) -> Request:
    """Sign a changed string in place of the right one."""
    request = signer.prepared(request)
    names = ["X-Ca-Key", "X-Ca-Timestamp"]
    request = request.with_headers(X_Ca_Signature_Headers=",".join(names))
    text = change(string_to_sign(request, names))
    return request.with_headers(X_Ca_Signature=signer.signature(text))


MISTAKES: dict[str, tuple[Callable[[str], str], str]] = {
    "no line for an absent header": (lambda text: text.replace("\n\n", "\n", 1), "line"),
    "encoded values": (lambda text: text.replace("://", "%3A%2F%2F"), "encoded"),
    "seconds": (lambda text: text.replace(str(START_AT), str(START_AT // 1000)), "seconds"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_string_is_found_and_the_cause_is_named(
    world: World, account: dict[str, Any], signer: Signer, mistake: str
) -> None:
    change, word = MISTAKES[mistake]
    request = signed_as(signer, change, Request())

    found = finding(world, account, request, "A403IS")

    assert found["id"] == "signature"
    assert len(found["causes"]) == 1
    assert word in found["says"]
    assert found["server_string"] != found["client_string"]
    names = request.header("X-Ca-Signature-Headers").split(",")
    assert found["server_string"] == string_to_sign(request, names)
    assert found["client_string"] == change(found["server_string"])


def test_a_wrong_secret_is_named_as_the_likeliest_cause(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    found = finding(world, account, replace(signer, secret="guess").signed(), "A403IS")

    assert found["causes"] == []
    assert "most likely the secret is wrong" in found["says"]
    assert found["client_string"] is None


def test_the_app_code_in_place_of_the_secret_is_named_but_not_shown(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    request = replace(signer, secret=account["app_code"]).signed()

    found = finding(world, account, request, "A403IS")

    assert len(found["causes"]) == 1
    assert "app code" in found["says"]


def test_a_digest_in_hex_is_named(world: World, account: dict[str, Any], signer: Signer) -> None:
    body = b'{"text":"x"}'
    hexadecimal = hashlib.md5(body, usedforsecurity=False).hexdigest()
    headers = {"Content-Type": "application/json", "Content-MD5": hexadecimal}

    found = finding(world, account, signer.signed(Request(body=body, headers=headers)), "I400I5")

    assert found["id"] == "content-md5"
    assert "hex digest" in found["says"]


def test_a_digest_of_an_empty_body_is_named(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    request = Request(body=b"", headers={"Content-MD5": content_md5(b"")})

    found = finding(world, account, signer.signed(request), "I400I5")

    assert "empty body" in found["says"]


@pytest.mark.parametrize(
    ("timestamp", "word"),
    [(START_AT // 1000, "seconds"), (START_AT - 20 * 60_000, "20 minutes behind")],
)
def test_a_timestamp_that_is_off_is_explained_under_both_ways_of_authentication(
    world: World, account: dict[str, Any], signer: Signer, timestamp: int, word: str
) -> None:
    request = Request(headers={"X-Ca-Timestamp": str(timestamp)})
    for each in (signer.signed(request), with_app_code(account["app_code"], request)):
        found = finding(world, account, each, "S403TE")
        assert found["id"] == "timestamp"
        assert word in found["says"]


def test_a_call_that_is_accepted_or_refused_for_a_plain_reason_has_no_finding(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    again = signer.signed()
    for request in (again, again, with_app_code(account["app_code"], Request(target="/x"))):
        send(world, request)

    assert [call["error_code"] for call in world.calls(account["id"])] == [None, "S403NU", "I404NF"]
    findings = [call["findings"] for call in world.calls(account["id"])]
    assert [[each["id"] for each in found] for found in findings] == [[], [], ["wrong-path"]]


def test_findings_of_the_diagnosis_and_of_the_contract_are_stored_together(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    body = b"text=x&styel_id=pet_cat"
    send(world, replace(signer, secret="guess").signed(Request(target="/submitTask", body=body)))

    (call,) = world.calls(account["id"])

    found = [each["id"] for each in call["findings"]]
    assert found == ["signature", "field-misspelt", "style-or-prompt-missing"]
    assert {"causes", "server_string", "client_string"} <= set(call["findings"][0])
    assert all(each["instead"] and each["at"] for each in call["findings"])


def test_the_finding_says_that_the_body_is_too_long_to_examine(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    request = Request(body=b"x" * (1024 * 1024 + 1), headers={"Content-Type": "text/plain"})

    found = finding(world, account, replace(signer, secret="x").signed(request), "A403IS")
    digest = finding(world, account, signer.signed(request.with_headers(Content_MD5="x")), "I400I5")

    assert "not examined" in found["says"]
    assert "not examined" in digest["says"]


def test_examined_calls_of_an_older_instance_have_findings_too(world: World) -> None:
    account = world.account(readings={"gateway.profile": "classic"})
    signer = Signer.of(account)

    send(world, signed_as(signer, MISTAKES["seconds"][0], Request()))

    (call,) = world.calls(account["id"])
    assert (call["status"], call["error_code"]) == (400, None)
    assert "seconds" in call["findings"][0]["says"]


def test_what_is_left_of_a_dropped_or_emptied_journal_takes_no_finding(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    send(world, replace(signer, secret="guess").signed())
    world.admin("POST", f"/accounts/{account['id']}/reset")

    assert world.calls(account["id"]) == []


@pytest.mark.parametrize("profile", ["vpc", "classic"])
def test_signed_credentials_are_hidden_however_the_client_joined_the_lines(
    world: World, profile: str
) -> None:
    account = world.account(readings={"gateway.profile": profile})
    secret = "real-buyers#code-77"
    string = "\\n".join(
        ["POST", "", "", "", "", f"Authorization:APPCODE {secret}",
         f"X-Ca-Key:{account['app_key']}", "/taskList"]
    )  # fmt: skip
    headers = {
        "Authorization": f"APPCODE {secret}",
        "X-Ca-Key": account["app_key"],
        "X-Ca-Signature-Headers": "Authorization,X-Ca-Key",
        "X-Ca-Signature": sign(account["app_secret"], string),
    }

    answer = world.http.post("/taskList", headers=headers)
    shown = json.dumps(world.calls(account["id"]))

    assert "Invalid Signature" in answer.headers["X-Ca-Error-Message"]
    assert answer.headers.get("X-Ca-Error-Code") == {"vpc": "A403IS", "classic": None}[profile]
    assert "newline-differs" in shown
    assert "buyers" not in shown
    assert "code-77" not in shown


@pytest.mark.parametrize("code", ["A403IS", "I400I5", "S403TE"])
@pytest.mark.parametrize("sign_it", [True, False])
def test_a_refusal_that_was_ordered_is_no_mistake_of_the_client(
    world: World, account: dict[str, Any], signer: Signer, code: str, sign_it: bool
) -> None:
    rule = {"kind": "gateway_error", "code": code}
    world.admin("POST", f"/accounts/{account['id']}/faults", rule, expect=201)
    request = signer.signed() if sign_it else with_app_code(account["app_code"])

    assert seen(send(world, request))[1] == code

    (call,) = world.calls(account["id"])
    assert [each["id"] for each in call["findings"] if each["id"] in EXPLAINED] == []
