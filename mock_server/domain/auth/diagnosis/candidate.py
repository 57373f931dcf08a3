"""What a client may have signed: a draft of it, and the facts of the call that drafts come from.

Rule 1: every way in which a client can go wrong is a field of `Draft`, so that a mistake is a
change of fields and two mistakes can be put together when they change different ones.
Rule 2: the draft without a change renders to exactly what the verifier expects.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mock_server.domain.auth import signatures
from mock_server.domain.call.bodies import FORM_TYPE, media_type
from mock_server.domain.call.calls import Call, header

# A longer body is not searched for what else a client may have made of it.
MOST_GUESSED_BYTES = 64 * 1024

FIXED = ("accept", "content_md5", "content_type", "date")
Change = dict[str, Any]
# What a candidate comes down to: its text in pieces, and how it is signed.
Rendering = dict[str, Any]

# The fields that each member of a rendering is made of.
RENDERED = {
    "first_lines": frozenset({"method", *FIXED, "skipped", "left_out", "newline"}),
    "header_lines": frozenset(
        {"names", "values", "spelling", "timestamp", "nonce", "separator",
         "newlines_after_headers", "newline"}
    ),
    "last_line": frozenset({"path", "parameters", "written", "sign_empty", "tail"}),
    **{name: frozenset({name}) for name in ("letters", "end", "charset", "secret", "digest")},
}  # fmt: skip


class Parameter(NamedTuple):
    """A parameter, decoded and as it was sent."""

    name: str
    value: str
    raw_name: str
    raw_value: str


Parameters = tuple[Parameter, ...]


def decoded(parameter: Parameter) -> tuple[str, str]:
    """Return a parameter as it has to be signed."""
    return parameter.name, parameter.value


def unchanged(text: str) -> str:
    """Return a text as it has to be signed."""
    return text


def as_spelt(name: str) -> str:
    """Return a header name as it has to be signed."""
    return name


@dataclass(frozen=True, kw_only=True)  # no slots: `changed` copies the dictionary
class Candidate:
    """A string to sign in pieces, and how it is signed."""

    method: str
    accept: str
    content_md5: str
    content_type: str
    date: str
    # Of FIXED, lines left out with their newline: those that are empty, those that are not.
    skipped: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()

    names: tuple[str, ...]
    values: Mapping[str, str]
    spelling: Callable[[str], str] = as_spelt
    timestamp: str | None = None
    nonce: str | None = None
    separator: str = ":"
    newlines_after_headers: int = 1

    path: str
    parameters: Parameters
    written: Callable[[Parameter], tuple[str, str]] = decoded
    sign_empty: bool = False
    tail: str = ""

    letters: Callable[[str], str] = unchanged
    newline: str = "\n"
    end: str = ""
    charset: str = "utf-8"
    secret: str
    digest: str

    def changed(self, change: Change) -> "Candidate":
        """Return a copy with other fields."""
        fields = {**self.__dict__, **change}
        for name, made_of in RENDERED.items():
            if not made_of.isdisjoint(change) and name not in change:
                fields.pop(name, None)
        made = object.__new__(Candidate)  # `dataclasses.replace` takes five times as long
        made.__dict__.update(fields)
        return made

    def rendering(self, change: Change | None = None) -> Rendering:
        """Return what this comes down to; with `change`, only what that change has made."""
        return {
            name: getattr(self, name)
            for name, fields in RENDERED.items()
            if change is None or not fields.isdisjoint(change)
        }

    @cached_property
    def first_lines(self) -> str:
        """The method, and the lines of the fixed headers."""
        gone = self.skipped | self.left_out
        fixed = [getattr(self, name) for name in FIXED if name not in gone]
        return self.newline.join([self.method, *fixed, ""])

    @cached_property
    def header_lines(self) -> str:
        """The lines of the listed headers."""
        replaced = {"x-ca-timestamp": self.timestamp, "x-ca-nonce": self.nonce}
        values, spelling, separator = self.values, self.spelling, self.separator
        lines = []
        for name in self.names:
            key = name.lower()
            value = replaced.get(key)
            if value is None:
                value = values.get(key, "")
            lines.append(f"{spelling(name)}{separator}{value}")
        after = self.newlines_after_headers if lines else self.newlines_after_headers - 1
        return self.newline.join(lines) + self.newline * after

    @cached_property
    def last_line(self) -> str:
        """The path and the parameters."""
        sign = "=" if self.sign_empty else ""
        pairs = []
        for parameter in self.parameters:
            name, value = self.written(parameter)
            pairs.append(f"{name}={value}" if value else f"{name}{sign}")
        return signatures.path_and_parameters(self.path, pairs) + self.tail


def text_of(made: Rendering) -> str:
    """Return the string to sign."""
    text: str = made["first_lines"] + made["header_lines"] + made["last_line"] + made["end"]
    letters: Callable[[str], str] = made["letters"]
    return text if letters is unchanged else letters(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningContext:
    """The call as the catalogue looks at it. `form` is empty unless the body counts as a form."""

    call: Call
    secret: str
    known_secrets: Mapping[str, str]
    method: str
    query: Parameters
    form: Parameters
    body_as_form: Parameters
    body_text: str
    draft: Candidate
    query_wins: bool

    def sent(self, name: str) -> str | None:
        """Return a header's value as text; None if it was not sent."""
        value = header(self.call, name)
        return None if value is None else signatures.wire_text(value)

    def joined(self, query: Parameters, form: Parameters) -> Parameters:
        """Return query and form as they stand in the string, the right one first on a clash."""
        first, second = (query, form) if self.query_wins else (form, query)
        return tuple(sorted(once(first + second)))


