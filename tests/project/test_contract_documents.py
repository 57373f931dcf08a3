"""The OpenAPI documents are valid, complete, and agree with the tables beside them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from mock_server import contract
from mock_server.domain.call.calls import ROUTES
from mock_server.domain.call.paging import MAX_PAGE, MAX_SIZE
from mock_server.domain.readings import ALLOWED
from mock_server.domain.task.tasks import Status
from mock_server.web.flask_app import create_app
from tests.contract.documents import ADMIN, DEFAULT, VENDOR, Document
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
    # Here, because it takes half a second, which each worker would spend.
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415

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
        if not rule.endpoint.startswith("inspector.")  # pages for a browser, not of the API
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
    assert list(shown) == list(Status)


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


def marks(value: Any) -> Iterator[tuple[str, str]]:
    """Yield `id, value` of every mark in a document."""
    if isinstance(value, dict):
        for mark in (value.get("x-reading", {}), value.get("x-required-reading", {})):
            for name, words in mark.items():
                yield from ((name, word) for word in ([words] if isinstance(words, str) else words))
        for name, by_word in value.get("x-readings", {}).items():
            yield from ((name, word) for word in by_word)
        for inner in value.values():
            yield from marks(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from marks(inner)


def alternatives(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every alternative of an anyOf that has a mark."""
    if isinstance(value, dict):
        yield from (each for each in value.get("anyOf", []) if "x-reading" in each)
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from alternatives(inner)


def test_the_document_marks_words_that_there_are() -> None:
    known = {(name, word) for name, words in ALLOWED.items() for word in words}

    assert set(marks(VENDOR.value)) <= known


# The order of payment and the notices do not show in the answer of an operation.
UNSEEN = {"packages.order", "notices.at_zero"}


@pytest.mark.parametrize("name", sorted(set(ALLOWED) - UNSEEN))
def test_every_other_word_of_a_reading_is_in_the_document(name: str) -> None:
    words = ALLOWED[name]
    marked = {word for reading, word in marks(VENDOR.value) if reading == name}

    # A part that one value has and the other lacks needs one mark only.
    unmarked = set(words[1:]) - marked if len(words) > 2 else not marked
    assert not unmarked, f"mark {name} in contracts/openapi.yaml, or note it in x-readings"


def test_every_marked_alternative_has_a_title() -> None:
    found = list(alternatives(VENDOR.value))

    assert found
    assert [each for each in found if not each.get("title")] == []


def test_a_submission_is_held_to_the_readings() -> None:
    submission = {"$ref": "#/components/schemas/Submission"}
    word, style = {"text": "no address", "style_id": "pet_cat"}, {"text": "t", "style_id": "x"}
    long = {"text": "x" * 2954, "style_id": "pet_cat"}

    for value, words in (
        (word, {"text.not_url": "accepted"}),
        (style, {"style.unknown": "accepted"}),
        (long, {"text.too_long": "task-fails"}),
    ):
        ((name, accepted),) = words.items()
        refused = next(other for other in ALLOWED[name] if other != accepted)
        assert VENDOR.under(words).errors(submission, value) == []
        assert VENDOR.under({name: refused}).errors(submission, value) != []


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

    assert [each for each in fits if DEFAULT.errors(submission, each)] == []
    assert [each for each in misfits if not DEFAULT.errors(submission, each)] == []


def torn(node: Any, where: str = "") -> Iterator[str]:
    """Yield places where YAML cut an unquoted sentence at a comma, so that its rest became a
    key.
    """
    if isinstance(node, dict):
        for key, inner in node.items():
            if inner is None and " " in str(key):
                yield f"{where}/{key}"
            yield from torn(inner, f"{where}/{key}")
    if isinstance(node, list):
        for number, inner in enumerate(node):
            yield from torn(inner, f"{where}/{number}")


@BOTH
def test_no_sentence_is_torn(document: Document) -> None:
    assert list(torn(document.value)) == []
