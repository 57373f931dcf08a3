"""The OpenAPI documents are valid, complete, and one with the tables beside them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mock_server import contract
from mock_server.domain.calls import ROUTES
from mock_server.domain.paging import MAX_PAGE, MAX_SIZE
from mock_server.domain.readings import ALLOWED
from mock_server.web.flask_app import create_app
from tests.contract.documents import ADMIN, VENDOR, Document
from tests.support.worlds import World

BOTH = pytest.mark.parametrize("document", [VENDOR, ADMIN], ids=["vendor", "admin"])
SCHEMAS = VENDOR.value["components"]["schemas"]


def examples(document: Document, value: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield place, schema and value of every example beside a schema."""
    if isinstance(value, dict):
        if "schema" in value:
            for name, example in value.get("examples", {}).items():
                yield f"{where}/{name}", value["schema"], example["value"]
            if "example" in value:
                yield where, value["schema"], value["example"]
        for name, inner in value.items():
            yield from examples(document, inner, f"{where}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from examples(document, inner, f"{where}/{number}")


EXAMPLES = [
    pytest.param(document, schema, value, id=where)
    for document in (VENDOR, ADMIN)
    for where, schema, value in examples(document, document.value)
]


@BOTH
def test_a_document_is_valid_openapi_3_1(document: Document) -> None:
    assert document.value["openapi"].startswith("3.1")
    assert [str(e) for e in OpenAPIV31SpecValidator(document.value).iter_errors()] == []


@pytest.mark.parametrize(("document", "schema", "value"), EXAMPLES)
def test_an_example_fits_its_schema(document: Document, schema: Any, value: Any) -> None:
    assert document.errors(schema, value) == []


def test_the_document_of_the_vendor_has_exactly_the_routes_of_the_gateway() -> None:
    assert {(method, path) for method, path, _ in VENDOR.operations()} == set(ROUTES)


def test_the_admin_document_has_exactly_the_other_routes(world: World) -> None:
    routes = {
        (
            method,
            re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule).replace("{account}", "{account_id}"),
        )
        for rule in create_app(world.simulator).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert {(method, path) for method, path, _ in ADMIN.operations()} == routes


@BOTH
def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(document: Document) -> None:
    operations = [operation for *_, operation in document.operations()]
    names = [operation["operationId"] for operation in operations]

    assert len(names) == len(set(names))
    assert [each["operationId"] for each in operations if not each.get("summary")] == []


@pytest.mark.parametrize("path", ["/submitTask", "/taskList", "/queryTask"])
def test_every_outcome_with_a_body_has_an_example(path: str) -> None:
    operation = VENDOR.value["paths"][path]["post"]

    for media in operation["requestBody"]["content"].values():
        assert media["examples"]
    for status, response in operation["responses"].items():
        content = VENDOR.follow(response).get("content")
        assert (content is not None) == (status in ("200", "450"))
        for media in (content or {}).values():
            assert media["examples"]


def test_the_query_has_an_example_for_each_status() -> None:
    response = VENDOR.value["paths"]["/queryTask"]["post"]["responses"]["200"]
    shown = response["content"]["application/json"]["examples"]

    assert [item["value"]["showapi_res_body"]["status"] for item in shown.values()] == list(shown)
    assert list(shown) == SCHEMAS["TaskFields"]["properties"]["status"]["enum"]


def test_the_document_has_the_codes_of_the_error_table_under_their_status() -> None:
    listed: dict[str, list[str]] = {}
    for response in VENDOR.value["components"]["responses"].values():
        if code := response["headers"].get("X-Ca-Error-Code"):
            listed |= dict.fromkeys(code["schema"]["enum"], response["x-claim"])
            shown = [example["value"] for example in code["examples"].values()]
            assert shown == list(code["examples"]) == code["schema"]["enum"]
    rows = contract.load_catalogue().errors.rows

    assert set(listed) == set(rows)
    assert [code for code, claims in listed.items() if rows[code].claim not in claims] == []
    for *_, operation in VENDOR.operations():
        found: set[str] = set()
        for status, response in operation["responses"].items():
            code = VENDOR.follow(response).get("headers", {}).get("X-Ca-Error-Code")
            for each in code["schema"]["enum"] if code else []:
                assert rows[each].status == int(status)
                found.add(each)
        assert found == set(rows)


def test_the_document_shows_the_texts_of_the_error_table() -> None:
    shown = VENDOR.value["components"]["headers"]["X-Ca-Error-Message"]["examples"]
    rows = contract.load_catalogue().errors.rows

    assert set(shown) == set(rows)
    for code, example in shown.items():
        before, _, after = rows[code].message.partition("{reason}")
        assert example["value"].startswith(before)
        assert example["value"].endswith(after)


def test_the_document_says_how_each_row_is_met() -> None:
    rows = contract.load_catalogue().errors.rows
    shown = {
        code: example["summary"]
        for response in VENDOR.value["components"]["responses"].values()
        for code, example in response["headers"]
        .get("X-Ca-Error-Code", {})
        .get("examples", {})
        .items()
    }

    assert shown == {row.code: row.how or row.met for row in rows.values()}


def test_the_document_has_the_messages_of_older_instances_under_their_status() -> None:
    older = VENDOR.value["x-readings"]["gateway.profile"]["classic"]["responses"]
    shown = [
        (int(status), example["value"])
        for status, response in older.items()
        for example in VENDOR.follow(response)["headers"]["X-Ca-Error-Message"]["examples"].values()
    ]
    rows = sorted(contract.load_catalogue().errors.classic.values(), key=lambda row: row.status)

    assert [status for status, _ in shown] == [row.status for row in rows]
    for row, (_, text) in zip(rows, shown, strict=True):
        before, _, after = row.message.partition("{reason}")
        assert text.startswith(before)
        assert text.endswith(after)
    for status, response in older.items():
        claims = VENDOR.follow(response)["x-claim"]
        assert "X-Ca-Error-Code" not in VENDOR.follow(response)["headers"]
        assert {row.claim for row in rows if row.status == int(status)} <= set(claims)


def test_the_document_shows_the_words_of_the_readings_that_it_names() -> None:
    for name, words in VENDOR.value["x-readings"].items():
        assert set(words) <= set(ALLOWED[name])


def test_the_document_has_the_styles_of_the_table() -> None:
    assert SCHEMAS["StyleId"]["enum"] == list(contract.load_catalogue().styles)


def test_the_document_has_the_limits_of_paging() -> None:
    fields = SCHEMAS["Paging"]["properties"]
    for name, most in (("page", MAX_PAGE), ("maxResult", MAX_SIZE)):
        for text, fits in (("0", False), ("1", True), (str(most), True), (str(most + 1), False)):
            assert bool(re.search(fields[name]["pattern"], text)) == fits, (name, text)


def test_a_submission_needs_one_of_each_pair() -> None:
    submission = {"$ref": "#/components/schemas/Submission"}
    text, image = {"text": "t"}, {"qr_code_url": "https://a.test/q.png"}
    style, prompt = {"style_id": "pet_cat"}, {"your_prompt": "p"}

    fits = [
        text | style,
        image | prompt,
        text | image | style | prompt,
        text | style | {"call_back": ""},
    ]
    misfits = [
        {},
        text,
        style,
        text | image,
        style | prompt,
        {"text": ""} | style,
        text | {"style_id": "x"},
    ]

    assert [each for each in fits if VENDOR.errors(submission, each)] == []
    assert [each for each in misfits if not VENDOR.errors(submission, each)] == []
