"""Reads a request in the form of the wire: request line, headers, an empty line, body."""

import re

from mock_server.domain.call.calls import Call
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings.curl import request, split_url
from mock_server.recordings.har import FORMS


def call_of(given: bytes) -> Call:
    """Return the call in a raw HTTP request. Raises UsageError."""
    head, _, rest = _split_head(given)
    lines = re.split(rb"\r?\n", head)
    texts = [line.decode("utf-8", "surrogateescape") for line in lines]
    match = re.fullmatch(r"([A-Za-z]+) (\S+)(?: HTTP/[0-9.]+)?", texts[0].rstrip())
    if match is None:
        raise UsageError(f"standard input contains no request: give {FORMS}")
    method, target = match.groups()
    headers = [_header(line) for line in texts[1:]]
    by_name = {name.lower(): value for name, value in headers}
    if target.startswith("/"):
        path, _, query = target.partition("?")
        parts = ("http", by_name.get("host", ""), path, query)
    else:
        parts = split_url(target)
    return request(method, parts, headers, _raw_body(by_name, rest))


def _split_head(given: bytes) -> tuple[bytes, bytes, bytes]:
    match = re.search(rb"\r?\n\r?\n", given)
    if match is None:
        return given.rstrip(b"\r\n"), b"", b""
    return given[: match.start()], match.group(), given[match.end() :]


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise UsageError(f"{line[:80]!r} is not a header: write 'Name: value'")
    return name, value


def _raw_body(headers: dict[str, str], rest: bytes) -> bytes:
    if "transfer-encoding" in headers:
        raise UsageError(
            "the request has a Transfer-Encoding: give the whole body, without that header"
        )
    length = headers.get("content-length", "").strip()
    if not length:
        # Editors end a file with a newline that is not part of the body.
        return re.sub(rb"\r?\n\Z", b"", rest)
    if not re.fullmatch(r"[0-9]{1,15}", length) or int(length) > len(rest):
        raise UsageError(f"Content-Length is {length[:20]}, but the body has {len(rest)} bytes")
    if rest[int(length) :].strip():
        raise UsageError(f"Content-Length is {length[:20]}, but the body is longer")
    return rest[: int(length)]
