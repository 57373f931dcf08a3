import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.call.bodies import (
    FORM_TYPE,
    BadField,
    check_content_type,
    parse_fields,
    text_field,
)
from mock_server.domain.call.errors import GatewayError, Refusal

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
JSON = "application/json"
SNIFFED = [None, "", "text/plain", "application/json; charset=utf-8", "application/octet-stream"]
texts = st.text(st.characters(exclude_categories=["Cs"]))
mappings = st.dictionaries(texts, texts)


@given(fields=mappings)
def test_any_texts_survive_a_form(fields: dict[str, str]) -> None:
    body = urlencode(fields).encode()

    parsed = parse_fields(body, FORM)

    assert {name: parsed.get(name, "") for name in fields} == fields


@given(fields=mappings, content_type=st.sampled_from(SNIFFED), ascii_only=st.booleans())
def test_any_texts_survive_json(
    fields: dict[str, str], content_type: str | None, ascii_only: bool
) -> None:
    body = json.dumps(fields, ensure_ascii=ascii_only).encode()

    assert parse_fields(body, content_type) == fields


@pytest.mark.claim("body-sniffed")
@given(fields=mappings, content_type=st.sampled_from(SNIFFED))
def test_a_form_is_read_as_one_under_any_content_type(
    fields: dict[str, str], content_type: str | None
) -> None:
    body = "&".join(f"{quote(name)}={quote_plus(value)}" for name, value in fields.items())

    parsed = parse_fields(body.encode(), content_type)

    assert {name: parsed.get(name, "") for name in fields} == fields


@given(body=st.binary(), content_type=st.sampled_from([*SNIFFED, FORM]))
def test_any_bytes_are_fields_of_texts_or_of_what_is_wrong_with_them(
    body: bytes, content_type: str | None
) -> None:
    parsed = parse_fields(body, content_type)

    assert all(isinstance(value, str | BadField) for value in parsed.values())


@pytest.mark.claim("body-sniffed")
def test_a_form_stays_a_form_even_if_it_looks_like_json() -> None:
    assert parse_fields(b'{"text":"x"}', FORM) == {'{"text":"x"}': ""}


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("1", "1"),
        ("-0", "-0"),
        ("1.0", "1.0"),
        ("1e5", "1e5"),
        ("9" * 5_000, "9" * 5_000),
        ("true", "true"),
        ("false", "false"),
        ('"1"', "1"),
    ],
)
def test_a_number_or_a_boolean_counts_as_its_text(literal: str, text: str) -> None:
    assert text_field(parse_fields(f'{{"text":{literal}}}'.encode(), JSON), "text") == text


@pytest.mark.parametrize("literal", ["null", "[]", '["x"]', "{}", '{"a":1}', "NaN", "-Infinity"])
def test_the_refusal_of_a_value_that_is_not_text_names_the_field(literal: str) -> None:
    fields = parse_fields(f'{{"text":{literal},"style_id":"x"}}'.encode(), JSON)

    assert text_field(fields, "style_id") == "x"
    with pytest.raises(Refusal, match="参数text不合法"):
        text_field(fields, "text")


@pytest.mark.parametrize(
    "body",
    [b'{"text":"a\\u0000b"}', b'{"text":"\\ud800"}', b'{"text":"\\udc00x"}', b"text=a%00b",
     b"text=\x00", b"text=%ff", b"text=%C3%28", b"text=\xff", b"text=%ED%A0%80"],
)  # fmt: skip
def test_nul_lone_surrogates_and_bad_utf8_are_refused_naming_the_field(body: bytes) -> None:
    with pytest.raises(Refusal, match="参数text不合法"):
        text_field(parse_fields(body, None), "text")


def test_a_surrogate_pair_is_one_character() -> None:
    assert text_field(parse_fields(b'{"text":"\\ud83d\\ude00"}', JSON), "text") == "😀"


@pytest.mark.claim("empty-is-absent")
@pytest.mark.parametrize("body", [b"", b"text=", b"text", b'{"text":""}', b"{}", b"&&=&"])
def test_an_empty_text_is_the_same_as_none(body: bytes) -> None:
    assert text_field(parse_fields(body, None), "text") is None


@pytest.mark.parametrize(
    "body",
    [b"[]", b'"text=x"', b"null", b'{"text":"x"', b'{"text":"x"}}', b'{"text":"\xff"}',
     b'{"a":' * 100_000, b'{"a":' + b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_json_object_is_read_as_a_form(body: bytes) -> None:
    assert text_field(parse_fields(body, JSON), "text") is None


@pytest.mark.claim("form-first-value")
def test_a_name_given_twice_counts_once_with_its_first_value() -> None:
    assert parse_fields(b"text=a&text=b", None) == {"text": "a"}


def test_a_member_given_twice_counts_once_with_its_last_value() -> None:
    assert parse_fields(b'{"text":"a","text":"b"}', None) == {"text": "b"}


def test_a_plus_is_a_space_and_an_escaped_plus_is_a_plus() -> None:
    assert parse_fields(b"text=a+b%2Bc", None) == {"text": "a b+c"}


@pytest.mark.claim("multipart-refused")
@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "Multipart/Mixed"])
def test_multipart_is_refused_by_the_gateway(content_type: str) -> None:
    with pytest.raises(GatewayError, match="I400CT"):
        check_content_type(content_type)


@pytest.mark.parametrize("content_type", [*SNIFFED, FORM, "multipart", "x/multipart/y", ";;"])
def test_any_other_content_type_passes(content_type: str | None) -> None:
    check_content_type(content_type)


def test_a_form_is_read_up_to_a_thousand_fields() -> None:
    body = b"&".join(b"f%d=x" % number for number in range(1001))

    fields = parse_fields(body, FORM_TYPE)

    assert len(fields) == 1000
    assert "f1000" not in fields


def test_a_value_that_would_take_long_to_decode_is_refused_naming_the_field() -> None:
    fields = parse_fields(b"text=" + b"%41" * 100_000, FORM_TYPE)

    with pytest.raises(Refusal, match="text"):
        text_field(fields, "text")
