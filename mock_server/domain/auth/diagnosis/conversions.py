"""Mistakes in how a value became text: a word for nothing, a lost zero, white space, letters."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from itertools import combinations
from typing import Any

from mock_server.domain.auth.diagnosis.candidate import (
    FIXED,
    Change,
    Parameter,
    Parameters,
    SigningContext,
)
from mock_server.domain.auth.diagnosis.lines import TITLES, Variants
from mock_server.domain.auth.diagnosis.side_by_side import visible

# How languages write a value that is not there, the likelier first.
WORDS = (
    "undefined", "null", "None", "<nil>", "nil", "NaN", "NULL", "(null)", "%!s(<nil>)", "<null>",
    "nan", "[object Object]",
)  # fmt: skip
# Values that many languages take for empty, as texts.
FALSY = ("0", "false", "False", "0.0", "-0")
# What a client may send or leave out, and sign all the same.
OPTIONAL = ("call_back", "style_id", "your_prompt", "qr_code_url", "text", "page", "task_id")
# The usual values of a header that a client signed, and that did not come.
LOST_HEADERS = {
    "x-ca-stage": ("RELEASE", "release", "PRE", "TEST"),
    "x-ca-signature-method": ("HmacSHA256", "HmacSHA1"),
    "x-ca-version": ("1",),
    "user-agent": ("",),
}
SPACES = (" ", "\t", "\r", "\n", "\u00a0")
MOST_VALUES = 30

Rewrite = Callable[[str], str]


def nothing_words(scene: SigningContext) -> Variants:
    """A word such as `undefined` for what is not there, or nothing for a word that was sent."""
    fixed = [name for name in FIXED if not getattr(scene.draft, name)]
    headers = [name.lower() for name in scene.draft.names]
    headers = [name for name in headers if not scene.draft.values.get(name)]
    for word in WORDS:
        what = f"`{word}` for a value that is not there"
        everything: Change = dict.fromkeys(fixed, word)
        if headers:
            lost = _values(scene, dict.fromkeys(headers, word))
            yield {**everything, **lost}, what
            yield lost, what
        if fixed:
            yield everything, what
        emptied = tuple(each if each.value else each._replace(value=word)
                        for each in scene.draft.parameters)  # fmt: skip
        yield {"parameters": emptied}, what
    for word in WORDS:
        yield from _some_words(scene, fixed, headers, word)
    yield from _words_sent(scene)


def _some_words(scene: SigningContext, fixed: list[str], headers: list[str], word: str) -> Variants:
    what = f"`{word}` for a value that is not there"
    for count in range(1, len(fixed)):
        for names in combinations(fixed, count):
            yield dict.fromkeys(names, word), what
    if len(headers) > 1:
        for name in headers[:MOST_VALUES]:
            yield _values(scene, {name: word}), what
    yield {"tail": word}, what
    yield {"tail": f"?{word}"}, what
    there = {each.name for each in scene.draft.parameters}
    for name in OPTIONAL:
        if name not in there:
            more = (*scene.draft.parameters, Parameter(name, word, name, word))
            yield {"parameters": tuple(sorted(more))}, what


def _words_sent(scene: SigningContext) -> Variants:
    """Nothing signed where a word was sent."""
    what = "nothing for a word such as `undefined`, which it sent"
    fixed = [name for name in FIXED if getattr(scene.draft, name) in WORDS]
    lost: Change = dict.fromkeys(fixed, "")
    headers = {name: "" for name, value in scene.draft.values.items() if value in WORDS}
    if fixed or headers:
        yield {**lost, **_values(scene, headers)}, what
    yield from _emptied(scene, WORDS, what)


def zero_empty(scene: SigningContext) -> Variants:
    """`0` or `false` taken for empty: the name alone, or not even that."""
    yield from _emptied(scene, FALSY, "")
    for value in FALSY:
        yield from _emptied(scene, (value,), "")
    headers = {name: "" for name, value in scene.draft.values.items() if value in FALSY}
    if headers:
        yield _values(scene, headers), ""


def _emptied(scene: SigningContext, lost: Collection[str], what: str) -> Variants:
    """Yield the parameters whose value is `lost` as names alone, left out, and one by one."""
    parameters = scene.draft.parameters
    if not any(each.value in lost for each in parameters):
        return
    names_alone = (each._replace(value="") if each.value in lost else each for each in parameters)
    yield {"parameters": tuple(names_alone)}, what
    yield {"parameters": tuple(each for each in parameters if each.value not in lost)}, what
    for at, each in enumerate(parameters[:MOST_VALUES]):
        if each.value in lost:
            yield {"parameters": _with(parameters, at, "")}, what


def value_spelling(scene: SigningContext) -> Variants:
    """A truth value or a number in another spelling, as `True` for `true` or `1.0` for `1`."""
    for rewrite in (str.capitalize, str.lower, _as_number):
        yield from _rewritten(scene, _if_plain(rewrite))


def _if_plain(rewrite: Rewrite) -> Rewrite:
    return lambda value: rewrite(value) if _plain(value) else value


def _plain(value: str) -> bool:
    return re.fullmatch(r"true|false|True|False|[0-9]{1,15}(\.[0-9]{1,6})?", value) is not None


def _as_number(value: str) -> str:
    if value.lower() in ("true", "false"):
        return "1" if value.lower() == "true" else "0"
    return value.removesuffix(".0") if "." in value else f"{value}.0"


def value_space(scene: SigningContext) -> Variants:
    """White space beside a value: of one header line, of all, or of a parameter."""
    names = list(dict.fromkeys(name.lower() for name in scene.draft.names))[:MOST_VALUES]
    for space in SPACES:
        what = f"`{visible(space)}` beside"
        values = f"{what} values"
        present = [name for name in FIXED if getattr(scene.draft, name)]
        every = {name: f"{getattr(scene.draft, name)}{space}" for name in present}
        spaced = {name: f"{scene.draft.values.get(name, '')}{space}" for name in names}
        yield {**every, **_values(scene, spaced)}, values
        yield _values(scene, spaced), values
        yield every, values
        yield {name: getattr(scene.draft, name) + space for name in FIXED}, values
        for name in present:
            yield {name: getattr(scene.draft, name) + space}, f"{what} {TITLES[name]}"
            yield {name: space + getattr(scene.draft, name)}, f"{what} {TITLES[name]}"
        for name, text in spaced.items():
            yield _values(scene, {name: text}), f"{what} the value of {name}"
            before = space + scene.draft.values.get(name, "")
            yield _values(scene, {name: before}), f"{what} the value of {name}"
        yield from _spaced_parameters(scene, space, what)
    for change, _ in _rewritten(scene, str.strip):
        yield change, "values without the white space that it sent beside them"


def _spaced_parameters(scene: SigningContext, space: str, what: str) -> Variants:
    parameters = scene.draft.parameters
    yield (
        {"parameters": tuple(x._replace(value=x.value + space) for x in parameters)},
        f"{what} values",
    )
    for at, each in enumerate(parameters[:MOST_VALUES]):
        name = f"{what} the value of {visible(each.name[:40])}"
        yield {"parameters": _with(parameters, at, each.value + space)}, name
        yield {"parameters": _with(parameters, at, space + each.value)}, name


def header_lost(scene: SigningContext) -> Variants:
    """A listed header that did not come, with the value that it usually has."""
    for name, values in LOST_HEADERS.items():
        if name not in scene.draft.values and name in map(str.lower, scene.draft.names):
            for value in filter(None, values):
                yield _values(scene, {name: value}), f"`{name}`"


def letters_replaced(scene: SigningContext) -> Variants:
    """Something else in place of each letter beyond ASCII, or of each that a charset lacks."""
    del scene
    for put, what in (("?", "question marks"), ("\ufffd", "replacement characters"),
                      ("", "nothing"), ("_", "underscores")):  # fmt: skip
        yield {"letters": _each(put, _one)}, what
        yield {"letters": _each(put, _utf8_bytes)}, what
        yield {"letters": _each(put, _utf16_units)}, what
    for charset in ("latin-1", "gbk", "cp1252"):
        yield {"letters": _fitting(charset)}, "question marks"


def _each(put: str, count: Callable[[str], int]) -> Rewrite:
    return lambda text: "".join(char if char.isascii() else put * count(char) for char in text)


def _one(_char: str) -> int:
    return 1


def _utf8_bytes(char: str) -> int:
    return len(char.encode("utf-8", "surrogateescape"))


def _utf16_units(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1


def _fitting(charset: str) -> Rewrite:
    return lambda text: text.encode(charset, "replace").decode(charset)


def letters_mangled(scene: SigningContext) -> Variants:
    """The letters read in a wrong charset, composed otherwise, or as JSON or HTML escapes."""
    del scene
    for charset in ("latin-1", "cp1252", "gbk"):
        yield {"letters": _misread(charset)}, f"UTF-8 read as {charset.upper()}"
    for form in ("NFC", "NFD", "NFKC"):
        yield {"letters": _composed(form)}, f"letters in the form {form}"
    yield {"letters": _json_escaped}, "JSON escapes (`\\u4e2d`)"
    yield {"letters": _html_escaped}, "HTML escapes (`&amp;`)"


def _misread(charset: str) -> Rewrite:
    def misread(text: str) -> str:
        raw = text.encode("utf-8", "surrogateescape")
        return raw.decode(charset, "replace")

    return misread


def _composed(form: Any) -> Rewrite:
    return lambda text: unicodedata.normalize(form, text)


def _json_escaped(text: str) -> str:
    return "".join(char if char.isascii() else "".join(_units(char)) for char in text)


def _units(char: str) -> Iterator[str]:
    raw = char.encode("utf-16-be", "surrogatepass")
    for at in range(0, len(raw), 2):
        yield f"\\u{raw[at : at + 2].hex()}"


def _html_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _rewritten(scene: SigningContext, rewrite: Rewrite) -> Variants:
    """Yield all parameters rewritten, then each alone."""
    parameters = scene.draft.parameters
    changed = [at for at, each in enumerate(parameters) if rewrite(each.value) != each.value]
    if not changed:
        return
    yield {"parameters": tuple(x._replace(value=rewrite(x.value)) for x in parameters)}, ""
    if len(changed) > 1:
        for at in changed[:MOST_VALUES]:
            yield {"parameters": _with(parameters, at, rewrite(parameters[at].value))}, ""


def _with(parameters: Parameters, at: int, value: str) -> Parameters:
    return (*parameters[:at], parameters[at]._replace(value=value), *parameters[at + 1 :])


def _values(scene: SigningContext, changed: dict[str, str]) -> Change:
    return {"values": {**scene.draft.values, **changed}} if changed else {}
