"""The items that a call covers, and the items that are left."""

from dataclasses import replace

from mock_server.contract import load_catalogue
from mock_server.domain.call.calls import Operation
from mock_server.domain.contract.coverage import (
    Answered,
    Coverage,
    Group,
    Shape,
    all_items,
    coverage,
    items_of,
    outcome_item,
)
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, with_readings
from mock_server.domain.task.tasks import Status

ITEMS = all_items(load_catalogue().requests(DEFAULT_READINGS), load_catalogue().errors)
IDS = {item.id for item in ITEMS}
SUBMIT = Shape(
    operation=Operation.SUBMIT_TASK,
    answered=Answered.RESULT,
    way="app-code",
    fields=("text", "style_id"),
    headers=("x-ca-nonce",),
    error=None,
    readings=DEFAULT_READINGS,
)


def names(shape: Shape, group: Group) -> list[str]:
    return [each.partition("/")[2] for each in items_of(shape) if each.startswith(f"{group}/")]


def test_no_item_is_there_twice_and_every_group_has_some() -> None:
    assert len(IDS) == len(ITEMS)
    assert {item.group for item in ITEMS} == set(Group)


def test_there_is_an_item_for_every_row_and_every_word() -> None:
    assert {f"errors/{code}" for code in load_catalogue().errors.rows} <= IDS
    assert {f"readings/{name}={word}" for name in ALLOWED for word in ALLOWED[name]} <= IDS
    assert {outcome_item(status) for status in Status} <= IDS


def test_a_result_meets_operation_credentials_fields_headers_and_readings() -> None:
    assert names(SUBMIT, Group.OPERATIONS) == ["submit_task"]
    assert names(SUBMIT, Group.CREDENTIALS) == ["app-code"]
    assert names(SUBMIT, Group.FIELDS) == ["submit_task.text", "submit_task.style_id"]
    assert names(SUBMIT, Group.HEADERS) == ["x-ca-nonce"]
    assert names(SUBMIT, Group.ANSWERS) == ["submit_task.result"]
    assert len(names(SUBMIT, Group.READINGS)) == len(ALLOWED)
    assert set(items_of(SUBMIT)) <= IDS


def test_a_refusal_meets_all_but_the_operation() -> None:
    refused = replace(SUBMIT, answered=Answered.REFUSAL)

    assert names(refused, Group.OPERATIONS) == []
    assert names(refused, Group.ANSWERS) == ["submit_task.refusal"]
    assert names(refused, Group.CREDENTIALS) == ["app-code"]


def test_an_error_of_the_gateway_shows_nothing_of_credentials_and_readings() -> None:
    failed = replace(SUBMIT, answered=Answered.ERROR, error="A400AC")

    assert names(failed, Group.ERRORS) == ["A400AC"]
    assert names(failed, Group.ANSWERS) == ["submit_task.gateway-error"]
    assert names(failed, Group.CREDENTIALS) == names(failed, Group.READINGS) == []


def test_a_call_of_no_operation_meets_its_error_alone() -> None:
    lost = replace(SUBMIT, operation=None, answered=Answered.ERROR, error="I404NF")

    assert items_of(lost) == ["errors/I404NF"]


def test_a_changed_reading_covers_its_value() -> None:
    flipped = replace(
        SUBMIT, readings=with_readings(DEFAULT_READINGS, {"charge.polls": "submit-only"})
    )

    assert "charge.polls=submit-only" in names(flipped, Group.READINGS)
    assert "charge.polls=every-200" not in names(flipped, Group.READINGS)


def test_coverage_counts_the_covered_items_of_the_wanted_groups() -> None:
    found = coverage(ITEMS, {"outcomes/failed": 7, "errors/B403MQ": None}, [Group.OUTCOMES])

    assert (found.met, len(found.lines), found.percent) == (1, 4, 25.0)
    assert [(line.item.name, line.call) for line in found.lines if line.met] == [("failed", 7)]


def test_a_stored_item_that_no_longer_exists_counts_nowhere() -> None:
    assert coverage(ITEMS, {"errors/X999XX": 1}).met == 0


def test_coverage_without_items_is_complete() -> None:
    assert Coverage(lines=()).percent == 100.0
