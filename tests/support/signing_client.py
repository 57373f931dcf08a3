"""A client that signs, written from the vendor's page and not from our verifier.

`sign` takes bugs: functions that change the data at one stage. The stages, in order: `facts` (what
the client believes it sends), `pairs` (the merged parameters), `lines` (headers and path), `text`
(the whole string), `mac` (the digest and its encoding).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from mock_server.domain.call.calls import Call

FORM = "application/x-www-form-urlencoded"
Pairs = list[tuple[str, str]]


@dataclass
class Request:
    """A request in a programmer's terms; `wire` encodes its texts."""

    method: str = "POST"
    path: str = "/submitTask"
    query: Pairs = field(default_factory=list)
    form: Pairs | None = None
    json: str | None = None
    accept: str | None = None
    content_type: str | None = None
    content_md5: str | None = None
    date: str | None = None
    ca: dict[str, str] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)
    host: str = "qr.test:3040"
    secret: str = "0123456789abcdef0123456789abcdef"
    digest: str = "sha256"

    @property
    def raw_query(self) -> str:
        return "&".join(f"{quote(name)}={quote(value)}" for name, value in self.query)

    @property
    def body(self) -> bytes:
        if self.form is not None:
            return "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in self.form).encode()
        return (self.json or "").encode()

    def wire(self, signature: str) -> Call:
        """Return the request in the form of a server's."""
        fixed = {
            "host": self.host,
            "accept": self.accept,
            "content-type": self.content_type,
            "content-md5": self.content_md5,
            "date": self.date,
        }
        headers = [(name, value) for name, value in fixed.items() if value is not None]
        headers += [(name.lower(), value) for name, value in self.ca.items()]
        if self.listed:
            headers.append(("x-ca-signature-headers", ",".join(self.listed)))
        headers.append(("x-ca-signature", signature))
        return Call(
            method=self.method,
            path=self.path,
            query=self.raw_query,
            headers=tuple((name, value.encode().decode("latin-1")) for name, value in headers),
            body=self.body,
        )


class Work:
    """The client's data while it signs; bugs change it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.method = request.method
        self.accept = request.accept or ""
        self.type = request.content_type or ""
        self.md5 = request.content_md5 or ""
        self.date = request.date or ""
        self.query = list(request.query)
        self.form = list(request.form or [])
        self.ca = dict(request.ca)
        self.signed = list(request.listed)
        self.path = request.path
        self.secret = request.secret
        self.digest = request.digest
        self.pairs: Pairs = []
        self.fixed_lines: list[str] = []
        self.header_text = ""
        self.last_line = ""
        self.text = ""
        self.encoding = "utf-8"
        self.mac: Callable[[bytes, bytes], bytes] = self._hmac
        self.write: Callable[[bytes], str] = lambda raw: base64.b64encode(raw).decode()

    def _hmac(self, key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, getattr(hashlib, self.digest)).digest()

    def put_together(self) -> None:
        """Sort the parameters; the first value of a name counts, the form's before the query's."""
        chosen: dict[str, str] = {}
        for name, value in self.form + self.query:
            if name not in chosen:
                chosen[name] = value
        self.pairs = [(name, chosen[name]) for name in sorted(chosen)]

    def make_lines(self) -> None:
        self.fixed_lines = [self.accept, self.md5, self.type, self.date]
        values = {name.lower(): value for name, value in self.ca.items()}
        values["x-ca-signature-headers"] = ",".join(self.request.listed)
        self.header_text = ""
        for name in sorted(self.signed):
            self.header_text += name + ":" + values.get(name.lower(), "") + "\n"
        self.last_line = self.path + parameters_text(self.pairs)

    def make_text(self) -> None:
        self.text = self.method + "\n"
        for line in self.fixed_lines:
            self.text += line + "\n"
        self.text += self.header_text + self.last_line


def parameters_text(pairs: Pairs, sign: str = "") -> str:
    """Return `?a=1&b`; '' if there are no parameters."""
    written = [name + "=" + value if value != "" else name + sign for name, value in pairs]
    return "?" + "&".join(written) if written else ""


Bug = tuple[str, Callable[[Work], Any]]


def sign(request: Request, *bugs: Bug) -> tuple[str, str]:
    """Return the string to sign and its signature."""
    work = Work(request)

    def spoil(stage: str) -> None:
        for where, how in bugs:
            if where == stage:
                how(work)

    spoil("facts")
    work.put_together()
    spoil("pairs")
    work.make_lines()
    spoil("lines")
    work.make_text()
    spoil("text")
    spoil("mac")
    message = work.text.encode(work.encoding)
    return work.text, work.write(work.mac(work.secret.encode(), message))


def content_md5(body: bytes) -> str:
    """Return the right Content-MD5."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def json_body(members: dict[str, Any]) -> str:
    """Return a JSON body in the style of most libraries."""
    return json.dumps(members, ensure_ascii=False)
