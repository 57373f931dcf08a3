"""What is said of a body that is neither a form nor a JSON object: the truth, or nothing."""

import base64
import gzip
import json
import zlib
from dataclasses import replace

import pytest

from mock_server.domain.findings import Finding, render_finding
from tests.support.requests import BY_GET, FORM, GOOD, JSON, PAIRS, TASK, Sent, query, submit
from tests.unit.test_findings import ROWS

OBJECT = '{"text":"https://example.com","style_id":"food_fryrice"}'
CHINESE = '{"text":"二维码","style_id":"pet_cat"}'
MULTIPART = '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n--b--\r\n'


def told(sent: Sent) -> list[tuple[str, str]]:
    """Return the id and the words of every finding but the advice on the type of the body."""
    return [(hit.id, _words(hit)) for hit in sent.hits if hit.id != "charset-missing"]


def _words(hit: Finding) -> str:
    shown = render_finding(hit, ROWS, ())
    return f"{shown['says']} {shown['instead']}"


BODIES: list[tuple[str, str | bytes, str, str, str]] = [
    # what, body, type, id, words
    ("gzip", gzip.compress(OBJECT.encode(), mtime=0), JSON, "body-compressed", "gzip"),
    ("gzip as a form", gzip.compress(GOOD.encode(), mtime=0), FORM, "body-compressed", "gzip"),
    ("zlib", zlib.compress(OBJECT.encode()), JSON, "body-compressed", "deflate"),
    ("zstd", b"\x28\xb5\x2f\xfd\x04\x00A", JSON, "body-compressed", "Zstandard"),
    ("mark", b"\xef\xbb\xbf" + OBJECT.encode(), JSON, "byte-order-mark", "not read as JSON"),
    ("mark in a form", b"\xef\xbb\xbf" + GOOD.encode(), FORM, "byte-order-mark", "first field"),
    ("UTF-16 with a mark", OBJECT.encode("utf-16"), JSON, "byte-order-mark", "UTF-16"),
    ("UTF-16", OBJECT.encode("utf-16-le"), JSON, "body-not-utf8", "UTF-16"),
    ("UTF-16 the other way", OBJECT.encode("utf-16-be"), JSON, "body-not-utf8", "UTF-16"),
    ("UTF-16 as a form", GOOD.encode("utf-16-le"), FORM, "body-not-utf8", "UTF-16"),
    ("GBK in JSON", CHINESE.encode("gbk"), JSON, "body-not-utf8", "in GBK"),
    ("Latin-1 in JSON", '{"text":"café"}'.encode("latin-1"), JSON, "body-not-utf8", "Latin-1"),
    ("undefined", "undefined", JSON, "body-unreadable", "the word `undefined`"),
    ("None", "None", JSON, "body-unreadable", "the word `None`"),
    ("null", "null", JSON, "body-unreadable", "the word `null`"),
    ("null as a form", "null", FORM, "body-unreadable", "the word `null`"),
    ("a number", "1", JSON, "body-unreadable", "single JSON value"),
    ("a boolean", "true", JSON, "body-unreadable", "single JSON value"),
    ("a string", '"x"', JSON, "body-unreadable", "single JSON value"),
    ("JSON in JSON", json.dumps(OBJECT), JSON, "body-unreadable", "encoded twice"),
    ("an object of JavaScript", "[object Object]", JSON, "body-unreadable", "printed form"),
    ("a FormData", "[object FormData]", FORM, "body-unreadable", "printed form"),
    ("XML", "<x/>", JSON, "body-unreadable", "XML or HTML"),
    ("XML as a form", "<a><b>1</b></a>", FORM, "body-unreadable", "XML or HTML"),
    ("multipart", MULTIPART, JSON, "multipart-body", "although its Content-Type is application/j"),
    ("multipart as a form", MULTIPART, FORM, "multipart-body", "although its Content-Type"),
    ("a file", "@body.json", JSON, "body-unreadable", "name of a file"),
    ("a file as a form", "@/tmp/body.txt", FORM, "body-unreadable", "name of a file"),
    ("an array", "[1]", JSON, "json-broken", "JSON array"),
    ("an array as a form", '["text"]', FORM, "json-sent-as-form", "JSON"),
    ("single quotes", "{'text': 'x'}", JSON, "json-broken", "single"),
    ("two objects", OBJECT + OBJECT, JSON, "json-broken", "more after"),
    ("JSON cut short", OBJECT[:-5], JSON, "json-broken", "ends before the JSON does. Send"),
    ("Chinese JSON cut", CHINESE.encode()[:-6], JSON, "json-broken", "Content-Length seems"),
    ("JSON cut in a letter", CHINESE.encode()[:17], JSON, "json-broken", "inside a character"),
    ("quoted JSON", "%7B%22text%22%3A%22x%22%7D", FORM, "body-unreadable", "as a whole"),
    ("a quoted form", "text%3Dx%26style_id%3Dpet_cat", FORM, "body-unreadable", "as a whole"),
    ("base64", base64.b64encode(OBJECT.encode()), JSON, "body-unreadable", "base64 of JSON"),
    ("a text", "hello world", JSON, "body-unreadable", "neither a form nor"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "content_type", "finding", "words"),
    [pytest.param(*each[1:], id=each[0]) for each in BODIES],
)
def test_a_body_that_holds_no_fields_is_called_what_it_is(
    body: str | bytes, content_type: str, finding: str, words: str
) -> None:
    ((found, says),) = told(submit(body, content_type))

    assert found == finding
    assert words in says


