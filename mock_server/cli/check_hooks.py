"""What schemathesis loads under `artqr-mock check`: credentials, freshness, and the budget.

It runs in a process of its own. Everything that leaves that process goes through `send` below:
generated calls, probes, redirects. So no call is made that was not paid for before.
"""

import base64
import hashlib
import json
import os
import re
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import schemathesis
from requests.adapters import HTTPAdapter

from mock_server.cli.check import VARIABLE
from mock_server.domain import budget as rules
from mock_server.domain.bodies import FORM_TYPE, media_type
from mock_server.domain.budget import Budget, Spent
from mock_server.domain.calls import Call
from mock_server.domain.signatures import DIGESTS, parts_of, sign, string_to_sign

LISTED = ("X-Ca-Key", "X-Ca-Nonce", "X-Ca-Timestamp")
DIGEST = re.compile(r"[A-Za-z0-9+/]{22}==")


class SpentError(KeyboardInterrupt):
    """The budget is used up; to schemathesis it is the user who stops the run."""


class Purse:
    """What is left of the budget, written down after every step for whoever started us."""

    def __init__(self, budget: Budget, report: Path) -> None:
        self._budget = budget
        self._report = report
        self.spent = Spent()

    def pay(self) -> None:
        """Pay for one call before it is sent. Raises SpentError."""
        lacks = rules.lack(self._budget, self.spent)
        if lacks is not None:
            self._write(lacks)
            raise SpentError(lacks)
        self.spent = rules.sent(self._budget, self.spent)
        self._write(None)

    def settle(self, status: int) -> None:
        """Take the answer into account."""
        self.spent = rules.answered(self._budget, self.spent, status)
        self._write(None)

    def _write(self, stopped: str | None) -> None:
        self._report.write_text(json.dumps({**asdict(self.spent), "stopped": stopped}), "utf-8")


def freshen(headers: Any) -> None:
    """Do what no schema can say: each nonce is a new one, a timestamp is the present time."""
    if headers.get("X-Ca-Nonce"):
        headers["X-Ca-Nonce"] = str(uuid.uuid4())
    if re.fullmatch("[0-9]{1,18}", str(headers.get("X-Ca-Timestamp", ""))):
        headers["X-Ca-Timestamp"] = str(time.time_ns() // 1_000_000)


def signed(request: requests.PreparedRequest, key: str, secret: str) -> dict[str, str]:
    """Return the headers that sign a request as it is about to leave."""
    body = _bytes(request.body)
    fresh = {
        "X-Ca-Key": key,
        "X-Ca-Nonce": str(uuid.uuid4()),
        "X-Ca-Timestamp": str(time.time_ns() // 1_000_000),
        "X-Ca-Signature-Headers": ",".join(LISTED),
    }
    headers = {**request.headers, **fresh}
    digest = headers.get("Content-MD5")
    if digest is not None and DIGEST.fullmatch(str(digest)):
        # A digest in the right form is one that the client has computed.
        is_form = media_type(_text(headers.get("Content-Type") or "")) == FORM_TYPE
        right = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        fresh["Content-MD5"] = headers["Content-MD5"] = "" if is_form or not body else right
    method = str(headers.get("X-Ca-Signature-Method") or "HmacSHA256")
    if method not in DIGESTS:
        method = "HmacSHA256"
    parts = urlsplit(request.url or "")
    call = Call(
        method=request.method or "",
        path=parts.path or "/",
        query=parts.query,
        headers=tuple((name.lower(), _text(value)) for name, value in headers.items() if value),
        body=body,
    )
    fresh["X-Ca-Signature"] = sign(secret, string_to_sign(parts_of(call)), method)
    return fresh


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def install(order: dict[str, Any]) -> Purse:
    """Take over all that is sent from this process."""
    purse = Purse(Budget(**order["budget"]), Path(order["report"]))
    target, original = urlsplit(order["url"]).netloc, HTTPAdapter.send

    def send(self: HTTPAdapter, request: requests.PreparedRequest, **how: Any) -> Any:
        if urlsplit(request.url or "").netloc != target:
            raise requests.ConnectionError(f"{request.url} is not the server to check")
        if order["key"]:
            new = signed(request, order["key"], order["secret"])
            request.headers.update({name: value for name, value in new.items() if value})
            if new.get("Content-MD5") == "":
                del request.headers["Content-MD5"]
        else:
            request.headers["Authorization"] = f"APPCODE {order['app_code']}"
        purse.pay()
        answer = original(self, request, **how)
        purse.settle(answer.status_code)
        return answer

    HTTPAdapter.send = send  # type: ignore[method-assign,assignment]
    return purse


if VARIABLE in os.environ:
    install(json.loads(os.environ[VARIABLE]))

    @schemathesis.hook
    def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
        """Keep the promises of the document before a call is sent."""
        freshen(case.headers)
