"""Parses admin calls, and validates them against contracts/admin.openapi.yaml."""

import json
from collections.abc import Collection
from typing import Any

from flask import request

from mock_server import contract
from mock_server.domain.nesting import TOO_DEEP, is_too_deep
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError

MAX_PAGE = 1000
MAX_DIGITS = 18
JSON_SPACE = b" \t\r\n"
MAX_ID = 2**62


def body_of(schema: str) -> dict[str, Any]:
    """Return the JSON body of the current call; no body counts as `{}`. Raises UsageError.

    `schema` is the component of the admin document that the body must match.
    """
    value = _json()
    if wrong := contract.misfits(schema, value):
        raise UsageError(f"{wrong} (see schema {schema} in /_mock/openapi.json)")
    fields: dict[str, Any] = value
    return fields


def object_of() -> dict[str, Any]:
    """Return the JSON object in the body of the current call. Raises UsageError."""
    value = _json()
    if not isinstance(value, dict):
        raise UsageError("the body is not a JSON object")
    return value


def _json() -> Any:
    raw = request.get_data()
    try:
        value = json.loads(raw.decode(), parse_float=_number) if raw.strip(JSON_SPACE) else {}
        if is_too_deep(value):
            raise UsageError(f"the body is not JSON that can be used: {TOO_DEEP}")
        json.dumps(value, ensure_ascii=False).encode()
    except UsageError:
        raise
    except RecursionError:
        raise UsageError(f"the body is not JSON that can be used: {TOO_DEEP}") from None
    except UnicodeEncodeError:
        raise UsageError("the body contains a lone surrogate, which is not text") from None
    except ValueError as error:
        raise UsageError(f"the body is not JSON: {error}") from None
    return value


def _number(text: str) -> float:
    """Return a whole number as an int in any spelling: for JSON Schema 1.0 is an integer."""
    number = float(text)
    return int(number) if number.is_integer() else number


def query_of(allowed: Collection[str]) -> dict[str, str]:
    """Return the query parameters; refuse a name that is not allowed."""
    for name in request.args:
        if name not in allowed:
            raise UsageError(unknown("query parameter", name, allowed))
    return request.args.to_dict()


def whole(query: dict[str, str], name: str, *, default: int, most: int, least: int = 0) -> int:
    """Return a whole number from the query, between `least` and `most`."""
    text = query.get(name)
    if text is None:
        return default
    is_whole = text.isascii() and text.isdigit() and len(text) <= 19
    if not is_whole or not least <= int(text) <= most:
        raise UsageError(f"{name} must be a whole number from {least} to {most}, not {text[:64]!r}")
    return int(text)


def id_of(text: str, what: str) -> int:
    """Return the number in a path; `what` names the thing in errors. Raises UsageError."""
    if text.isascii() and text.isdigit():
        return int(text[:MAX_DIGITS])  # a longer number than any id finds nothing
    raise UsageError(f"a {what}'s id must be a whole number, not {text[:64]!r}")


def page_of_query() -> tuple[int, int]:
    """Return `after` and `limit` of a listing; any other parameter is refused."""
    query = query_of(("after", "limit"))
    after = whole(query, "after", default=0, most=MAX_ID)
    return after, whole(query, "limit", default=100, most=MAX_PAGE, least=1)


def before_of(query: dict[str, str]) -> int | None:
    """Return `before` of a listing that can be read backwards; None if it is not given."""
    return whole(query, "before", default=0, most=MAX_ID, least=1) or None


def flag(query: dict[str, str], name: str) -> bool | None:
    """Return true or false from the query, None if it is not given."""
    text = query.get(name)
    if text is None:
        return None
    if text not in ("true", "false"):
        raise UsageError(f"{name} must be true or false, not {text[:64]!r}")
    return text == "true"
