"""Mistakes in the first five lines: method, Accept, Content-MD5, Content-Type, Date."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import combinations

from mock_server.domain.auth.diagnosis.candidate import FIXED, Change, SigningContext
from mock_server.domain.auth.signatures import content_md5
from mock_server.domain.call.bodies import FORM_TYPE, media_type

# Changes of the draft that the mistake may amount to, each with what to call it.
Variants = Iterator[tuple[Change, str]]

TITLES = dict(zip(FIXED, ("Accept", "Content-MD5", "Content-Type", "Date"), strict=True))
JSON_TYPE = "application/json"
ACCEPTS = ("*/*", JSON_TYPE, f"{JSON_TYPE}; charset=utf-8", f"{JSON_TYPE};charset=UTF-8")
CHARSETS = ("; charset=UTF-8", "; charset=utf-8", ";charset=UTF-8", ";charset=utf-8")
TYPES = (FORM_TYPE, JSON_TYPE, "application/octet-stream", "text/plain")


def always(*variants: tuple[Change, str]) -> Callable[[SigningContext], Variants]:
    """Return the function of a mistake that is the same for every call."""
    return lambda _: iter(variants)


def method_case(scene: SigningContext) -> Variants:
    """The method not in capitals."""
    for method in (scene.draft.method.lower(), scene.draft.method.capitalize()):
        yield {"method": method}, ""


def method_differs(scene: SigningContext) -> Variants:
    """Another method."""
    for method in ("GET", "POST", "PUT"):
        if method != scene.draft.method:
            yield {"method": method}, method


def missing_newline(scene: SigningContext) -> Variants:
    """Empty lines left out, all of them or some."""
    absent = [name for name in FIXED if not getattr(scene.draft, name)]
    for count in (len(absent), *range(1, len(absent))):
        for names in combinations(absent, count):
            yield {"skipped": frozenset(names)}, _titles(names)


def missing_line(scene: SigningContext) -> Variants:
    """The line of a header that was sent left out, newline and all."""
    present = [name for name in FIXED if getattr(scene.draft, name)]
    for count in range(1, len(present) + 1):
        for names in combinations(present, count):
            yield {"left_out": frozenset(names)}, _titles(names)


def _titles(names: tuple[str, ...]) -> str:
    return " and ".join(TITLES[name] for name in names)


def fixed_emptied(scene: SigningContext) -> Variants:
    """Empty lines for several headers that were sent, with the form's parameters or without."""
    present = [name for name in FIXED if getattr(scene.draft, name)]
    for count in range(len(present), 1, -1):
        for names in combinations(present, count):
            change: Change = dict.fromkeys(names, "")
            yield change, _titles(names)
            if "content_type" in names and scene.form:
                yield {**change, "parameters": scene.joined(scene.query, ())}, _titles(names)


def accept_differs(scene: SigningContext) -> Variants:
    """Another Accept than the one sent."""
    for accept in ("", *ACCEPTS):
        if accept != scene.draft.accept:
            yield {"accept": accept}, _shown(accept)


def content_type_differs(scene: SigningContext) -> Variants:
    """Another Content-Type than the one sent.

    What a client believes to send decides whether it signs the body's parameters, so a change
    from form to something else and back is tried with the parameters that go with it.
    """
    sent = scene.draft.content_type
    bare = sent.partition(";")[0].rstrip()
    types = [bare + charset for charset in ("", *CHARSETS) if bare]
    types += [*TYPES, *(each + charset for each in TYPES for charset in CHARSETS)]
    for content_type in dict.fromkeys(["", *types]):
        if content_type == sent:
            continue
        change: Change = {"content_type": content_type}
        yield change, _shown(content_type)
        as_form = media_type(content_type) == FORM_TYPE
        if as_form != (media_type(sent) == FORM_TYPE) and scene.body_as_form:
            form = scene.body_as_form if as_form else ()
            yield (
                {**change, "parameters": scene.joined(scene.query, form)},
                _shown(content_type),
            )


def date_differs(scene: SigningContext) -> Variants:
    """A Date that was sent and not signed."""
    if scene.draft.date:
        yield {"date": ""}, ""


def _shown(value: str) -> str:
    return f"`{value}`" if value else "nothing"


def md5_hex(scene: SigningContext) -> Variants:
    """The MD5 of the body as hex."""
    hexed = _md5(scene.call.body).hex()
    for text in (hexed, hexed.upper()):
        yield {"content_md5": text}, "the hex digits"
        yield {"content_md5": base64.b64encode(text.encode()).decode()}, "the base64 of hex digits"


def md5_not_signed(scene: SigningContext) -> Variants:
    """A Content-MD5 that was sent and not signed."""
    if scene.draft.content_md5:
        yield {"content_md5": ""}, ""


def md5_not_sent(scene: SigningContext) -> Variants:
    """A Content-MD5 that was signed and not sent."""
    if not scene.draft.content_md5:
        yield {"content_md5": content_md5(scene.call.body)}, ""


def md5_other_bytes(scene: SigningContext) -> Variants:
    """The MD5 of something that is not quite the body."""
    body = scene.call.body
    others = [b"", body + b"\n", body.strip(), *(text.encode() for text in json_texts(scene))]
    for other in others:
        if other != body:
            yield {"content_md5": content_md5(other)}, ""


def _md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def json_texts(scene: SigningContext) -> list[str]:
    """Return how else a client may have written its JSON body."""
    try:
        value = json.loads(scene.call.body)
        texts = [
            json.dumps(value, ensure_ascii=ascii_only, separators=separators, sort_keys=sort_keys)
            for ascii_only in (False, True)
            for separators in (None, (",", ":"))
            for sort_keys in (False, True)
        ]
        return [text for text in dict.fromkeys(texts) if text.isascii() or text.encode()]
    except (ValueError, RecursionError):
        return []
