"""Authentication with AppKey and AppSecret: timestamps, nonces, digests, signatures."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.signed import (
    SUBMIT,
    Request,
    Signer,
    content_md5,
    header,
    seen,
    send,
    string_to_sign,
    with_app_code,
)
from tests.support.worlds import START_AT, RealClock, World

WINDOW_MS = 15 * 60 * 1000
OK = (200, None)


def stamped(at: int, **headers: str) -> Request:
    return Request(headers={"X-Ca-Timestamp": str(at), **headers})


# --- Timestamps and clocks. ---


@pytest.mark.claim("timestamp-window")
@pytest.mark.parametrize(
    ("off", "answer"),
    [(-WINDOW_MS - 1, (403, "S403TE")), (-WINDOW_MS, OK), (0, OK), (WINDOW_MS, OK),
     (WINDOW_MS + 1, (403, "S403TE"))],
)  # fmt: skip
def test_a_timestamp_is_good_for_fifteen_minutes_either_way(
    world: World, account: dict[str, Any], signer: Signer, off: int, answer: tuple[int, str | None]
) -> None:
    request = stamped(START_AT + off)

    assert seen(send(world, signer.signed(request))) == answer
    assert seen(send(world, with_app_code(account["app_code"], request))) == answer


@pytest.mark.claim("timestamp-window")
@pytest.mark.parametrize("skew", [-3_600_000, 3_600_000])
def test_a_skewed_gateway_holds_timestamps_to_its_own_clock(
    world: World, account: dict[str, Any], signer: Signer, skew: int
) -> None:
    world.admin("PATCH", f"/accounts/{account['id']}", {"skew_ms": skew})

    assert seen(send(world, signer.signed())) == (403, "S403TE")
    there = START_AT + skew
    assert send(world, signer.signed(stamped(there + WINDOW_MS))).status == 200
    assert send(world, signer.signed(stamped(there - WINDOW_MS))).status == 200
    world.admin("POST", f"/accounts/{account['id']}/reset")
    assert send(world, signer.signed()).status == 200


@pytest.mark.parametrize("change", [{"advance": "30d"}, {"freeze": True, "advance": "1d"}])
def test_moving_an_accounts_time_by_days_breaks_no_client_that_signs(
    world: World, account: dict[str, Any], signer: Signer, change: dict[str, Any]
) -> None:
    world.clock(account["id"], **change)

    assert send(world, signer.signed()).status == 200


def test_an_account_frozen_at_an_instant_of_its_own_holds_timestamps_to_that(
    world: World, real_now: RealClock
) -> None:
    at = 1_525_872_629_832  # the instant of the manual's fourth vector
    account = world.account(clock={"now": at, "frozen": True})
    signer = Signer.of(account)

    assert send(world, signer.signed(stamped(at + WINDOW_MS))).status == 200
    assert seen(send(world, signer.signed(stamped(at + WINDOW_MS + 1)))) == (403, "S403TE")
    assert seen(send(world, signer.signed())) == (403, "S403TE")
    real_now.now += 10 * WINDOW_MS
    assert send(world, signer.signed(stamped(at))).status == 200


def test_a_thawed_account_checks_timestamps_against_the_real_clock(world: World) -> None:
    account = world.account(clock={"now": START_AT - 400 * 86_400_000, "frozen": True})
    world.clock(account["id"], freeze=False)

    assert send(world, Signer.of(account).signed()).status == 200


# --- Nonces. ---


def with_nonce(nonce: str, **headers: str) -> Request:
    return Request(headers={"X-Ca-Nonce": nonce, **headers})


@pytest.mark.claim("nonce-window")
def test_a_refused_call_burns_no_nonce(world: World, account: dict[str, Any]) -> None:
    stranger = Signer(key=account["app_key"], secret="guess")
    assert seen(send(world, stranger.signed(with_nonce("n")))) == (403, "A403IS")
    late = with_nonce("n", **{"X-Ca-Timestamp": "1"})
    assert seen(send(world, Signer.of(account).signed(late))) == (403, "S403TE")

    assert send(world, Signer.of(account).signed(with_nonce("n"))).status == 200
    assert seen(send(world, Signer.of(account).signed(with_nonce("n")))) == (403, "S403NU")


@pytest.mark.claim("nonce-window")
def test_a_nonce_may_come_again_when_its_window_is_over(
    world: World, signer: Signer, real_now: RealClock
) -> None:
    assert send(world, signer.signed(with_nonce("n"))).status == 200

    real_now.now += WINDOW_MS - 1
    again = with_nonce("n", **{"X-Ca-Timestamp": str(real_now.now)})
    assert seen(send(world, signer.signed(again))) == (403, "S403NU")
    real_now.now += 1
    assert send(world, signer.signed(again)).status == 200
    kept = world.simulator.database.run(lambda tx: tx.all("select * from nonce"))
    assert [row["nonce"] for row in kept] == ["n"]


@pytest.mark.claim("nonce-window")
def test_a_nonce_counts_for_one_credential_of_one_account(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    other = world.account()
    for request in (
        signer.signed(with_nonce("n")),
        with_app_code(account["app_code"], with_nonce("n")),
        Signer.of(other).signed(with_nonce("n")),
        with_app_code(other["app_code"], with_nonce("n")),
    ):
        assert send(world, request).status == 200
        again = request.with_headers(Accept="*/*") if "X-Ca-Key" not in request.headers else request
        assert seen(send(world, again)) == (403, "S403NU")


@pytest.mark.claim("nonce-optional")
@pytest.mark.parametrize("nonce", ["x", "0" * 200, "é\u4f60".encode().decode("latin-1"), "a b"])
def test_any_text_is_a_nonce_and_none_is_needed(world: World, signer: Signer, nonce: str) -> None:
    request = signer.prepared(with_nonce(nonce))
    names = ["X-Ca-Key", "X-Ca-Timestamp"]
    assert send(world, signer.signed(request, names=names)).status == 200
    without = request.with_headers(X_Ca_Nonce=None, X_Ca_Timestamp=None)
    signature = signer.signature(string_to_sign(without, ["X-Ca-Key"]))
    signed = without.with_headers(X_Ca_Signature_Headers="X-Ca-Key", X_Ca_Signature=signature)
    assert send(world, signed).status == 200


@pytest.mark.claim("nonce-optional")
def test_under_a_reading_a_signed_call_needs_a_nonce_and_an_app_code_does_not(
    world: World,
) -> None:
    account = world.account(readings={"signature.nonce": "required"})
    signer = Signer.of(account)
    without = signer.prepared().with_headers(X_Ca_Nonce=None)
    signature = signer.signature(string_to_sign(without, []))

    assert seen(send(world, without.with_headers(X_Ca_Signature=signature))) == (400, "I400NC")
    assert send(world, signer.signed()).status == 200
    assert send(world, with_app_code(account["app_code"])).status == 200


# --- Content-MD5. ---


@pytest.mark.claim("content-md5")
@pytest.mark.parametrize(
    ("body", "digest", "answer"),
    [(b"{}", content_md5(b"{}"), (450, None)), (b"{}", content_md5(b"{ }"), (400, "I400I5")),
     (b"{}", "", (400, "I400I5")), (b"", content_md5(b""), (400, "I400I5")),
     (b"{}", None, (450, None))],
)  # fmt: skip
def test_content_md5_is_checked_if_it_is_sent(
    world: World, signer: Signer, body: bytes, digest: str | None, answer: tuple[int, str | None]
) -> None:
    request = Request(body=body, headers={"Content-Type": "application/json"})

    assert seen(send(world, signer.signed(request.with_headers(Content_MD5=digest)))) == answer


@pytest.mark.claim("content-md5")
def test_a_changed_body_is_noticed_only_by_its_md5_unless_it_is_a_form(
    world: World, signer: Signer
) -> None:
    json = Request(body=b'{"a":1}', headers={"Content-Type": "application/json"})
    assert send(world, replace(signer.signed(json), body=b'{"a":2}')).status == 450
    safe = signer.signed(json.with_headers(Content_MD5=content_md5(json.body)))
    assert seen(send(world, replace(safe, body=b'{"a":2}'))) == (400, "I400I5")
    form = signer.signed()
    assert seen(send(world, replace(form, body=SUBMIT + b"x"))) == (403, "A403IS")


def test_every_accepted_call_is_charged_once_and_no_other(world: World, signer: Signer) -> None:
    for request, answer in (
        (signer.signed(), OK),
        (signer.signed(Request(target="/taskList", body=b"")), OK),
        (signer.signed().with_headers(X_Ca_Signature="x"), (403, "A403IS")),
        (signer.signed(stamped(1)), (403, "S403TE")),
        (replace(signer, method="HmacSHA1").signed(), OK),
    ):
        reply = send(world, request)
        assert seen(reply) == answer
        assert header(reply, "showapi_fee_num") == ("1" if answer == OK else None)
    (listed,) = [a for a in world.admin("GET", "/accounts")["accounts"] if a["id"] != "default"]
    assert (world.bill(listed["id"])["charges"], listed["balance"]) == (3, 47)
