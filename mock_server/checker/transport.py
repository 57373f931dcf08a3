"""Sends the calls of `artqr-mock check`: charges the budget first, adds credentials, records them.

`Wire.call` is the only function that sends: right requests, wrong ones and probes use it, and
redirects are not followed. So every call is within the budget and in the reports.
"""

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

import requests

from mock_server.checker import budget as rules
from mock_server.checker.budget import Budget, Spent
from mock_server.checker.order import CheckCredentials
from mock_server.domain.auth.signatures import Signer, signing_headers
from mock_server.domain.call.calls import Call
from mock_server.domain.call.redaction import redact_address
from mock_server.domain.urls import is_this_machine

TIMEOUT_S = 30
HOUR_MS = 3_600_000
# Credentials that no server ever issued.
UNKNOWN_CODE = "00000000000000000000000000000000"
UNKNOWN_KEY = "100000000"


class SpentError(Exception):
    """The budget is used up; the message says what it lacks."""


class Who(StrEnum):
    """The credentials that a call carries."""

    OWN = "own"
    NONE = "none"
    UNKNOWN_CODE = "unknown-code"
    CODE_IN_QUERY = "code-in-query"
    WRONG_SIGNATURE = "wrong-signature"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAnswer:
    """An answer; header names are in lower case."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """A call that was made. `answer` None: no answer came; `error` says why."""

    request: requests.PreparedRequest
    who: Who
    answer: CheckAnswer | None
    error: str
    started_at: int
    took_ms: int


@dataclass(slots=True, kw_only=True)
class Wire:
    """The connection to one server, for one buyer, within one budget; it records every call."""

    credentials: CheckCredentials
    budget: Budget
    spent: Spent = field(default_factory=Spent)
    calls: list[SentRequest] = field(default_factory=list)
    trusted: str | None = None  # trusted certificates, if the environment names none
    moved: Mapping[str, str] = field(default_factory=dict)  # paths, by those of the contract
    _session: requests.Session = field(default_factory=requests.Session)

    def call(self, request: requests.PreparedRequest, who: Who = Who.OWN) -> SentRequest:
        """Charge a call, make it and record it. Raises SpentError."""
        self.check_budget()
        self.spent = rules.sent(self.budget, self.spent)
        parts = urlsplit(str(request.url))
        if parts.path in self.moved:  # any other address stays as it is, to the letter
            request.url = parts._replace(path=self.moved[parts.path]).geturl()
        authenticate(request, self.credentials, who)
        started_at, began_ns = _now_ms(), time.monotonic_ns()
        answer, error = self._exchange(request)
        if answer is not None:
            self.spent = rules.answered(self.budget, self.spent, answer.status)
        done = SentRequest(
            request=request,
            who=who,
            answer=answer,
            error=error,
            started_at=started_at,
            took_ms=(time.monotonic_ns() - began_ns) // 1_000_000,
        )
        self.calls.append(done)
        return done

    def check_budget(self) -> None:
        """Raise SpentError if the budget has not enough left for one more call."""
        lacks = rules.lack(self.budget, self.spent)
        if lacks is not None:
            raise SpentError(lacks)

    def _exchange(self, request: requests.PreparedRequest) -> tuple[CheckAnswer | None, str]:
        try:
            if self.trusted is not None:
                self._session.verify = self.trusted
            how = self._session.merge_environment_settings(str(request.url), {}, None, None, None)
            proxy = proxy_of(str(request.url))
            how["proxies"] = {} if proxy is None else {"all": proxy}
            got = self._session.send(request, timeout=TIMEOUT_S, allow_redirects=False, **how)
        except requests.RequestException as error:
            return None, _cause(error) + through(str(request.url))
        headers = {name.lower(): value for name, value in got.headers.items()}
        answer = CheckAnswer(
            status=got.status_code, reason=got.reason or "", headers=headers, body=got.content
        )
        return answer, ""


def proxy_of(url: str) -> str | None:
    """Return the proxy that calls to an address go through; this machine needs none."""
    if is_this_machine(urlsplit(url).hostname or ""):
        return None
    found = requests.utils.get_environ_proxies(url, no_proxy=None)
    proxy: str | None = requests.utils.select_proxy(url, found)
    return proxy


def through(url: str) -> str:
    """Return what a message about calls to an address adds to name their proxy."""
    proxy = proxy_of(url)
    return "" if proxy is None else f" (through the proxy {redact_address(proxy)})"


def _cause(error: BaseException) -> str:
    """Return the message of the innermost exception; libraries wrap it in several others."""
    while True:
        inner = getattr(error, "reason", None) or next(
            (each for each in error.args if isinstance(each, BaseException)), None
        )
        inner = inner if isinstance(inner, BaseException) else error.__cause__
        if inner is None:
            # Some messages begin with the address of an object in memory.
            message = re.sub(r"^<[^>]* object at 0x[0-9a-f]+>: ", "", str(error))
            return (message or type(error).__name__)[:200]
        error = inner


def authenticate(request: requests.PreparedRequest, own: CheckCredentials, who: Who) -> None:
    """Add credentials to a request: right ones, or those that a probe needs."""
    if who is Who.UNKNOWN_CODE:
        request.headers["Authorization"] = f"APPCODE {UNKNOWN_CODE}"
    elif who is Who.CODE_IN_QUERY:
        request.prepare_url(str(request.url), {"AppCode": own.app_code})
    elif who is Who.WRONG_SIGNATURE:
        _sign(request, own.key or UNKNOWN_KEY, "a secret that is not the right one", _now_ms())
    elif who is Who.STALE:
        _sign(request, own.key, own.secret, _now_ms() - HOUR_MS)
    elif who is Who.OWN and own.key:
        _sign(request, own.key, own.secret, _now_ms())
    elif who is Who.OWN:
        request.headers["Authorization"] = f"APPCODE {own.app_code}"


def _sign(request: requests.PreparedRequest, key: str, secret: str, at: int) -> None:
    request.headers.update(signed(request, key, secret, at))


def signed(request: requests.PreparedRequest, key: str, secret: str, at: int) -> dict[str, str]:
    """Return the headers that sign a request just before it is sent."""
    parts = urlsplit(request.url or "")
    call = Call(
        method=request.method or "",
        path=parts.path or "/",
        query=parts.query,
        headers=tuple(
            (name.lower(), _text(value)) for name, value in request.headers.items() if value
        ),
        body=body_of(request),
    )
    signer = Signer(key=key, secret=secret, at=at, nonce=str(uuid.uuid4()))
    return signing_headers(call, signer)


def body_of(request: requests.PreparedRequest) -> bytes:
    """Return the body of a request as bytes."""
    body = request.body
    return body.encode() if isinstance(body, str) else bytes(body or b"")  # type: ignore[arg-type]


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
