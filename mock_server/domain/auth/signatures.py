"""AppKey and AppSecret: the string to sign and its signature, as the gateway builds them.

Rule 1: METHOD, Accept, Content-MD5, Content-Type and Date take one line each, empty if absent. Then
come the listed headers, one `name:value` per line, sorted by the names as the client spelt them.
Path and parameters are the last line (claim string-to-sign).
Rule 2: query and form parameters are merged, sorted by name, with decoded values. A repeated name
counts once, with its first value. An empty value leaves the name alone (claims string-parameters,
string-empty-value).
Rule 3: if query and form have a parameter of the same name, the gateway tries the form's value,
then the query's (claim string-name-clash).
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from urllib.parse import unquote_to_bytes

from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.bodies import FORM_TYPE, media_type
from mock_server.domain.call.calls import Call, header
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass

DIGESTS = {"HmacSHA256": hashlib.sha256, "HmacSHA1": hashlib.sha1}
DEFAULT_METHOD = "HmacSHA256"

FIXED_HEADERS = ("accept", "content-md5", "content-type", "date")
# These are never among the listed headers, even if a client lists them.
NEVER_LISTED = frozenset({*FIXED_HEADERS, "x-ca-signature", "x-ca-signature-headers"})

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a string to sign. `fixed` are the values of FIXED_HEADERS.

    Bytes that are not UTF-8 are kept by surrogate escapes.
    """

    method: str
    fixed: tuple[str, str, str, str]
    headers: Pairs
    path: str
    parameters: Pairs


def parts_of(call: Call, *, query_wins: bool = False) -> Parts:
    """Return the parts of the string that a call should have signed."""
    query = parse_pairs(call.query.encode("latin-1"))
    form = form_pairs(call)
    first, second = (query, form) if query_wins else (form, query)
    values = {**_first_values(second), **_first_values(first)}
    return Parts(
        method=call.method.upper(),
        fixed=tuple(wire_text(header(call, name) or "") for name in FIXED_HEADERS),  # type: ignore[arg-type]
        headers=tuple(
            (name, wire_text(header(call, name.lower()) or "")) for name in sorted(listed(call))
        ),
        path=wire_text(call.path),
        parameters=tuple(sorted(values.items())),
    )


def string_to_sign(parts: Parts, *, empty_value_sign: bool = False) -> str:
    """Return the string to sign; `empty_value_sign` writes `k=` for an empty value."""
    lines = [parts.method, *parts.fixed, *(f"{name}:{value}" for name, value in parts.headers)]
    sign = "=" if empty_value_sign else ""
    pairs = [f"{name}={value}" if value else f"{name}{sign}" for name, value in parts.parameters]
    return "\n".join([*lines, path_and_parameters(parts.path, pairs)])


def path_and_parameters(path: str, pairs: list[str]) -> str:
    """Return the last line of the string to sign."""
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def sign(secret: str, text: str, method: str = DEFAULT_METHOD) -> str:
    """Return the signature of a string: base64 of its HMAC. `method` is a key of DIGESTS."""
    return base64.b64encode(digest(secret, text, method)).decode()


def digest(secret: str, text: str, method: str) -> bytes:
    """Return the HMAC of a string; both sides are UTF-8 (claim signature-digest)."""
    return hmac.digest(
        secret.encode(), text.encode("utf-8", "surrogateescape"), DIGESTS[method]().name
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs a call, and what no other call of the same key has: the time in ms, the nonce."""

    key: str
    secret: str = field(repr=False)
    at: int
    nonce: str


def signing_headers(
    call: Call, signer: Signer, *, method: str = DEFAULT_METHOD, also: Iterable[str] = ()
) -> dict[str, str]:
    """Return the headers that sign a call, to be sent with those that it has.

    `also` names other headers of the call, in lower case, that are signed as well. A header that
    the call has under one of the returned names does not count.
    """
    added = {
        "X-Ca-Key": signer.key,
        "X-Ca-Timestamp": str(signer.at),
        "X-Ca-Nonce": signer.nonce,
    }
    added["X-Ca-Signature-Headers"] = ",".join(sorted({*_lower(added), *also}))
    # Before those of the call: the first of a name counts.
    headers = (*_lower(added).items(), *call.headers)
    text = string_to_sign(parts_of(replace(call, headers=headers)))
    return {**added, "X-Ca-Signature": sign(signer.secret, text, method)}


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def accepted_strings(call: Call, readings: Readings) -> list[str]:
    """Return every string that the gateway accepts a signature of, the documented one first."""
    parts = [parts_of(call)]
    if call.query and (other := parts_of(call, query_wins=True)) != parts[0]:
        parts.append(other)
    strings = [string_to_sign(each) for each in parts]
    if readings.signature_empty_value == "with-equals":
        strings += [string_to_sign(each, empty_value_sign=True) for each in parts]
    return strings


def verify(call: Call, secret: str, readings: Readings) -> None:
    """Check the signature of a call. Raises I400HD, I400I5 or A403IS."""
    method = header(call, "x-ca-signature-method") or DEFAULT_METHOD
    if method not in DIGESTS:  # claim header-unreadable
        raise GatewayError(
            "I400HD",
            "`X-Ca-Signature-Method` is not supported",
            rule=AnswerRule.SIGNATURE_METHOD_UNKNOWN,
        )
    check_content_md5(call)
    strings = accepted_strings(call, readings)
    sent = header(call, "x-ca-signature") or ""
    matched = [same_text(sign(secret, text, method), sent) for text in strings]
    if not any(matched):
        # The echo is the documented form, newlines as # (claim signature-echo).
        echo = strings[0].replace("\n", "#").encode("utf-8", "surrogateescape").decode("latin-1")
        raise GatewayError("A403IS", echo, rule=AnswerRule.SIGNATURE_WRONG)


def check_content_md5(call: Call) -> None:
    """Check Content-MD5 if it was sent (claim content-md5). Raises I400I5."""
    sent = header(call, "content-md5")
    if sent is None:
        return
    if not call.body:
        raise GatewayError("I400I5", "the body is empty", rule=AnswerRule.DIGEST_OF_NO_BODY)
    if not same_text(content_md5(call.body), sent):
        raise GatewayError(
            "I400I5", "it is not the base64 MD5 of the body", rule=AnswerRule.DIGEST_WRONG
        )


def content_md5(body: bytes) -> str:
    """Return the right Content-MD5 of a body: base64 of the MD5 of its bytes."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def listed(call: Call) -> list[str]:
    """Return the header names that X-Ca-Signature-Headers lists, in the client's spelling and
    order.
    """
    names = [name.strip() for name in (header(call, "x-ca-signature-headers") or "").split(",")]
    wanted = [name for name in names if name and name.lower() not in NEVER_LISTED]
    return list(dict.fromkeys(wanted))


def form_pairs(call: Call) -> Pairs:
    """Return the parameters of a form body; no other body is part of the string to sign."""
    if media_type(header(call, "content-type")) != FORM_TYPE:
        return ()
    return parse_pairs(call.body)


def parse_pairs(text: bytes) -> Pairs:
    """Return decoded names and values in the order they were sent."""
    pairs = []
    for pair in text.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            pairs.append((_decoded(name), _decoded(value)))
    return tuple(pairs)


def wire_text(value: str) -> str:
    """Return a header value decoded as UTF-8, which is how clients send text."""
    return value.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def same_text(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode("utf-8", "surrogateescape"))


def _first_values(pairs: Pairs) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    return values


def _decoded(quoted: bytes) -> str:
    return unquote_to_bytes(quoted.replace(b"+", b" ")).decode("utf-8", "surrogateescape")
