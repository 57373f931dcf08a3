"""What is off in how a body is written: its type, its charset, its bytes."""

import json
import re
from collections import Counter
from urllib.parse import unquote_plus, unquote_to_bytes

from mock_server.domain.call.bodies import FORM_TYPE, MAX_FIELDS, NOT_UTF8, BadField
from mock_server.domain.call.calls import MAX_BODY_BYTES
from mock_server.domain.findings.body_kinds import counts_characters, unread
from mock_server.domain.findings.charset_guess import is_cut, reads_as
from mock_server.domain.findings.context import MAX_JUDGED_BYTES, JudgedRequest
from mock_server.domain.findings.finding import NONE, Finding, Findings, pointer
from mock_server.domain.findings.mojibake import meant_by

JSON_TYPE = "application/json"
AT_TYPE = "/header/content-type"
# What libraries send as the body of a call that has none.
NO_BODY = frozenset({b"", b"{}", b"[]", b"null", b'""'})
_NOT_ASCII = re.compile(rb"[\x80-\xff]|%[89A-Fa-f][0-9A-Fa-f]|\\u")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([^\s;\"']+)", re.IGNORECASE)
# Charsets that write ASCII as ASCII does.
_LIKE_ASCII = re.compile(
    r"(?:us-|ansi_x3\.4-)?ascii|iso[-_]?8859[-_]?\d{1,2}|latin[-_]?\d|(?:windows|cp)[-_]?(?:125\d|437|850|936|950)"
    r"|gbk|gb2312|gb18030|big5",
    re.IGNORECASE,
)
# A percent sign, twice encoded, or an address that was encoded before it was put into the form.
_TWICE = re.compile(r"%(?:25|3A%2F%2F|E[4-9]%[89AB][0-9A-F])", re.IGNORECASE)


def size(request: JudgedRequest) -> Findings:
    """body-not-judged, body-too-large."""
    length = len(request.call.body)
    if length <= MAX_JUDGED_BYTES:
        return NONE
    # Only a recording has one that is too large: the servers do not read it.
    finding = "body-too-large" if length > MAX_BODY_BYTES else "body-not-judged"
    return [Finding(id=finding, at="/body", sent=f"{length} bytes")]


def multipart(request: JudgedRequest) -> Findings:
    """multipart-body."""
    if request.media.startswith("multipart/"):
        return [Finding(id="multipart-body", at=AT_TYPE, sent=request.media)]
    return NONE


def charset(request: JudgedRequest) -> Findings:
    """charset-missing, charset-of-text-missing, charset-other, charset-wrong."""
    content_type = request.headers.get("content-type", "")
    # A GET has no fields in its body.
    if not request.call.body or content_type.endswith("; charset=UTF-8") or request.is_by_get:
        return NONE
    found = _CHARSET.search(content_type)
    if found is None:
        if request.media == JSON_TYPE or not content_type:
            return NONE  # JSON is UTF-8; no type at all is a finding of its own
        told = _NOT_ASCII.search(request.call.body) is not None
        return [Finding(id="charset-of-text-missing" if told else "charset-missing",
                    at=AT_TYPE, sent=content_type)]  # fmt: skip
    if found[1].lower() in ("utf-8", "utf8"):
        return NONE
    raw = request.call.body
    is_json = request.body is not None and request.body.members is not None
    is_plain = raw.isascii() if is_json else _NOT_ASCII.search(raw) is None
    harmless = is_plain and _LIKE_ASCII.fullmatch(found[1]) is not None
    finding = "charset-other" if harmless else "charset-wrong"
    return [Finding(id=finding, at=AT_TYPE, sent=content_type)]


def form(request: JudgedRequest) -> Findings:
    """json-sent-as-form."""
    raw = request.call.body.strip()
    if request.is_by_get:
        return NONE
    if raw[:1] == b"{" and request.media == FORM_TYPE and raw[-1:] == b"}":
        return [Finding(id="json-sent-as-form", at=AT_TYPE, sent=request.media)]
    return NONE


def media(request: JudgedRequest) -> Findings:
    """content-type-missing, content-type-other, form-sent-as-json, json-body; json-broken and the
    others of a body that holds no fields."""
    raw = request.call.body
    if request.is_by_get or not raw or raw.isspace():
        return NONE
    is_json = request.body is not None and request.body.members is not None
    if not is_json and (found := unread(request)):
        return [found]
    if request.media == FORM_TYPE:
        return NONE
    if not request.media:
        return [Finding(id="content-type-missing", at=AT_TYPE)]
    finding = "json-body" if is_json else "form-sent-as-json"
    if request.media != JSON_TYPE:
        finding = "content-type-other"
    return [Finding(id=finding, at=AT_TYPE, sent=request.media)]


def body_of_get(request: JudgedRequest) -> Findings:
    """body-of-get: fields where a GET has none (claim query-method)."""
    raw = request.call.body
    if not request.is_by_get or raw.strip() in NO_BODY:
        return NONE
    return [Finding(id="body-of-get", at="/body", sent=_text(raw))]


def repeated(request: JudgedRequest) -> Findings:
    """field-repeated, member-repeated."""
    body = request.body
    if body is None or body.pairs == len(body.fields):
        return NONE
    if body.members is not None:
        counts = Counter(_members(request.raw)).items()
        again = [name for name, count in counts if count > 1][:5]
        return [
            Finding(id="member-repeated", at=pointer("body", name), sent=name) for name in again
        ]
    names = Counter(part.partition(b"=")[0] for part in request.raw.split(b"&"))
    twice = [name for name, count in names.items() if name and count > 1][:5]
    return [Finding(id="field-repeated", at=pointer("body", _text(name)), sent=_text(name))
            for name in twice]  # fmt: skip


def _members(raw: bytes) -> list[str]:
    """Return the names in a JSON object as they are written, each as often."""
    names: list[str] = []

    def keep(pairs: list[tuple[str, object]]) -> None:
        names[:] = [name for name, _ in pairs]  # the outermost object comes last

    try:
        json.loads(raw, object_pairs_hook=keep, parse_int=str, parse_float=str)
    except RecursionError:  # this is deeper in our own calls than where the body was read
        return []
    return names


def unreadable(request: JudgedRequest) -> Findings:
    """not-utf8, cut-inside-a-character, empty-field."""
    body = request.body
    if body is None or body.pairs <= len(body.fields) == len(request.texts):
        return NONE
    hits = []
    for name, value in body.fields.items():
        if isinstance(value, BadField) and body.members is None:
            hits.append(_bad_field(request, name, value))
        elif value == "" and name in request.known_fields:
            hits.append(Finding(id="empty-field", at=pointer("body", name), sent=f"{name}="))
    if body.members is None and body.pairs > len(body.fields):
        hits += _bad_names(request)
    return hits


def _bad_field(request: JudgedRequest, name: str, value: BadField) -> Finding:
    at, pair = pointer("body", name), _pair_of(request.raw, name)
    sent = pair[:200].decode("utf-8", "backslashreplace")
    if value.why != NOT_UTF8:
        return Finding(id="not-utf8", at=at, sent=sent, says="The field is too large to decode.")
    raw = unquote_to_bytes(pair.partition(b"=")[2].replace(b"+", b" "))
    if not is_cut(raw):
        return Finding(id="not-utf8", at=at, sent=sent, hint=reads_as(raw))
    says = None
    # What is percent-encoded has as many characters as bytes: it was cut before that.
    if request.raw.endswith(pair) and not request.is_by_get and b"%" not in pair[-9:]:
        why = counts_characters(request)
        says = f"The body ends inside a character: it was cut there.{why}"
    return Finding(id="cut-inside-a-character", at=at, sent=sent, says=says)


def _pair_of(raw: bytes, name: str) -> bytes:
    """Return a field as it stands in a form; empty if it is not there."""
    for pair in raw.split(b"&"):
        if unquote_plus(pair.partition(b"=")[0].decode("utf-8", "replace")) == name:
            return pair
    return b""


def _bad_names(request: JudgedRequest) -> Findings:
    """not-utf8, of the name of a field: the service cannot read which field it is."""
    for pair in request.raw.split(b"&", MAX_FIELDS)[:MAX_FIELDS]:
        name = unquote_to_bytes(pair.partition(b"=")[0].replace(b"+", b" "))
        try:
            name.decode()
        except UnicodeDecodeError:
            sent = pair[:200].decode("utf-8", "backslashreplace")
            says = "The bytes of the name of a field are not valid UTF-8."
            return [Finding(id="not-utf8", at="/body", sent=sent, hint=reads_as(name), says=says)]
    return NONE


def twice_encoded(request: JudgedRequest) -> Findings:
    """encoded-twice."""
    for name, text in request.texts.items():
        if "%" in text and "://" not in text and _TWICE.search(text):
            return [Finding(id="encoded-twice", at=pointer("body", name), sent=text)]
    return NONE


def mojibake(request: JudgedRequest) -> Findings:
    """mojibake."""
    hits = NONE
    for name, text in request.texts.items():
        if not text.isascii() and (meant := meant_by(text)) is not None:
            hits = [*hits, Finding(id="mojibake", at=pointer("body", name), sent=text, hint=meant)]
    return hits


def _text(raw: bytes) -> str:
    return raw[:200].decode("utf-8", "replace")
