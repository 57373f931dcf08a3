"""The code and the admin document have the same kinds of fault."""

from dataclasses import fields
from typing import Any

import pytest

from mock_server import contract
from mock_server.actions.accounts.faults import read_order
from mock_server.domain.faults.kinds import KINDS, FaultOrder
from mock_server.domain.faults.rules import AnyKind, Match, Stage
from mock_server.domain.faults.spellings import short_name
from tests.support.documents import fault_schemas

SCHEMAS = contract.document("admin.openapi")["components"]["schemas"]
OF_RULES = {field.name for field in fields(Match)} | {"calls", "starts_in_ms", "expires_in_ms"}


def schema_of(kind: AnyKind) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS[contract.fault_schema(kind.name)]
    return found


def test_the_schemas_of_the_document_are_up_to_date() -> None:
    text = fault_schemas.DOCUMENT.read_text("utf-8")

    assert fault_schemas.generated(text) == text, "run `python -m tests.support.documents`"


def test_every_kind_is_in_the_document_and_no_other() -> None:
    mapping = SCHEMAS["NewFault"]["discriminator"]["mapping"]

    assert list(mapping) == list(KINDS)
    listed = [each["$ref"] for each in SCHEMAS["NewFault"]["oneOf"]]
    assert listed == list(dict.fromkeys(mapping.values()))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_parameters_of_a_kind_are_its_schema(kind: AnyKind) -> None:
    schema = schema_of(kind)

    parameters = {field.name for field in fields(kind.fault)}
    assert not parameters & (OF_RULES | {field.name for field in fields(FaultOrder)})
    spelt = {short_name(name) for name in parameters | OF_RULES}
    assert set(schema["properties"]) == parameters | OF_RULES | spelt | {"kind"}
    assert schema["additionalProperties"] is False
    assert kind.name in schema["properties"]["kind"]["enum"]
    assert schema["description"]


def test_every_kind_has_an_example_with_what_comes_of_it() -> None:
    examples = contract.load_toml("faults.toml")["fault"]
    ours = [kind.name for kind in KINDS.values() if kind.stage is not Stage.CALLBACK]

    assert [each["kind"] for each in examples if each["kind"] in ours] == ours
    for each in examples:
        assert each["order"]["kind"] == each["kind"]
        assert read_order(each["order"]).kind.name == each["kind"]
        assert each["says"].endswith(".")


def test_every_fault_of_callbacks_has_an_example_too() -> None:
    examples = contract.load_toml("faults.toml")["callback"]
    ours = [kind.name for kind in KINDS.values() if kind.stage is Stage.CALLBACK]

    assert [each["kind"] for each in examples] == ours
    for each in examples:
        assert read_order(each["order"]).kind.name == each["kind"]
        assert each["says"].endswith(".")


def test_what_several_truths_have_in_common_can_be_ordered() -> None:
    for each in contract.load_toml("faults.toml")["ambiguous"]:
        assert [read_order(order).calls for order in each["orders"]] == [None] * len(each["orders"])


@pytest.mark.parametrize("magic", contract.load_catalogue().magic.values(), ids=str)
def test_the_faults_of_magic_accounts_are_orders_like_any_other(magic: Any) -> None:
    for order in magic.armed:
        read_order(order)