@pytest.mark.parametrize(
    ("body", "content_type", "found"),
    [
        (GOOD, JSON, ["form-sent-as-json"]),
        (OBJECT, JSON, ["json-body"]),
        (f"\n {OBJECT}\n", JSON, ["json-body"]),
        (OBJECT, "text/plain;charset=UTF-8", ["content-type-other"]),
        (GOOD, FORM, []),
        ("text=%3Cx%2F%3E&style_id=pet_cat", FORM, []),
        ("text=@file&style_id=pet_cat", FORM, []),
        ("text=x%9c&style_id=pet_cat".replace("%9c", "%C5%93"), FORM, []),
        ("text=null+and+void&style_id=pet_cat", FORM, []),
        ("text=--b%0D%0AContent-Disposition%3A+x&style_id=pet_cat", FORM, []),
    ],
)
def test_a_body_that_holds_fields_is_not_called_anything_else(
    body: str, content_type: str, found: list[str]
) -> None:
    assert [each for each, _ in told(submit(body, content_type))] == found


@pytest.mark.parametrize("blank", ["", "\n", "\r\n "])
def test_nothing_is_said_of_a_body_that_is_not_there(blank: str) -> None:
    for content_type in (FORM, JSON):
        found = told(Sent(path="/taskList", body=blank, content_type=content_type))
        assert {each for each, _ in found} <= {"field-unknown"}


@pytest.mark.parametrize(
    ("encoding", "body", "finding"),
    [
        ("gzip", GOOD, "content-encoding-wrong"),
        ("br", GOOD, "content-encoding-wrong"),
        ("UTF-8", GOOD, "content-encoding-wrong"),
        ("identity", GOOD, None),
        ("gzip", "", None),
        ("gzip", gzip.compress(GOOD.encode(), mtime=0), "body-compressed"),
        ("br", b"\x0b\x02\x80\xff\xfe\x03", "body-compressed"),
    ],
)
def test_content_encoding_is_held_to_the_bytes(
    encoding: str, body: str | bytes, finding: str | None
) -> None:
    sent = Sent(path="/taskList", body=body, headers=(("content-encoding", encoding),))

    assert [each for each, _ in told(sent) if each in (
        "content-encoding-wrong", "body-compressed")] == ([finding] if finding else [])  # fmt: skip


