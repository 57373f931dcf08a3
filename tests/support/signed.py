"""A client that signs, written from the gateway's manual without any of the simulator's code.

A test builds a request, signs it, and may change it before or after.
"""

import base64
import hashlib
import hmac
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qsl

from tests.support.exchanges import HOST, Headers, Reply
from tests.support.flask_and_serve import FlaskServer
from tests.support.worlds import START_AT, World

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
SUBMIT = b"text=https%3A%2F%2Fexample.com&style_id=food_fryrice"
FIXED = ("Accept", "Content-MD5", "Content-Type", "Date")
HASHES = {"HmacSHA256": "sha256", "HmacSHA1": "sha1"}

_nonces = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An outgoing request; header names are as on the wire."""

    target: str = "/submitTask"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = SUBMIT

    def with_headers(self, **headers: str | None) -> Self:
        """Return the request with headers set, or removed by None; `_` stands for `-`."""
        kept = dict(self.headers)
        for spelt, value in headers.items():
            name = next((each for each in kept if _same(each, spelt)), spelt.replace("_", "-"))
            if value is None:
                kept.pop(name, None)
            else:
                kept[name] = value
        return replace(self, headers=kept)

    def header(self, name: str) -> str:
        """Return a header's value, empty if it is absent."""
        return next((v for k, v in self.headers.items() if k.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A client's key pair."""

    key: str
    secret: str
    method: str = "HmacSHA256"

    @classmethod
    def of(cls, account: Mapping[str, Any]) -> Self:
        """Return the signer for an account's JSON of the admin API."""
        return cls(key=account["app_key"], secret=account["app_secret"])

    def signed(
        self, request: Request | None = None, *, names: Iterable[str] | None = None
    ) -> Request:
        """Return a request with its signature. `names`: the list of signed headers, in their
        spelling.
        """
        request = self.prepared(request)
        if names is None:
            names = [name for name in request.headers if name.lower().startswith("x-ca-")]
        listed = list(names)
        if listed:
            request = request.with_headers(X_Ca_Signature_Headers=",".join(listed))
        signature = self.signature(string_to_sign(request, listed))
        return request.with_headers(X_Ca_Signature=signature)

    def prepared(self, request: Request | None = None) -> Request:
        """Return a request with everything but its signature; headers that it has already stay."""
        request = request or Request()
        usual = {
            "Accept": "application/json",
            "Content-Type": FORM,
            "X-Ca-Key": self.key,
            "X-Ca-Timestamp": str(START_AT),
            "X-Ca-Nonce": f"nonce-{next(_nonces)}",
        }
        if self.method != "HmacSHA256":
            usual["X-Ca-Signature-Method"] = self.method
        sent = {name.lower() for name in request.headers}
        added = {name: value for name, value in usual.items() if name.lower() not in sent}
        return replace(request, headers={**added, **request.headers})

    def signature(self, text: str) -> str:
        """Return the signature of a string."""
        digest = hmac.new(self.secret.encode(), text.encode(), HASHES[self.method]).digest()
        return base64.b64encode(digest).decode()


def string_to_sign(request: Request, names: Sequence[str], *, query_first: bool = False) -> str:
    """Return the string to sign that the manual describes for this request."""
    path, _, query = request.target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    form = parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)
    if "x-www-form-urlencoded" in request.header("Content-Type"):
        pairs = pairs + form if query_first else form + pairs
    first: dict[str, str] = {}
    for name, value in pairs:
        first.setdefault(name, value)
    parameters = "&".join(f"{k}={v}" if v else k for k, v in sorted(first.items()))
    lines = [request.method, *(request.header(name) for name in FIXED)]
    lines += [f"{name}:{request.header(name)}" for name in sorted(names)]
    return "\n".join([*lines, f"{path}?{parameters}" if parameters else path])


def with_app_code(app_code: str = "mock-demo", request: Request | None = None) -> Request:
    """Return a request with the app code."""
    request = request or Request()
    sent = {"Authorization": f"APPCODE {app_code}", "Content-Type": FORM, **request.headers}
    return replace(request, headers=sent)


def content_md5(body: bytes) -> str:
    """Return the Content-MD5 that the manual requires."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def send(world: World, request: Request) -> Reply:
    """Send a request to the Flask application without any change."""
    headers: Headers = [("Host", HOST), *request.headers.items()]
    return FlaskServer(world.http).send(request.method, request.target, headers, request.body)


def header(reply: Reply, name: str) -> str | None:
    """Return a header of an answer with exactly this spelling."""
    return dict(reply.headers).get(name)


def seen(reply: Reply) -> tuple[int, str | None]:
    """Return status and error code of an answer."""
    return reply.status, header(reply, "X-Ca-Error-Code")


def _same(name: str, spelt: str) -> bool:
    return name.lower() == spelt.lower().replace("_", "-")
