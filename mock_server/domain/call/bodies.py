"""Parses the body of a call into text fields, for `serve` and for WSGI servers.

Rule 1: a JSON object is read as JSON, anything else as a form. The Content-Type only decides that
multipart is refused, and that a form is not read as JSON (claim body-sniffed).
Rule 2: numbers and booleans count as their text; arrays, objects and null are refused (claim
wrong-types).
Rule 3: an empty string counts as an absent field (claim empty-is-absent).
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import Call, header
from mock_server.domain.call.errors import GatewayError, Refusal
from mock_server.domain.nesting import is_too_deep
from mock_server.domain.readings import DEFAULT_READINGS, Readings
from mock_server.domain.records import dataclass

# Parsing blocks all other calls, so the number of fields and the bytes of a field are limited.
MAX_FIELDS = 1000
MAX_QUOTED_BYTES = 256 * 1024

FORM_TYPE = "application/x-www-form-urlencoded"
NOT_UTF8 = "不是UTF-8"


@dataclass(frozen=True, slots=True)
class BadField:
    """A value that cannot become text; it is refused only when the field is used."""

    why: str


Fields = Mapping[str, str | BadField]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A parsed body.

    `members` are the raw values of a JSON object, None for a form. `pairs` counts the fields,
    repeated ones too.
    """

    fields: Fields
    members: Mapping[str, Any] | None = None
    pairs: int = 0


def check_content_type(
    content_type: str | None, body: bytes = b"", readings: Readings = DEFAULT_READINGS
) -> None:
    """Refuse multipart, which the gateway does not map to the API (claim multipart-refused)."""
    named = media_type(content_type)
    if named.startswith("multipart/"):
        raise GatewayError("I400CT", "multipart is not supported", rule=AnswerRule.BODY_MULTIPART)
    if readings.body_type == "form-only" and body and named != FORM_TYPE:  # claim body-sniffed
        reason = f"{named[:64] or 'none'} is not {FORM_TYPE}"
        raise GatewayError("I400CT", reason, rule=AnswerRule.BODY_NOT_FORM)


def fields_of(call: Call) -> Fields:
    """Return the fields of a call: those of the body, or of the query for GET."""
    if call.method == "GET":
        return parse_fields(call.query.encode(), FORM_TYPE)
    return parse_fields(call.body, header(call, "content-type"))


def parse_fields(body: bytes, content_type: str | None) -> Fields:
    """Return the fields of a body; a field of the wrong type is a `BadField`."""
    return read_body(body, content_type).fields


def read_body(body: bytes, content_type: str | None) -> Body:
    """Return a body with its fields and its raw values."""
    if media_type(content_type) != FORM_TYPE:
        found = _json_object(body)
        if found is not None:
            members, pairs = found
            fields = {name: _text_of(value) for name, value in members.items()}
            return Body(fields=fields, members=members, pairs=pairs)
    return _form(body)


def text_field(fields: Fields, name: str) -> str | None:
    """Return the text of a field, None if it is absent or empty. Raises Refusal for a BadField."""
    value = fields.get(name)
    if isinstance(value, BadField):
        raise Refusal(f"参数{name}不合法: {value.why}", rule=AnswerRule.FIELD_NOT_TEXT)
    if not value:
        return None
    if "\x00" in value:
        raise Refusal(f"参数{name}不合法: 含有NUL字符", rule=AnswerRule.FIELD_NOT_TEXT)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refusal(
            f"参数{name}不合法: 含有不成对的代理字符", rule=AnswerRule.FIELD_NOT_TEXT
        ) from None
    return value


def media_type(content_type: str | None) -> str:
    """Return a Content-Type without its parameters, in lower case."""
    return _media_type(content_type) if content_type else ""


@lru_cache(maxsize=64)
def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _json_object(body: bytes) -> tuple[dict[str, Any], int] | None:
    """Return the members of an object, and how many it was written with."""
    if body.lstrip()[:1] != b"{":
        return None
    try:
        value = _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        return None
    return {name: _bounded(each) for name, each in value.items()}, value.pairs


def _bounded(value: Any) -> Any:
    """Return a value, empty where it is nested so deep that whoever goes through it could fail."""
    if isinstance(value, list | dict) and is_too_deep(value):
        return [] if isinstance(value, list) else {}
    return value


class Number(str):
    """A JSON number, as the client spelt it: 1.0 stays 1.0."""

    __slots__ = ()


class _Object(dict[str, Any]):
    """A JSON object. `pairs`: how many members it was written with, repeated ones too."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = len(pairs)


# `json.loads` with such arguments would build one for each body.
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, object_pairs_hook=_Object)


def _text_of(value: object) -> str | BadField:
    match value:
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case float():  # only NaN and Infinity arrive here; they are not JSON
            return BadField("必须是字符串")
        case None:
            return BadField("必须是字符串, 不能是null")
        case list():
            return BadField("必须是字符串, 不能是数组")
        case _:
            return BadField("必须是字符串, 不能是对象")


def _form(body: bytes) -> Body:
    fields: dict[str, str | BadField] = {}
    pairs = body.split(b"&", MAX_FIELDS)[:MAX_FIELDS]
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        key = _unquote(name)
        # A repeated name counts once, with its first value (claim form-first-value).
        if isinstance(key, str) and key not in fields:
            fields[key] = _unquote(value)
    return Body(fields=fields, pairs=len(pairs))


def _unquote(quoted: bytes) -> str | BadField:
    if len(quoted) > MAX_QUOTED_BYTES:
        return BadField(f"超过{MAX_QUOTED_BYTES}字节")
    try:
        if b"%" not in quoted and b"+" not in quoted:
            return quoted.decode()
        return unquote_to_bytes(quoted.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return BadField(NOT_UTF8)