@pytest.mark.parametrize(
    ("body", "content_type"),
    [('{"task_id":"x"}', JSON), (f"task_id={TASK}", FORM), ('{"task_id":"x"}', FORM),
     (gzip.compress(b"{}", mtime=0), JSON), ("<x/>", "text/xml")],
)  # fmt: skip
def test_the_body_of_a_get_is_told_where_its_fields_belong(
    body: str | bytes, content_type: str
) -> None:
    sent = replace(BY_GET, path="/queryTask", body=body, content_type=content_type)

    assert [(hit.id, hit.at) for hit in sent.hits] == [
        ("body-of-get", "/body"), ("task-id-missing", "/query/task_id")
    ]  # fmt: skip


@pytest.mark.parametrize("body", ["", "{}", "null", " "])
@pytest.mark.parametrize("content_type", [None, JSON])
def test_a_get_that_a_library_gave_an_empty_body_is_right(
    body: str, content_type: str | None
) -> None:
    sent = replace(BY_GET, query="page=2", body=body, content_type=content_type)

    assert sent.hits == []


@pytest.mark.parametrize(
    ("body", "finding", "words"),
    [
        ("style_id=pet_cat&text=二维码".encode()[:-1], "cut-inside-a-character", "Content-Length"),
        ("style_id=pet_cat&text=二维码".encode()[:-2], "cut-inside-a-character", "Content-Length"),
        (b"style_id=pet_cat&text=%E4%BA%8C%E7%BB", "cut-inside-a-character", "cut by its bytes"),
        (b"style_id=pet_cat&text=%E4%BA%8C%E7%BB%B", "cut-inside-a-character", "cut by its"),
        ("text=二维码".encode()[:-1] + b"&style_id=pet_cat", "cut-inside-a-character", "its bytes"),
        ("text=二维码&style_id=pet_cat".encode("gbk"), "not-utf8", "in GBK it reads as `二维码`"),
        (b"text=%D6%D0%CE%C4&style_id=pet_cat", "not-utf8", "in GBK it reads as `中文`"),
        (b"text=caf%E9&style_id=pet_cat", "not-utf8", "in Latin-1 it reads as `café`"),
        (b"text=%E4%BD&style_id=pet_cat", "not-utf8", "unless it was cut"),
        (b"text=%FF%FE%80&style_id=pet_cat", "not-utf8", "percent-encode it."),
        (b"%D6%D0=1&text=x&style_id=pet_cat", "not-utf8", "the name of a field"),
    ],
)
def test_bytes_that_are_no_utf8_are_told_apart(body: bytes, finding: str, words: str) -> None:
    found = [(each, says) for each, says in told(submit(body)) if each == finding]

    assert len(found) == 1, told(submit(body))
    assert words in found[0][1]
    assert {each for each, _ in told(submit(body))} <= {finding, "field-unknown"}


def test_a_body_in_chunks_has_no_content_length() -> None:
    sent = replace(
        submit("style_id=pet_cat&text=二维码".encode()[:-1]),
        headers=(("transfer-encoding", "chunked"),),
    )

    ((_, says),) = told(sent)

    assert "seems to count" not in says


def test_a_style_that_lost_its_end_to_a_short_length_is_told_so() -> None:
    body = "text=中文&style_id=food_fryrice"

    ((found, says),) = told(submit(body.encode()[: len(body)]))

    assert found == "style-unknown"
    assert "food_fryrice. Content-Length seems to count characters" in says
    assert "Content-Length" not in told(submit("text=中文&style_id=food_fr"))[0][1]


def test_every_finding_of_a_body_has_a_pair() -> None:
    assert {each[3] for each in BODIES} <= set(PAIRS)


def test_a_query_that_is_a_form_is_right() -> None:
    assert query(f"task_id={TASK}").hits == []
