"""What is off in the fields of a body, beyond what a schema can say, and why a schema refuses."""

import json
import re
from collections import defaultdict
from collections.abc import Container, Mapping

from mock_server.domain.call.bodies import BadField, Number
from mock_server.domain.call.paging import MAX_PAGE, MAX_SIZE
from mock_server.domain.call.redaction import HIDDEN
from mock_server.domain.findings.addresses import cut, rests_of_addresses
from mock_server.domain.findings.context import JudgedRequest
from mock_server.domain.findings.finding import NONE, Finding, Findings, pointer
from mock_server.domain.findings.headers import CREDENTIAL_NAMES, squeezed
from mock_server.domain.findings.placeholders import is_unfilled
from mock_server.domain.suggestions import nearest

# What other APIs call the same thing, and people write from memory; without case and joints.
OTHER_NAMES: Mapping[str, str] = {
    "callbackurl": "call_back", "notifyurl": "call_back", "content": "text", "url": "text",
    "qrcode": "qr_code_url", "qrurl": "qr_code_url", "imageurl": "qr_code_url",
    "image": "qr_code_url", "prompt": "your_prompt", "style": "style_id",
    "shortlink": "is_use_temp_short_link", "tempshortlink": "is_use_temp_short_link",
    "id": "task_id", "task": "task_id", "pageno": "page", "pagenum": "page",
    "pagenumber": "page", "currentpage": "page", "pagesize": "maxResult", "size": "maxResult",
    "limit": "maxResult", "maxresults": "maxResult",
}  # fmt: skip
FLAG = "is_use_temp_short_link"
NUMBERS = frozenset({"page", "maxResult"})
# How languages write what is no value when it is pressed into a form.
NO_VALUES = frozenset(
    {"None", "null", "NULL", "nil", "undefined", "NaN", "[object Object]", "True", "False",
     "<nil>", "{}", "[]"}
)  # fmt: skip
# 24 hex digits, or as many decimal digits as other services of the vendor use.
TASK_ID = re.compile(r"[0-9a-f]{24}|[0-9]{19}")
# b'…' and ['…'], with either mark.
_PRINTED = re.compile(r"b'[^']*'|b\"[^\"]*\"|\[b?'.*'\]|\[b?\".*\"\]", re.DOTALL)
_WHOLE = re.compile(r"[0-9]{1,9}")


def untrimmed(request: JudgedRequest) -> Findings:
    """untrimmed: white space around a value."""
    for name, text in request.texts.items():
        # Of a number, another rule says so.
        if text != text.strip() and name in request.known_fields and name not in NUMBERS:
            return [Finding(id="untrimmed", at=pointer("body", name), sent=repr(text))]
    return NONE


def no_value(request: JudgedRequest) -> Findings:
    """no-value, printed-value: what the form encoding made of a value that was none, or no text."""
    return [
        Finding(
            id="no-value" if text in NO_VALUES else "printed-value",
            at=pointer("body", name),
            sent=f"{name}={text}",
        )
        for name, text in request.texts.items()
        if (text in NO_VALUES or (text[-1] in "'\"]" and _PRINTED.fullmatch(text)))
        and name in request.known_fields
    ]


def unknown_fields(request: JudgedRequest) -> Findings:
    """field-misspelt, field-unknown, credentials-misplaced, address-cut."""
    hits: Findings = []
    fields = request.body.fields if request.body else {}
    known = {squeezed(name): name for name in request.known_fields}
    rests, cuts = rests_of_addresses(request), defaultdict[str, list[str]](list)
    for name in fields:
        if not name or name in request.known_fields:
            continue
        meant = _meant(name, known, fields, is_rest=name in rests)
        at = pointer("body", name)
        if squeezed(name) in CREDENTIAL_NAMES:
            hits.append(Finding(id="credentials-misplaced", at=at, sent=f"{name}={HIDDEN}"))
        elif meant is not None:
            hits.append(Finding(id="field-misspelt", at=at, sent=name, hint=meant))
        elif name in rests:
            cuts[rests[name]].append(name)
        else:
            hint = ", ".join(request.known_fields)
            hits.append(Finding(id="field-unknown", at=at, sent=name, hint=hint))
        if len(hits) == 10:
            break
    return [*(cut(request, owner, names) for owner, names in cuts.items()), *hits]


