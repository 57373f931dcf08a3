"""Reads requests and answers from HAR entries (HTTP Archive 1.2), as browsers and proxies write
them.
"""

import base64
import binascii
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

from mock_server.domain.call.calls import MAX_BODY_BYTES, Call
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings.curl import Headers, split_url
from mock_server.recordings.curl import request_of_any_size as request

# The characters of an encoded form.
_ENCODED = re.compile(r"(?:[A-Za-z0-9*._~+&=-]|%[0-9A-Fa-f]{2})+")
# A byte that was not text, as Python keeps it.
_ESCAPED = re.compile("[\udc80-\udcff]")

FORMS = "a curl command, an entry of a HAR file, or raw HTTP"


def one_call(text: str) -> Call:
    """Return the request of a HAR entry, or of a file with exactly one. Raises UsageError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"this is not JSON, so it is not a HAR entry: give {FORMS}") from None
    return call_of(_har_request(document))


def call_of(found: dict[str, Any]) -> Call:
    """Return the request of an entry in the form of a server's. Raises UsageError."""
    call = recorded_call(found)[0]
    if len(call.body) > MAX_BODY_BYTES:
        raise UsageError("the body is larger than 8 MiB, the limit of the gateway")
    return call


def recorded_call(found: dict[str, Any]) -> tuple[Call, bool]:
    """Return the request of an entry, and whether its body is complete. Raises UsageError."""
    url, method = found.get("url"), found.get("method")
    if not isinstance(url, str) or not isinstance(method, str):
        raise UsageError("the request of the HAR entry has no `method` or no `url`")
    scheme, host, path, query = split_url(url)
    headers = headers_of(found.get("headers"))
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", host))
    body, is_whole = _sent(found, method, _declared(headers))
    return request(method, (scheme, host, path, query), headers, body), is_whole


def _declared(headers: Headers) -> int | None:
    for name, value in headers:
        if name.lower() == "content-length" and re.fullmatch(r"\s*[0-9]{1,18}\s*", value):
            return int(value)
    return None


def _har_request(document: Any) -> dict[str, Any]:
    if isinstance(document, dict) and isinstance(document.get("log"), dict):
        document = document["log"].get("entries")
    if isinstance(document, list):
        if len(document) != 1:
            raise UsageError(f"the HAR file has {len(document)} entries: give one of them")
        document = document[0]
    if isinstance(document, dict):
        found = document.get("request", document if "url" in document else None)
        if isinstance(found, dict):
            return found
    raise UsageError("this JSON is not a HAR entry: it has no `request`")


def headers_of(listed: Any) -> Headers:
    """Return the headers of a request or an answer. Raises UsageError."""
    headers: Headers = []
    for each in [] if listed is None else listed if isinstance(listed, list) else [None]:
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (0, 0)
        if not isinstance(name, str) or not isinstance(value, str):
            raise UsageError("`headers` of the HAR entry is not a list of names and values")
        if not name.startswith(":"):  # HTTP/2 has these instead of a request line
            headers.append((name, value))
    return headers


def _sent(found: dict[str, Any], method: str, declared: int | None) -> tuple[bytes, bool]:
    """Return the body of a request, and whether it is the body that was sent, byte for byte."""
    post = found.get("postData")
    post = post if isinstance(post, dict) else {}
    kept = found.get("_content")  # HTTP Toolkit puts bodies that are not text here
    for each in (post, kept if isinstance(kept, dict) else {}):
        text = each.get("text")
        if isinstance(text, str) and text:
            is_base64 = "base64" in (each.get("encoding"), each.get("_encoding"))
            body = _decoded(text) if is_base64 else _encoded(text, declared)
            return body, declared in (None, len(body))
    if pairs := _pairs(post.get("params")):
        return _form(pairs, declared), True
    if declared is not None:
        return b"", declared == 0
    size = found.get("bodySize")
    return b"", method.upper() != "POST" or (size == 0 and not isinstance(size, bool))


def _encoded(text: str, declared: int | None) -> bytes:
    """Return the bytes of a text: as UTF-8, or in the encoding that has the declared length."""
    escaped = _ESCAPED.search(text)
    try:
        body = text.encode("utf-8", "surrogateescape" if escaped else "strict")
    except UnicodeEncodeError:
        body = text.encode("utf-8", "surrogatepass")
    if declared not in (None, len(body)) and len(text) == declared and max(text) <= "\xff":
        return text.encode("latin-1")  # as mitmproxy reads a form that names no charset
    return body


def _pairs(listed: Any) -> list[tuple[str, str]]:
    pairs = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [(_text(each.get("name")), _text(each.get("value"))) for each in pairs]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _form(pairs: list[tuple[str, str]], declared: int | None) -> bytes:
    """Return parameters as the form they came from; they are encoded already, or not yet."""
    plain = "&".join(f"{name}={value}" for name, value in pairs)
    forms = [
        "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
        for encode in (_quoted_plus, _quoted)
    ]
    if _ENCODED.fullmatch(plain) and ("%" in plain or len(plain) == declared):
        forms.insert(0, plain)
    fitting = [each for each in forms if len(each) == declared]
    return (fitting or forms)[0].encode()


def _quoted_plus(text: str) -> str:
    return quote_plus(text, errors="surrogatepass")


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def answered(content: Any) -> tuple[bytes, bool]:
    """Return the body of an answer (`content`), and whether it was recorded; browsers drop some."""
    text = content.get("text") if isinstance(content, dict) else None
    if not isinstance(text, str):
        return b"", False
    if content.get("encoding") == "base64":
        try:
            return _decoded(text), True
        except UsageError:
            return b"", False
    size = content.get("size")
    return text.encode("utf-8", "surrogatepass"), bool(text) or not (
        isinstance(size, int) and size > 0
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError("the body is marked as base64, but it is not base64") from None


def pairs_of(listed: list[list[str]]) -> Headers:
    """Return headers from pairs of name and value, as the journal has them."""
    return [(str(name), str(value)) for name, value in listed]
