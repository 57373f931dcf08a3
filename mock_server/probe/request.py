"""The requests of a probe, written once: for the real service and for the world of the model.

Rule 1: a request is made of a sender. The real one has the buyer's credentials, the model's has
those of its own account; nothing else differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import quote, urlencode

from mock_server.domain.auth.signatures import (
    Signer,
    parts_of,
    sign,
    signing_headers,
    string_to_sign,
)
from mock_server.domain.call.bodies import FORM_TYPE
from mock_server.domain.call.calls import OWN_PATHS, Call, Headers, Operation

# Credentials that nobody was ever issued.
UNKNOWN_CODE = "0" * 32
WRONG_SECRET = "not the secret"  # noqa: S105 - that is the point of it
UNKNOWN_TASK = "0" * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What a request is made with.

    `host`: the Host header. `tasks`: the id of each task, by the move that submitted it.
    `listener`: the public address of the probe's own listener. `now`: ms, of a signature.
    """

    app_code: str = field(repr=False)
    key: str = ""
    secret: str = field(default="", repr=False)
    host: str
    paths: Mapping[Operation, str] = field(default_factory=lambda: OWN_PATHS)
    tasks: Mapping[str, str] = field(default_factory=dict)
    listener: str = ""
    now: int = 0
    nonce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """One request. Header names are written as they are sent; Host is one of them."""

    method: str = "POST"
    path: str
    query: str = ""
    headers: Headers
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def as_call(self) -> Call:
        """Return the request as a server reads it."""
        return Call(
            method=self.method,
            path=self.path,
            query=self.query,
            headers=tuple((name.lower(), value) for name, value in self.headers),
            body=self.body,
        )


def form(
    sender: Sender, operation: Operation, fields: Mapping[str, str], authorization: str = ""
) -> ProbeRequest:
    """Return a form for an operation; `authorization` '': with the sender's app code."""
    return to_path(sender, sender.paths[operation], fields, authorization)


def to_path(
    sender: Sender, path: str, fields: Mapping[str, str], authorization: str = ""
) -> ProbeRequest:
    """Return a form for any path."""
    return ProbeRequest(
        path=path,
        headers=(
            ("Host", sender.host),
            ("Authorization", authorization or f"APPCODE {sender.app_code}"),
            ("Content-Type", f"{FORM_TYPE}; charset=UTF-8"),
        ),
        body=_encoded(tuple(fields.items())),
    )


@lru_cache(maxsize=256)
def _encoded(fields: tuple[tuple[str, str], ...]) -> bytes:
    return urlencode(fields, quote_via=quote).encode()


def without(request: ProbeRequest, name: str) -> ProbeRequest:
    """Return a request without a header."""
    return replace(request, headers=tuple(each for each in request.headers if each[0] != name))


def with_header(request: ProbeRequest, name: str, value: str) -> ProbeRequest:
    """Return a request with a header set."""
    return replace(
        request, headers=(*(each for each in request.headers if each[0] != name), (name, value))
    )


def signed(request: ProbeRequest, sender: Sender, *, secret: str = "") -> ProbeRequest:
    """Return a request signed instead of with an app code, by another secret if one is given."""
    bare = without(request, "Authorization")
    signer = Signer(
        key=sender.key, secret=secret or sender.secret, at=sender.now, nonce=sender.nonce
    )
    added = signing_headers(bare.as_call(), signer)
    return replace(bare, headers=(*bare.headers, *added.items()))


def with_body(request: ProbeRequest, body: bytes) -> ProbeRequest:
    """Return a request with another body."""
    return replace(request, body=body)


def with_query(request: ProbeRequest, fields: Mapping[str, str]) -> ProbeRequest:
    """Return a request with a query."""
    return replace(request, query=urlencode(fields, quote_via=quote))


def by_get(request: ProbeRequest) -> ProbeRequest:
    """Return a form as a GET with the same fields in the query."""
    bare = without(request, "Content-Type")
    return replace(bare, method="GET", query=request.body.decode(), body=b"")


def signed_with_equals(request: ProbeRequest, sender: Sender) -> ProbeRequest:
    """Return a signed request whose string to sign writes `k=` for an empty value."""
    whole = signed(request, sender)
    text = string_to_sign(parts_of(whole.as_call()), empty_value_sign=True)
    return with_header(whole, "X-Ca-Signature", sign(sender.secret, text))