def signing_context_of(
    call: Call, secret: str, known_secrets: Mapping[str, str], *, query_wins: bool = False
) -> SigningContext:
    """Return a call as the catalogue looks at it."""
    method = header(call, "x-ca-signature-method") or ""
    method = method if method in signatures.DIGESTS else signatures.DEFAULT_METHOD
    query = parameters_of(call.query.encode("latin-1", "replace"))
    is_form = media_type(header(call, "content-type")) == FORM_TYPE
    guessed = call.body if len(call.body) <= MOST_GUESSED_BYTES else b""
    body_as_form = parameters_of(call.body if is_form else guessed)
    form = body_as_form if is_form else ()
    first, second = (query, form) if query_wins else (form, query)
    parts = signatures.parts_of(call, query_wins=query_wins)
    accept, content_md5, content_type, date = parts.fixed
    draft = Candidate(
        method=parts.method,
        accept=accept,
        content_md5=content_md5,
        content_type=content_type,
        date=date,
        names=tuple(name for name, _ in parts.headers),
        values={name: signatures.wire_text(value) for name, value in reversed(call.headers)},
        path=parts.path,
        parameters=tuple(sorted(once(first + second))),
        secret=secret,
        digest=method,
    )
    return SigningContext(
        call=call,
        secret=secret,
        known_secrets=known_secrets,
        method=method,
        query=query,
        form=form,
        body_as_form=body_as_form,
        body_text=guessed.decode("utf-8", "surrogateescape"),
        draft=draft,
        query_wins=query_wins,
    )


def parameters_of(text: bytes) -> Parameters:
    """Return the parameters of a query or a form in the order they were sent."""
    raw = [pair.partition(b"=") for pair in text.split(b"&") if pair]
    return tuple(
        Parameter(name, value, _text(raw_name), _text(raw_value))
        for (name, value), (raw_name, _, raw_value) in zip(
            signatures.parse_pairs(text), raw, strict=True
        )
    )


def once(parameters: Parameters) -> Parameters:
    """Return each name once, with its first value."""
    found: dict[str, Parameter] = {}
    for parameter in parameters:
        found.setdefault(parameter.name, parameter)
    return tuple(found.values())


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