def _meant(
    name: str, known: Mapping[str, str], sent: Container[str], *, is_rest: bool
) -> str | None:
    """Return the field that a name is another spelling of, or another word for. Where that field
    was sent as well, less is mistaken for it; least of all what looks like the rest of an address.
    """
    plain = squeezed(name.strip("\ufeff \t\r\n\"'[]"))[:64]
    if plain in known:
        return known[plain]
    other = OTHER_NAMES.get(plain)
    if other in known.values():
        return None if is_rest and other in sent else other
    near = nearest(plain, known, cutoff=0.75)
    if near and known[near] in sent:
        near = nearest(plain, known, cutoff=0.85)
    return known[near] if near else None


def types(request: JudgedRequest) -> Findings:
    """wrong-type, number-not-text: what JSON can send and the operation does not take."""
    body = request.body
    if body is None or body.members is None:
        return NONE
    hits = []
    for name in request.known_fields:
        value, at = body.members.get(name, ""), pointer("body", name)
        if isinstance(value, bool) and name == FLAG:
            continue  # neither 1 nor 0, and told as that
        if isinstance(value, Number | bool):
            text = body.fields[name]
            hits.append(
                Finding(id="number-not-text", at=at, sent=f"{name}: {text}", hint=f': "{text}".')
            )
        elif isinstance(field := body.fields.get(name), BadField):
            hits.append(Finding(id="wrong-type", at=at, sent=f"{name}: {json.dumps(value)[:80]}"))
        elif not _is_unicode(field or ""):
            hits.append(Finding(id="wrong-type", at=at, sent=f"{name}: a lone surrogate"))
    return hits


def nul(request: JudgedRequest) -> Findings:
    """nul-character."""
    return [
        Finding(id="nul-character", at=pointer("body", name), sent=repr(text))
        for name, text in request.texts.items()
        if "\x00" in text
    ]


def paging(request: JudgedRequest) -> Findings:
    """page-out-of-range, page-size-out-of-range."""
    hits = []
    for name, finding, most in (
        ("page", "page-out-of-range", MAX_PAGE), ("maxResult", "page-size-out-of-range", MAX_SIZE),
    ):  # fmt: skip
        text = request.texts.get(name)
        if text is None or text in NO_VALUES or name not in request.known_fields:
            continue
        if not _within(text, most):
            hits.append(
                Finding(id=finding, at=pointer("body", name), sent=text, hint=f"1 to {most}")
            )
    return hits


def whole_numbers(request: JudgedRequest) -> Findings:
    """number-spelt-oddly: what the service reads as a number and the contract does not."""
    return [
        Finding(id="number-spelt-oddly", at=pointer("body", name), sent=text)
        for name, most in (("page", MAX_PAGE), ("maxResult", MAX_SIZE))
        if (text := request.texts.get(name)) is not None
        and name in request.known_fields
        and _within(text, most)
        and (text != text.strip() or text.startswith("0"))
    ]


def task_id_missing(request: JudgedRequest) -> Findings:
    """task-id-missing."""
    fields = request.body.fields if request.body else {}
    if "task_id" not in request.known_fields or fields.get("task_id"):
        return NONE
    return [Finding(id="task-id-missing", at="/body/task_id")]


def task_id(request: JudgedRequest) -> Findings:
    """task-id-changed."""
    text = request.texts.get("task_id")
    if text is None or TASK_ID.fullmatch(text) or text in NO_VALUES:
        return NONE
    if is_unfilled("task_id", text):
        return NONE
    return [Finding(id="task-id-changed", at="/body/task_id", sent=text)]


def _within(text: str, most: int) -> bool:
    return bool(_WHOLE.fullmatch(text.strip())) and 1 <= int(text.strip()) <= most


def _is_unicode(text: str) -> bool:
    return text.encode("utf-8", "replace").decode() == text
