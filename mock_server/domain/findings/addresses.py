"""An address that was put into a form as it is: what it loses at an `&`, and its spaces.

Rule 1: only what a client wrote plainly (`://` as it is) can have been cut; what is percent-encoded
has its `&` encoded as well, and the fields after it are fields.
"""

import re
from urllib.parse import unquote_plus

from mock_server.domain.findings.context import JudgedRequest
from mock_server.domain.findings.finding import NONE, Finding, Findings, pointer

MAX_PAIRS = 100
_PLAIN = re.compile(rb"https?://", re.IGNORECASE)
# An address that goes on after a space: beyond its host, and in characters that addresses have.
_SPACED = re.compile(r"https?://[^\s/?#]+[/?#][!-~]* [ -~]*[!-~]", re.IGNORECASE)


def rests_of_addresses(request: JudgedRequest) -> dict[str, str]:
    """Return the names of unknown fields that may be the rest of an address, each with the field
    that the address is in."""
    if request.body is None or request.body.members is not None:
        return {}
    found: dict[str, str] = {}
    owner, has_query = "", False
    for pair in request.raw.split(b"&", MAX_PAIRS)[:MAX_PAIRS]:
        name, equals, value = pair.partition(b"=")
        field = unquote_plus(name.decode("utf-8", "replace"))
        if field in request.known_fields:
            owner = field if _PLAIN.match(value) else ""
            has_query = b"?" in value
        elif owner and (has_query or not equals):
            found[field] = owner
    return found


def cut(request: JudgedRequest, owner: str, rests: list[str]) -> Finding:
    """Return the finding address-cut: an address in a field, and the fields that it became."""
    fields = request.body.fields if request.body else {}
    parts = [f"{name}={value}" if (value := fields.get(name)) else name for name in rests]
    sent = "&".join([request.texts.get(owner, ""), *parts])
    return Finding(id="address-cut", at=pointer("body", owner), sent=sent)


def spaced(request: JudgedRequest) -> Findings:
    """address-with-space: of the text; other addresses with one are none."""
    text = request.texts.get("text", "")
    if " " not in text or not _SPACED.fullmatch(text := text.strip()):
        return NONE
    if request.readings.text_not_url == "refused":
        return NONE  # it is told as no address
    start, _, rest = text.partition(" ")
    is_plain = "?" in start and b"://" in request.raw
    if is_plain or " " not in rest or "=" in rest:
        return [Finding(id="address-with-space", at="/body/text", sent=text)]
    return NONE  # words after an address
