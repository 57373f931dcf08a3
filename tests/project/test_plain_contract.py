"""The contract in plain schemas allows what the contract allows, in keywords that generators
know.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator as Validator

from mock_server import contract
from mock_server.domain.contract.flatten import plain
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, Readings, with_readings

FLIPS = [{}, *({name: word} for name, words in ALLOWED.items() for word in words[1:])]


def documents(readings: Readings) -> tuple[dict[str, Any], dict[str, Any]]:
    narrowed = contract.narrowed_document(readings)
    return narrowed, plain(narrowed)


def nodes(node: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema below, except examples."""
    if isinstance(node, dict):
        yield name, node
        for key, inner in node.items():
            if key not in ("example", "examples"):
                yield from nodes(inner, key)
    if isinstance(node, list):
        for inner in node:
            yield from nodes(inner, name)


def examples(document: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield every example of an answer, with its schema."""

    def looked_up(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = document
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            node = found
        return node

    for item in document["paths"].values():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                content = looked_up(answer).get("content", {}).get("application/json", {})
                for name, example in content.get("examples", {}).items():
                    where = f"{operation['operationId']} {status} {name}"
                    yield where, looked_up(example)["value"], content["schema"]


@pytest.mark.parametrize("words", FLIPS, ids=lambda words: str(words or "default"))
def test_nothing_is_left_that_generators_stumble_over(words: dict[str, str]) -> None:
    _, document = documents(with_readings(DEFAULT_READINGS, words))

    for name, node in nodes(document["components"]["schemas"]):
        assert not {"allOf", "unevaluatedProperties"} & set(node), name
        assert not [key for key in node if key.startswith("x-")], name
        assert not ("properties" in node and {"anyOf", "oneOf"} & set(node)), name


def test_every_example_fits_the_plain_schema_beside_it_and_a_wrong_one_does_not() -> None:
    _, document = documents(DEFAULT_READINGS)
    found = list(examples(document))

    assert len(found) >= 15
    for where, value, schema in found:
        judge = Validator({**schema, "components": document["components"]})
        judge.validate(value)
        wrong = {**json.loads(json.dumps(value)), "one_more": 1}
        assert not judge.is_valid(wrong), where


def test_the_document_it_was_made_of_is_as_it_was() -> None:
    before = json.dumps(contract.narrowed_document(DEFAULT_READINGS))

    documents(DEFAULT_READINGS)

    assert json.dumps(contract.narrowed_document(DEFAULT_READINGS)) == before


def test_a_task_with_more_pictures_than_its_reading_has_fits_the_types() -> None:
    document = documents(DEFAULT_READINGS)[1]
    picture = "http://127.0.0.1:3040/pictures/default/4ca4a4c534d61728d01e2411/1.png"
    task = {"task_id": "4ca4a4c534d61728d01e2411", "status": "succeeded", "resList": [picture] * 4}
    schema = {"$ref": "#/components/schemas/Task", "components": document["components"]}

    assert Validator(schema).is_valid(task)
    assert not Validator(schema).is_valid({**task, "resList": [4]})
