"""Reads requests and answers from HAR entries (HTTP Archive 1.2), as browsers and proxies write
them.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from mock_server.domain.call.calls import MAX_BODY_BYTES, Call
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings.curl import Headers, encoded_url, split_url
from mock_server.recordings.curl import request_of_any_size as request
from mock_server.recordings.odd_members import OddMembers

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
    """Return the request of an entry as a server would hand it over. Raises UsageError."""
    recorded = recorded_call(found)
    if recorded.odd.says:
        raise UsageError(f"the HAR entry: {recorded.odd.says[0]}: correct it, or leave it out")
    if len(recorded.call.body) > MAX_BODY_BYTES:
        raise UsageError("the body is larger than 8 MiB, the limit of the gateway")
    return recorded.call


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """The request of an entry, whether its body is all there, and what of it was left out."""

    call: Call
    is_whole: bool
    odd: OddMembers


def recorded_call(found: dict[str, Any]) -> RecordedRequest:
    """Return the request of an entry. Raises UsageError where nothing says what was called."""
    odd = OddMembers()
    url, method = found.get("url"), found.get("method")
    if not isinstance(url, str) or not isinstance(method, str):
        raise UsageError("the request of the HAR entry has no `method` or no `url`")
    sent_url = encoded_url(url.partition("#")[0])
    if sent_url != url.partition("#")[0]:
        odd.note("`url` has characters that no request line can have: they were percent-encoded")
    scheme, host, path, query = split_url(sent_url)
    headers = odd.request_headers(found.get("headers"))
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", host))
    post = odd.object_of(found.get("postData"), "postData")
    named = {name.lower() for name, _ in headers}
    is_typed = "content-type" in named or not odd.misses("content-type")
    if not is_typed and isinstance(kind := post.get("mimeType"), str) and kind.isprintable():
        headers.append(("Content-Type", kind))
        is_typed = True
    body, is_whole = _sent(found, method, _declared(headers), odd)
    # Without these nobody can say what the bytes are.
    is_read = is_typed and "content-encoding" not in odd.headers
    call = request(method, (scheme, host, path, query), headers, body)
    return RecordedRequest(call=call, is_whole=is_whole and (is_read or not body), odd=odd)


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


def _sent(
    found: dict[str, Any], method: str, declared: int | None, odd: OddMembers
) -> tuple[bytes, bool]:
    """Return the body of a request, and whether it is the one that was sent, byte for byte."""
    post, kept = found.get("postData"), found.get("_content")  # where HTTP Toolkit keeps bytes
    before = len(odd.says)
    for each in (post, kept):
        if not isinstance(each, dict):
            continue
        if text := odd.text_of(each.get("text"), "text of the body"):
            if "base64" not in (each.get("encoding"), each.get("_encoding")):
                body = _encoded(text, declared)
            elif (decoded := _decoded(text)) is None:
                odd.note("the body is marked as base64, but it is not base64")
                continue
            else:
                body = decoded
            return body, declared in (None, len(body))
    if isinstance(post, dict) and (pairs := _pairs(post.get("params"), odd)):
        return _form(pairs, declared), len(odd.says) == before
    if len(odd.says) > before or not (post is None or isinstance(post, dict)):
        return b"", False
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


def _pairs(listed: Any, odd: OddMembers) -> list[tuple[str, str]]:
    pairs = []
    for number, each in enumerate(odd.list_of(listed, "params"), 1):
        if each is None:
            continue
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else ([], [])
        if isinstance(name, list | dict) or isinstance(value, list | dict):
            odd.note(f"`params`: parameter {number} is no pair of name and value")
        else:
            pairs.append((_text(name), _text(value)))
    return pairs


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


def answered(listed: Any, odd: OddMembers) -> tuple[bytes, bool]:
    """Return the body of an answer (`content`), and whether it was recorded: browsers drop some."""
    content = odd.object_of(listed, "content of the answer")
    text = odd.text_of(content.get("text"), "text of the answer")
    if text is None:
        return b"", False
    if content.get("encoding") == "base64":
        decoded = _decoded(text)
        if decoded is None:
            odd.note("the answer is marked as base64, but it is not base64")
        return decoded or b"", decoded is not None
    size = content.get("size")
    return text.encode("utf-8", "surrogatepass"), bool(text) or not (
        isinstance(size, int) and size > 0
    )


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
