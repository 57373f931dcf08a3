"""Why a call was answered as it was: recorded when it was decided, and the same everywhere."""

from typing import Any

import pytest

from mock_server.contract import load_answer_rules, load_toml
from mock_server.domain.call.answer_rules import AnswerRule
from tests.support.inspector import page
from tests.support.signed import Signer, send
from tests.support.worlds import World

GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}
ROWS = load_answer_rules()


def explained(world: World, account: str = "default") -> dict[str, Any]:
    """Return the explanation of the last call of an account."""
    call = world.calls(account)[-1]
    found: dict[str, Any] = world.admin("GET", f"/calls/{call['id']}/explain")
    return found


def test_every_rule_has_a_row_in_the_order_of_the_checks() -> None:
    assert list(ROWS) == [str(each) for each in AnswerRule]


def test_a_row_cites_claims_and_readings_that_exist() -> None:
    claims = {row["id"] for row in load_toml("claims.toml")["claim"]}
    readings = {row["id"] for row in load_toml("readings.toml")["reading"]}
    for row in ROWS.values():
        assert set(row.claims) <= claims, row.id
        assert set(row.readings) <= readings, row.id
        assert row.says.endswith("."), row.id
        assert row.step in ("wire", "gateway", "service", "simulator")


@pytest.mark.parametrize(
    ("path", "fields", "rule"),
    [("/submitTask", GOOD, "served"), ("/nowhere", {}, "route-unknown"),
     ("/submitTask", {"style_id": "food_fryrice"}, "content-missing"),
     ("/submitTask", {"text": "x"}, "style-missing"),
     ("/submitTask", {"text": "x", "style_id": "y"}, "style-unknown"),
     ("/submitTask", {**GOOD, "text": "x" * 3000}, "text-too-long"),
     ("/submitTask", {**GOOD, "text": "a\0"}, "field-not-text"),
     ("/queryTask", {}, "task-id-missing"), ("/queryTask", {"task_id": "x"}, "task-unknown"),
     ("/taskList", {"page": "0"}, "page-out-of-range")],
)  # fmt: skip
def test_the_rule_that_decided_is_named(
    world: World, path: str, fields: dict[str, str], rule: str
) -> None:
    world.vendor(path, fields)

    assert explained(world)["rule"]["id"] == rule


@pytest.mark.parametrize(
    ("app_code", "rule"),
    [("mock-quota-exhausted", "credit-none"), ("mock-expired", "credit-none"),
     ("mock-arrears", "standing"), ("mock-busy", "fault-of-gateway"),
     ("mock-refused", "fault-of-service"), ("mock-classic", "served")],
)  # fmt: skip
def test_the_rule_of_a_magic_account_is_named(world: World, app_code: str, rule: str) -> None:
    world.vendor("/submitTask", GOOD, app_code)

    assert explained(world, app_code)["rule"]["id"] == rule


def test_a_throttled_call_says_so(world: World) -> None:
    for _ in range(30):
        if world.vendor("/submitTask", GOOD, "mock-throttled").status_code == 429:
            break

    assert explained(world, "mock-throttled")["rule"]["id"] == "throttled"


def test_what_is_wrong_with_a_signature_is_named(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    expected = []
    for changed, rule in (
        ({"X_Ca_Signature": "wrong"}, "signature-wrong"),
        ({"X_Ca_Timestamp": "soon"}, "timestamp-unreadable"),
        ({"X_Ca_Timestamp": "1"}, "timestamp-outside"),
        ({"Content_MD5": "x"}, "digest-wrong"),
        ({"X_Ca_Signature_Method": "rot13"}, "signature-method-unknown"),
    ):
        send(world, signer.signed().with_headers(**changed))
        expected.append((rule, explained(world, account["id"])["rule"]["id"]))
    once = signer.signed()
    send(world, once)
    send(world, once)
    expected.append(("nonce-used", explained(world, account["id"])["rule"]["id"]))

    assert [named for _, named in expected] == [rule for rule, _ in expected]


def test_calls_of_nobody_are_explained_too(world: World) -> None:
    world.vendor("/submitTask", GOOD, "never-issued")
    call = world.admin("GET", "/calls")["calls"][-1]
    found = world.admin("GET", f"/calls/{call['id']}/explain")

    assert (found["account"], found["rule"]["id"]) == (None, "code-unknown")
    assert found["error"]["code"] == "A400AC"
    assert "appcode-unknown" in [each["id"] for each in found["rule"]["claims"]]


def test_readings_are_explained_with_the_value_they_had_then(world: World) -> None:
    account = world.account(readings={"style.unknown": "refused", "refusal.status": "200"})
    world.vendor("/submitTask", {"text": "x", "style_id": "y"}, account["app_code"])
    world.admin("PATCH", f"/accounts/{account['id']}/readings", {"refusal.status": "450"})
    values = {each["id"]: each for each in explained(world, account["id"])["rule"]["readings"]}

    assert values["refusal.status"]["value"] == "200"
    assert values["refusal.status"]["default"] == "450"
    assert values["style.unknown"]["value"] == "refused"


def test_a_charge_names_the_package_that_paid_and_what_it_rests_on(world: World) -> None:
    world.submit()
    charge = explained(world)["charge"]
    (package,) = world.admin("GET", "/accounts/default/packages")["packages"]

    assert (charge["charged"], charge["fen"]) == (True, 28)
    assert charge["package"] == package["id"]
    assert "billing-only-200" in [each["id"] for each in charge["claims"]]


def test_a_query_that_is_free_by_a_reading_says_so(world: World) -> None:
    account = world.account(readings={"charge.polls": "submit-only"})
    task_id = world.submit(account["app_code"])
    world.query(task_id, account["app_code"])
    (reading,) = explained(world, account["id"])["charge"]["readings"]

    assert (reading["id"], reading["value"]) == ("charge.polls", "submit-only")


def test_the_page_says_the_same(world: World) -> None:
    world.vendor("/submitTask", {"text": "x", "style_id": "y"})
    found = explained(world)
    shown = page(world, f"/default/calls/{found['call']}").text

    assert found["rule"]["says"] in shown
    for each in (*found["rule"]["claims"], *found["charge"]["claims"], *found["rule"]["readings"]):
        assert each["id"] in shown
    for each in found["findings"]:
        assert each["says"] in shown


def test_the_row_of_a_call_that_is_served_under_the_defaults_grows_by_nothing(world: World) -> None:
    world.submit()
    grounds = world.simulator.database.read(lambda tx: tx.all("select ground from call"))

    assert [row["ground"] for row in grounds] == [""]


def test_a_call_that_is_not_there_is_explained_by_a_problem(world: World) -> None:
    assert "no call 7" in world.admin("GET", "/calls/7/explain", expect=404)["detail"]
