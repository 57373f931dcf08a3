"""The page of failures: every kind by form, counters, scenarios, readings."""

from typing import Any

import pytest

from mock_server import contract
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.readings import ALLOWED
from mock_server.web.inspector import fault_form
from tests.support.inspector import Text, page, post, spoken
from tests.support.worlds import World

FAILURES = "/inspect/default/failures"


def armed(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.admin("GET", "/accounts/default/faults")["faults"]
    return found


def names(found: Text) -> set[str]:
    """Return the names of the fields of a page's forms."""
    return {attrs["name"] or "" for tag, attrs in found.tags
            if tag in ("input", "select") and "name" in attrs}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_form_with_its_parameters(world: World, kind: str) -> None:
    found = page(world, f"/default/failures?kind={kind}")
    properties = contract.document("admin.openapi")["components"]["schemas"][
        contract.fault_schema(kind)
    ]["properties"]

    assert spoken(contract.fault_texts()[kind]) in found.text
    assert {each.name for each in fault_form.parameters(KINDS[kind])} <= properties.keys()
    assert names(found) >= {each.name for each in fault_form.parameters(KINDS[kind])}
    assert {"after", "nth", "first", "every", "probability", "calls"} <= names(found)


def test_a_failure_strikes_as_its_form_says_and_is_counted(world: World) -> None:
    answer = post(world, f"{FAILURES}/arm", kind="gateway_error", code="D504TO",
                  operation="submit_task", after="1", calls="1", text="")  # fmt: skip
    codes = [world.vendor("/submitTask", {"text": "https://a.test", "style_id": "pet_cat"})
             .headers.get("X-Ca-Error-Code") for _ in range(3)]  # fmt: skip
    found = page(world, "/default/failures").text

    assert answer.location == "/_mock/inspect/default/failures?kind=gateway_error&said=fault_armed"
    assert codes == [None, "D504TO", None]
    assert "over gateway_error code D504TO operation submit_task after 1 0 more 2 1" in found


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": "delay", "for_ms": "3s", "commit": "before"},
         {"for_ms": 3000, "commit": "before"}),
        ({"kind": "delay", "for_ms": "250"}, {"for_ms": 250, "commit": "after"}),
        ({"kind": "refusal", "remark": "系统繁忙", "probability": "0.25"}, {"probability": 0.25}),
        ({"kind": "gateway_error", "code": "D504TO", "starts_in_ms": "1m", "expires_in_ms": "1h"},
         {"calls_left": None}),
    ],
)  # fmt: skip
def test_numbers_times_and_choices_arrive(
    world: World, fields: dict[str, str], expected: dict[str, Any]
) -> None:
    assert post(world, f"{FAILURES}/arm", **fields).status_code == 303
    (fault,) = armed(world)

    assert {name: fault[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "delay"}, "needs for_ms"), ({"kind": "delay", "for_ms": "soon"}, "duration"),
        ({"kind": "gateway_error", "code": "D504TX"}, "D504TO"),
        ({"kind": "gateway_error", "code": "D504TO", "nth": "x"}, "whole number"),
        ({"kind": "gateway_error", "code": "D504TO", "nth": "1", "first": "2"}, "contradict"),
        ({"kind": "refusal", "remark": "a", "probability": "often"}, "must be a number"),
        ({"kind": "gateway_error", "code": "<b>\u202e"}, "\\u202e"),
    ],
)  # fmt: skip
def test_what_cannot_be_armed_is_explained_and_nothing_typed_is_lost(
    world: World, fields: dict[str, str], says: str
) -> None:
    answer = post(world, f"{FAILURES}/arm", task_id="", operation="", style="pet_*", **fields)
    found = Text(answer.get_data(as_text=True))

    assert answer.status_code == 422
    assert says in found.text
    assert [tag for tag, _ in found.tags if tag == "b"] == []
    values = {attrs.get("name"): attrs.get("value") for tag, attrs in found.tags if tag == "input"}
    assert values.get("style") == "pet_*"
    assert armed(world) == []


def test_an_unknown_kind_is_explained(world: World) -> None:
    assert "did you mean" in page(world, "/default/failures?kind=dely", 422).text
    assert post(world, f"{FAILURES}/arm", kind="dely").status_code == 422


def test_one_failure_or_all_are_disarmed(world: World) -> None:
    for _ in range(3):
        post(world, f"{FAILURES}/arm", kind="gateway_error", code="D504TO")
    first = armed(world)[0]["id"]

    assert post(world, f"{FAILURES}/disarm", fault=str(first)).status_code == 303
    assert [each["id"] for each in armed(world)] == [first + 1, first + 2]
    assert post(world, f"{FAILURES}/disarm", fault=str(first)).status_code == 404
    assert post(world, f"{FAILURES}/disarm", fault="x").status_code == 422
    assert post(world, f"{FAILURES}/disarm").location == (
        "/_mock/inspect/default/failures?said=faults_disarmed"
    )
    assert armed(world) == []


def test_a_scenario_is_loaded_only_by_somebody_who_is_sure(world: World) -> None:
    world.submit()
    text = page(world, "/default/failures").text
    for name in contract.scenarios():
        assert name in text
    assert post(world, f"{FAILURES}/scenario", scenario="answers-cut").status_code == 422
    assert len(world.calls("default")) == 1
    # A scenario with faults of the connection needs `serve`; this one has none.
    assert post(world, f"{FAILURES}/scenario", scenario="arrears", sure="yes").status_code == 303
    assert world.calls("default") == []
    assert post(world, f"{FAILURES}/scenario", scenario="arears", sure="yes").status_code == 404


def test_every_reading_is_shown_and_set_by_form(world: World) -> None:
    text = page(world, "/default/failures").text
    for row in contract.load_toml("readings.toml")["reading"]:
        assert row["question"] in text
        assert spoken(row["advice"]) in text
    answer = post(world, f"{FAILURES}/reading", reading="refusal.status", value="200")

    assert "open=readings" in (answer.location or "")
    assert world.admin("GET", "/accounts/default/readings")["refusal.status"] == "200"
    assert "1 changed" in page(world, "/default/failures").text
    assert (
        post(world, f"{FAILURES}/reading", reading="refusal.status", value="7").status_code == 422
    )
    assert len(ALLOWED) == len(contract.load_toml("readings.toml")["reading"])
