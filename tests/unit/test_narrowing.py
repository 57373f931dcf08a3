"""The contract narrowed to readings: the parts that stay, and an unchanged original."""

from copy import deepcopy
from typing import Any

import pytest

from mock_server import contract
from mock_server.domain.contract.narrowing import holds, narrowed

ONE = {"x-reading": {"a": "1"}, "title": "one"}
TWO = {"x-reading": {"a": "2"}, "title": "two"}


def document(**more: Any) -> dict[str, Any]:
    return {"security": [], "paths": {}, **more}


def test_of_alternatives_those_of_the_word_are_left() -> None:
    value = document(schema={"anyOf": [ONE, TWO, {"title": "any"}]})
    before = deepcopy(value)

    left = [each["title"] for each in narrowed(value, {"a": "2"})["schema"]["anyOf"]]

    assert left == ["two", "any"]
    assert value == before


def test_a_mark_may_name_several_readings_and_several_words() -> None:
    mark: dict[str, str | list[str]] = {"a": ["1", "2"], "b": "x"}

    held = [holds(mark, {"a": a, "b": b}) for a in "123" for b in "xy"]

    assert held == [True, False, True, False, False, False]


def test_a_reference_to_a_removed_component_is_removed_too() -> None:
    value = document(
        responses={"450": {"$ref": "#/components/responses/R"}, "200": {}},
        components={
            "responses": {"R": ONE, "S": {"anyOf": [{"$ref": "#/components/responses/R"}, {}]}}
        },
    )

    under = narrowed(value, {"a": "2"})

    assert under["responses"] == {"200": {}}
    assert under["components"] == {"responses": {"S": {"anyOf": [{}]}}}
    assert set(narrowed(value, {"a": "1"})["responses"]) == {"450", "200"}


def test_a_header_is_required_under_its_word_and_absent_under_others() -> None:
    value = document(headers={"H": {"x-required-reading": {"a": "1"}}})

    assert narrowed(value, {"a": "1"})["headers"]["H"]["required"] is True
    assert narrowed(value, {"a": "2"})["headers"] == {}


def test_a_reading_without_a_word_stays_open() -> None:
    both = {"x-reading": {"a": "1", "b": "1"}, "title": "both"}
    value = document(
        schema={"anyOf": [ONE, TWO, both]},
        headers={"H": {"x-required-reading": {"a": "1"}}},
        **{"x-readings": {"a": {"1": {"security": [{"K": []}]}}}},
    )

    none, other = narrowed(value, {}), narrowed(value, {"b": "2"})

    assert (none["schema"], none["security"]) == (value["schema"], [])
    assert none["headers"] == value["headers"], "neither absent nor required"
    assert other["schema"]["anyOf"] == [ONE, TWO]


def test_where_readings_are_open_requests_are_right_by_all_of_them() -> None:
    def types(**words: str) -> set[str]:
        document = contract.document_under({name.replace("_", "."): words[name] for name in words})
        posts = [item["post"] for item in document["paths"].values() if "post" in item]
        return {kind for post in posts for kind in post["requestBody"]["content"]}

    assert types() == types(envelope="bare") == {"application/x-www-form-urlencoded"}
    assert types(body_type="any") == {"application/x-www-form-urlencoded", "application/json"}


def test_a_word_adds_responses_paths_and_security() -> None:
    post = {"post": {"responses": {"200": {}, "400": {"is": "old"}}}}
    added = {
        "responses": {"400": {"is": "new"}},
        "paths": {"/p": {"get": {"responses": {}}}},
        "security": [{"K": []}],
    }
    value = document(paths={"/p": post}, **{"x-readings": {"a": {"2": added}}})

    usual, other = narrowed(value, {"a": "1"}), narrowed(value, {"a": "2"})

    assert (usual["paths"], usual["security"]) == ({"/p": post}, [])
    assert other["paths"]["/p"]["post"]["responses"]["400"] == {"is": "new"}
    assert set(other["paths"]["/p"]) == {"post", "get"}
    assert other["security"] == [{"K": []}]


def test_an_anyof_that_forgets_a_word_is_a_mistake_of_the_document() -> None:
    with pytest.raises(ValueError, match="nothing is left of an anyOf"):
        narrowed(document(schema={"anyOf": [ONE]}), {"a": "2"})
