"""Requests and answers as a HAR file has them (HTTP Archive 1.2), and what browsers make of it."""

import base64
import binascii
import json
from typing import Any
from urllib.parse import quote_plus

from mock_server.cli.curl import Headers, request, split_url
from mock_server.domain.calls import Call
from mock_server.domain.wrong_use import WrongUseError

FORMS = "a curl command, an entry of a HAR file, or raw HTTP"


def one_call(text: str) -> Call:
    """Return the request of a HAR entry, or of a file that has one. Raises WrongUseError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongUseError(f"that is no JSON, hence no HAR entry: give {FORMS}") from None
    return call_of(_har_request(document))


def call_of(found: dict[str, Any]) -> Call:
    """Return the request of an entry as a door would hand it over. Raises WrongUseError."""
    url, method = found.get("url"), found.get("method")
    if not isinstance(url, str) or not isinstance(method, str):
        raise WrongUseError("the request of the HAR entry has no `method` or no `url`")
    scheme, host, path, query = split_url(url)
    headers = headers_of(found.get("headers", []))
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", host))
    body = body_of(found.get("postData"))
    return request(method, (scheme, host, path, query), headers, body)


def _har_request(document: Any) -> dict[str, Any]:
    if isinstance(document, dict) and isinstance(document.get("log"), dict):
        document = document["log"].get("entries")
    if isinstance(document, list):
        if len(document) != 1:
            raise WrongUseError(f"the HAR file has {len(document)} entries: give one of them")
        document = document[0]
    if isinstance(document, dict):
        found = document.get("request", document if "url" in document else None)
        if isinstance(found, dict):
            return found
    raise WrongUseError("that JSON is no HAR entry: it has no `request`")


def headers_of(listed: Any) -> Headers:
    """Return the headers of a request or an answer. Raises WrongUseError."""
    headers: Headers = []
    for each in listed if isinstance(listed, list) else [None]:
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (0, 0)
        if not isinstance(name, str) or not isinstance(value, str):
            raise WrongUseError("`headers` of the HAR entry is not a list of names and values")
        if not name.startswith(":"):  # what HTTP/2 writes instead of a request line
            headers.append((name, value))
    return headers


def body_of(post: Any) -> bytes:
    """Return the body of a request (`postData`) or an answer (`content`). Raises WrongUseError."""
    if not isinstance(post, dict):
        return b""
    text = post.get("text")
    if isinstance(text, str) and text:
        if "base64" in (post.get("encoding"), post.get("_encoding")):
            return _decoded(text)
        return text.encode("utf-8", "surrogatepass")
    parameters = post.get("params")
    pairs = [each for each in parameters if isinstance(each, dict)] if parameters else []
    return "&".join(
        f"{quote_plus(str(each.get('name', '')))}={quote_plus(str(each.get('value', '')))}"
        for each in pairs
    ).encode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise WrongUseError("the body is marked as base64 and is none") from None


def pairs_of(listed: list[list[str]]) -> Headers:
    """Return headers that are pairs of name and value, as the journal has them."""
    return [(str(name), str(value)) for name, value in listed]
