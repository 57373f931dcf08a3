"""What a body is that is neither a form nor a JSON object, whatever its Content-Type says.

Rule 1: a body is named only where its bytes leave no doubt; any other has no finding from here.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from mock_server.domain.call.bodies import FORM_TYPE
from mock_server.domain.findings.charset_guess import is_cut, reads_as
from mock_server.domain.findings.context import JudgedRequest
from mock_server.domain.findings.finding import NONE, Finding, Findings

# As most forms begin: the name of a field and its value.
USUAL_FORM = re.compile(rb"[A-Za-z_][A-Za-z0-9_.-]{0,63}=")
_FORM = re.compile(rb"[^\x00-\x20<>{\"'@=&][^\x00-\x20<>{\"'=&]{0,63}=")
_PART = re.compile(rb"\s*--[^\r\n]{1,200}\r?\ncontent-", re.IGNORECASE)
_FILE = re.compile(rb"@[^\s=&]{1,200}")
_MARKUP = re.compile(rb"<[!?/A-Za-z][^\x00]*>", re.DOTALL)
# Words that languages have for no value, or for a value that was not encoded.
_NO_BODY = frozenset({b"undefined", b"None", b"nil", b"NaN", b"<nil>", b"NULL", b"null"})
_OBJECT = re.compile(rb"\[object [A-Za-z]{1,40}\]|<[\w.]{1,80} object at 0x[0-9a-fA-F]+>")
_COMPRESSIONS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "Brotli",
                 "zstd": "Zstandard", "compress": "compress"}  # fmt: skip
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "Zstandard"), (b"BZh9", "bzip2"))
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def counts_characters(request: JudgedRequest) -> str:
    """Return the sentence on a body that was cut; empty where it came in chunks."""
    if "transfer-encoding" in request.headers:
        return ""
    return " Content-Length seems to count characters, not bytes."


def content_encoding(request: JudgedRequest) -> Findings:
    """content-encoding-wrong: a header that says of the body what is not so."""
    named = request.headers.get("content-encoding", "").strip()
    raw = request.call.body
    if not named or named.lower() == "identity" or not raw or request.is_by_get:
        return NONE
    if _compression(request) is not None:
        return NONE
    says = None
    if named.lower() not in _COMPRESSIONS:
        says = (
            f"Content-Encoding is {named[:40]}, which is no compression; "
            "a charset belongs in the Content-Type."
        )
    at = "/header/content-encoding"
    return [Finding(id="content-encoding-wrong", at=at, sent=named, says=says)]


def unread(request: JudgedRequest) -> Finding | None:
    """Return what a body of a POST is that holds no fields; None where it holds some, or where it
    is not known."""
    raw = request.call.body
    if USUAL_FORM.match(raw):
        return None
    for each in _KINDS:
        if found := each(request):
            return found
    return None


def is_form(raw: bytes) -> bool:
    """Whether a body begins as a form does."""
    return _FORM.match(raw.lstrip()) is not None


def _compressed(request: JudgedRequest) -> Finding | None:
    name = _compression(request)
    if name is None:
        return None
    says = f"The body is compressed ({name}). We assume that nothing decompresses it."
    return Finding(id="body-compressed", at="/body", sent=name, says=says)


def _compression(request: JudgedRequest) -> str | None:
    raw = request.call.body
    for start, name in _MAGIC:
        if raw.startswith(start):
            return name
    if raw[:1] == b"x" and not raw.isascii() and _is_zlib(raw):
        return "deflate"
    named = request.headers.get("content-encoding", "").strip().lower()
    # Brotli and bare deflate have no mark of their own.
    return _COMPRESSIONS.get(named) if not _is_utf8(raw) else None


def _is_zlib(raw: bytes) -> bool:
    try:
        zlib.decompressobj().decompress(raw, 1)
    except zlib.error:
        return False
    return True


def _marked(request: JudgedRequest) -> Finding | None:
    raw = request.call.body
    name = UTF16_MARKS.get(raw[:2])
    says = None
    if name is not None:
        says = f"The body is {name}, as its byte order mark says, and not UTF-8."
    elif raw.startswith(UTF8_MARK):
        if raw[3:].lstrip()[:1] in (b"{", b"["):
            says = "The body starts with a byte order mark, so it was not read as JSON."
    elif raw[:9].upper() != b"%EF%BB%BF":
        return None
    return Finding(id="byte-order-mark", at="/body", sent=_shown(raw), says=says)


def _utf16(request: JudgedRequest) -> Finding | None:
    start = request.call.body[:8]
    if len(start) < 4 or not (_is_wide(start[::2], start[1::2])):
        return None
    says = "The body is UTF-16, and not UTF-8: every second byte is zero."
    return Finding(id="body-not-utf8", at="/body", says=says)


def _is_wide(even: bytes, odd: bytes) -> bool:
    """Whether one of them is zero throughout, and the other is text."""
    return (not any(odd) and all(even)) or (not any(even) and all(odd))


def _parts(request: JudgedRequest) -> Finding | None:
    if not _PART.match(request.call.body):
        return None
    says = f"The body is multipart, although its Content-Type is {_type(request)}."
    return Finding(id="multipart-body", at="/body", sent=_shown(request.call.body), says=says)


def _no_value(request: JudgedRequest) -> Finding | None:
    text = request.call.body.strip()
    if text in _NO_BODY:
        return _unreadable(text, f"The body is the word `{text.decode()}`: the client had no value "
                           "and sent the word for it.")  # fmt: skip
    if _OBJECT.fullmatch(text):
        return _unreadable(text, f"The body is `{text.decode()}`: an object that nothing encoded "
                           "became its printed form.")  # fmt: skip
    return None


def _json(request: JudgedRequest) -> Finding | None:
    raw = request.call.body
    text = raw.strip()
    if text[:1] in (b"{", b"["):
        return _like_json(request, text)
    if len(text) > 20 and text[:1] != b'"':
        return None  # no number of anybody's is longer
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        return _unreadable(text, "The body is JSON that was encoded twice: a string with the "
                           "object in it.")  # fmt: skip
    return _unreadable(text, "The body is a single JSON value, and not an object.")


def _like_json(request: JudgedRequest, text: bytes) -> Finding | None:
    """Return what is wrong with a text that begins as JSON."""
    if not _is_utf8(text) and not is_cut(text):
        says = f"The body begins like JSON, and its bytes are not UTF-8{reads_as(text)}."
        return Finding(id="body-not-utf8", at="/body", sent=_shown(text), says=says)
    if request.media == FORM_TYPE:
        if text[:1] == b"{" and text[-1:] == b"}":
            return None  # json-sent-as-form says so
        return _array_in_form(text)
    return Finding(id="json-broken", at="/body", sent=_shown(text), says=_why_broken(request, text))


def _array_in_form(text: bytes) -> Finding | None:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return Finding(id="json-sent-as-form", at="/header/content-type", sent=FORM_TYPE)


def _why_broken(request: JudgedRequest, text: bytes) -> str | None:
    if is_cut(text):
        why = counts_characters(request)
        return f"The body begins like JSON and ends inside a character.{why}"
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _of_error(request, text, error)
    except (ValueError, RecursionError):
        return None
    return "The body is a JSON array, and not an object." if text[:1] == b"[" else None


def _of_error(request: JudgedRequest, text: bytes, error: json.JSONDecodeError) -> str | None:
    is_at_end = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
    if is_at_end:
        why = counts_characters(request) if not text.isascii() else ""
        return f"The body begins like JSON and ends before the JSON does.{why}"
    if error.msg == "Extra data":
        return "The body has more after its JSON value."
    if text[:2] in (b"{'", b"['"):
        return "The body is not JSON: its quotation marks are single, as when Python prints it."
    return None


def _markup(request: JudgedRequest) -> Finding | None:
    text = request.call.body.strip()
    if not _MARKUP.fullmatch(text):
        return None
    return _unreadable(text, "The body looks like XML or HTML, and not like a form or JSON.")


def _file(request: JudgedRequest) -> Finding | None:
    text = request.call.body.strip()
    if not _FILE.fullmatch(text):
        return None
    return _unreadable(text, "The body is the name of a file, and not what is in it: of curl's "
                       "options, only -d, --data-binary and --json read `@` files.")  # fmt: skip


def _wrapped(request: JudgedRequest) -> Finding | None:
    """A form or JSON that was percent-encoded, or written as base64, as a whole."""
    text = request.call.body.strip()
    if b"=" not in text.rstrip(b"=") and b"&" not in text:
        if text.startswith((b"%7B", b"%7b")):
            return _unreadable(text, "The body is JSON that was percent-encoded as a whole.")
        if b"%3D" in text.upper() and USUAL_FORM.match(unquote_to_bytes(text)):
            return _unreadable(text, "The body is a form that was percent-encoded as a whole, "
                               "with its `=` and `&`.")  # fmt: skip
        if _unpacked(text)[:1] == b"{":
            return _unreadable(text, "The body is the base64 of JSON.")
    return None


def _unpacked(text: bytes) -> bytes:
    if not text.startswith((b"eyJ", b"ew", b"eyA")):
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _no_fields(request: JudgedRequest) -> Finding | None:
    """Anything else that the Content-Type does not call a form, and that is none."""
    raw = request.call.body
    if request.media == FORM_TYPE or is_form(raw) or not raw.strip():
        return None
    names = set(request.body.fields) if request.body else set()
    if names & set(request.known_fields):
        return None
    return _unreadable(raw, None)


def _unreadable(text: bytes, says: str | None) -> Finding:
    return Finding(id="body-unreadable", at="/body", sent=_shown(text), says=says)


# In the order in which a body is compared with them.
_KINDS: tuple[Callable[[JudgedRequest], Finding | None], ...] = (
    _compressed, _marked, _utf16, _parts, _no_value, _json, _markup, _file, _wrapped, _no_fields,
)  # fmt: skip


def _type(request: JudgedRequest) -> str:
    return request.media or "missing"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(raw: bytes) -> str:
    return raw[:200].decode("utf-8", "replace")
