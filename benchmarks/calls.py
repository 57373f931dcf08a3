"""Calls that wrk repeats, and what is checked of their answers."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import urllib3

from mock_server.domain.auth import signatures
from mock_server.domain.call.calls import Call
from mock_server.real_clock import wall_clock

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
FIELDS = {"text": "https://example.com", "style_id": "food_fryrice"}
# Nobody listens there: with a frozen clock nothing is delivered, and the address is well formed.
NOBODY = "http://127.0.0.1:9/cb"
Check = Callable[[bytes], None]
_nonces = itertools.count(1)


class WrongAnswerError(Exception):
    """A server did not answer what it is measured for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `header_sets`: values of headers that differ in every call, if any do."""

    url: str
    check: Check
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    header_sets: Callable[[int], Iterator[Mapping[str, str]]] | None = None

    def to(self, url: str, check: Check) -> "Request":
        """Return the same request to another server."""
        return replace(self, url=url, check=check, header_sets=None)


def checked(request: Request) -> bytes:
    """Send a request once and return its body. Raises WrongAnswerError."""
    headers = dict(request.headers)
    if request.header_sets is not None:
        headers |= next(request.header_sets(1))
    answer = urllib3.request(
        request.method, request.url, body=request.body or None, headers=headers, retries=False
    )
    if answer.status != 200:
        raise WrongAnswerError(f"{request.url} answered {answer.status}: {answer.data[:300]!r}")
    request.check(answer.data)
    return answer.data


def submit_json(base_url: str, app_code: str, call_back: str = NOBODY) -> Request:
    """Return a submit with JSON and an address for the callback."""
    body = json.dumps({**FIELDS, "call_back": call_back})
    return Request(
        url=f"{base_url}/submitTask",
        headers=_headers(app_code, JSON),
        body=body,
        check=is_submitted,
    )


def submit_form(base_url: str, app_code: str, call_back: str | None = None) -> Request:
    """Return a submit with a form, without a callback if there is no address for it."""
    fields = FIELDS if call_back is None else {**FIELDS, "call_back": call_back}
    return Request(
        url=f"{base_url}/submitTask", headers=_headers(app_code, FORM), body=urlencode(fields),
        check=is_submitted,
    )  # fmt: skip


def submit_signed(base_url: str, key: str, secret: str) -> Request:
    """Return a submit with a form that is signed anew, with a nonce of its own, for every call."""
    headers = {"Accept": "application/json", "Content-Type": FORM}
    body = urlencode(FIELDS)

    def signed(count: int) -> Iterator[Mapping[str, str]]:
        call = Call(
            method="POST", path="/submitTask", body=body.encode(),
            headers=tuple((name.lower(), value) for name, value in headers.items()),
        )  # fmt: skip
        now = wall_clock()
        for _ in range(count):
            nonce = f"{now:x}-{next(_nonces):x}"
            signer = signatures.Signer(key=key, secret=secret, at=now, nonce=nonce)
            yield signatures.signing_headers(call, signer)

    return Request(
        url=f"{base_url}/submitTask", headers=headers, body=body, check=is_submitted,
        header_sets=signed,
    )  # fmt: skip


def query(base_url: str, app_code: str, task_id: str) -> Request:
    """Return a query of one task."""

    def is_queried(answer: bytes) -> None:
        body = _service_body(answer)
        if body.get("task_id") != task_id or not body.get("status"):
            raise WrongAnswerError(f"no status of {task_id}: {answer[:300]!r}")

    return Request(
        url=f"{base_url}/queryTask", headers=_headers(app_code, FORM),
        body=urlencode({"task_id": task_id}), check=is_queried,
    )  # fmt: skip


def task_list(base_url: str, app_code: str, page: int, size: int = 30) -> Request:
    """Return a request for one full page of the list."""

    def is_listed(answer: bytes) -> None:
        body = _service_body(answer)
        if body.get("currentPage") != page or len(body.get("contentlist", ())) != size:
            raise WrongAnswerError(f"not page {page} with {size} tasks: {answer[:300]!r}")

    return Request(
        url=f"{base_url}/taskList", headers=_headers(app_code, FORM), check=is_listed,
        body=urlencode({"page": page, "maxResult": size}),
    )  # fmt: skip


def is_submitted(answer: bytes) -> None:
    """Check that an answer names a new task. Raises WrongAnswerError."""
    if len(str(_service_body(answer).get("task_id"))) != 24:
        raise WrongAnswerError(f"no task was submitted: {answer[:300]!r}")


def task_id_of(answer: bytes) -> str:
    """Return the id of the task that a submit made."""
    return str(_service_body(answer)["task_id"])


def _service_body(answer: bytes) -> Any:
    try:
        envelope = json.loads(answer)
        body = envelope["showapi_res_body"]
    except (ValueError, KeyError, TypeError):
        raise WrongAnswerError(f"not an answer of the service: {answer[:300]!r}") from None
    if envelope["showapi_res_code"] != 0 or int(body["ret_code"]) != 0:
        raise WrongAnswerError(f"the service refused: {answer[:300]!r}")
    return body


def _headers(app_code: str, content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Authorization": f"APPCODE {app_code}"}
