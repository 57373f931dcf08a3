"""What keeps bytes on a connection from being a whole request, and the finding that explains it.

Rule 1: the code and the reason are the gateway's; the finding is ours and never changes an answer.
Rule 2: a finding shows no raw bytes of a head, which may hold credentials.
"""

import re

from mock_server.domain.call.calls import Defect

HEAD_LIMIT = "I413UL"
# What such a request begins with, always.
_SHOWN = {"tls-to-plain-port": "\\x16\\x03", "http2-prior-knowledge": "PRI * HTTP/2.0"}

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
# A line that ends in LF alone, and what llhttp says of one.
_LF = re.compile(rb"(?<!\r)\n")
_BARE_LF = re.compile("CRLF|expected CR ", re.IGNORECASE)
_NO_START = re.compile("method|Expected space", re.IGNORECASE)


def bad_target(data: bytes) -> Defect:
    """Return the defect of a request line whose target is no address; `data` ends with it."""
    line = data.lstrip(b"\r\n").partition(b"\n")[0]
    says = ""
    if _NOT_ASCII.search(line):
        says = (
            "The address in the request line holds bytes beyond ASCII (raw letters), so the "
            "request cannot be parsed."
        )
    return Defect(
        code="I400RU", reason="it cannot be parsed", finding="target-unencoded", says=says,
        at="/path",
    )  # fmt: skip


def unparsable(reason: str, data: bytes, *, follows: bool, in_body: bool) -> Defect:
    """Return the defect of bytes that a parser gave up on.

    `reason` is the parser's, `data` what came last; `follows`: after a whole request on the same
    connection; `in_body`: inside the body of one whose head was read.
    """
    finding, says, at = _cause(reason, data.lstrip(b"\r\n"), follows, in_body)
    return Defect(
        code="I400HD", reason="the request cannot be parsed", finding=finding, says=says, at=at,
        sent=_SHOWN.get(finding),
    )  # fmt: skip


def _cause(
    reason: str,
    start: bytes,
    follows: bool,  # noqa: FBT001
    in_body: bool,  # noqa: FBT001
) -> tuple[str, str, str]:
    """Return the id of the finding, its words where the row's do not fit, and its place."""
    if "Transfer-Encoding" in reason or "Content-Length" in reason:
        says = f"The length of the body cannot be told, so the request cannot be parsed: {reason}."
        return "request-unparsable", says, "/header/content-length"
    if in_body:
        return "chunks-broken", "", "/body"
    if _NO_START.search(reason):
        return _no_method(start, follows)
    if "PRI" in reason:
        return "http2-prior-knowledge", "", "/protocol"
    if _BARE_LF.search(reason) and _LF.search(start):
        return "bare-line-feed", "", "/header"
    return "request-unparsable", f"The request cannot be parsed: {reason}.", "/header"


def _no_method(start: bytes, follows: bool) -> tuple[str, str, str]:  # noqa: FBT001
    if start[:2] == b"\x16\x03":
        return "tls-to-plain-port", "", "/protocol"
    if follows:
        return "body-length-short", "", "/header/content-length"
    return "request-unparsable", _no_request_line(start), "/method"


def _no_request_line(start: bytes) -> str:
    if start.startswith(b"PROXY "):
        return "A proxy sent a PROXY protocol line, which is no HTTP: switch it off in the proxy."
    if start.startswith(b"\xef\xbb\xbf"):
        return "The request begins with a byte order mark, so it cannot be parsed."
    if start[:1] in (b"\x04", b"\x05"):
        return "The client speaks SOCKS, as to a proxy, and not HTTP."
    return (
        "The bytes do not begin with a method of HTTP, in capitals, so the request cannot be "
        "parsed."
    )


def head_too_large(limit: int) -> Defect:
    """Return the defect of a head, or of trailers, without an end in sight."""
    return Defect(
        code=HEAD_LIMIT, reason="", finding="head-too-large", at="/header",
        sent=f"over {limit} bytes",
    )  # fmt: skip


def incomplete_head(size: int) -> Defect:
    """Return what is wrong with a request whose connection ended within its head."""
    came = f"{size} byte{'' if size == 1 else 's'} came" if size else "not all of it came"
    return Defect(
        code="", reason="", finding="request-incomplete", at="/header", sent=came,
        says=f"The request never completed: the end of its head is missing ({came}).",
    )  # fmt: skip


def incomplete_body(size: int, announced: int | None) -> Defect:
    """Return what is wrong with a request whose connection ended within its body.

    `announced` is its Content-Length; None: it came in chunks.
    """
    if announced is None:
        came = f"{size} bytes came"
        says = f"The request never completed: its last chunk is missing ({came})."
    else:
        came = f"{size} of {announced} bytes came"
        says = f"The request never completed: of its body, {came}."
    return Defect(
        code="", reason="", finding="request-incomplete", at="/body", says=says, sent=came
    )


NEVER_BEGUN = Defect(
    code="", reason="", finding="request-incomplete", at="/protocol",
    says="The request was not carried out: the connection ended while an earlier request on it "
    "was still being answered.",
    sent="pipelined",
)  # fmt: skip


def refused_handshake(reason: str) -> Defect | None:
    """Return what is wrong with a client whose handshake failed, by OpenSSL's word; else None."""
    if "HTTP" in reason:
        finding = "plain-to-tls-port"
    elif "UNKNOWN_CA" in reason or "CERTIFICATE" in reason:
        finding = "tls-certificate-refused"
    else:
        return None
    return Defect(code="", reason="", finding=finding)
