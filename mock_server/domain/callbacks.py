"""Callbacks: what is posted when a task completes, and what becomes of it.

Rule 1: the payload is exactly `resList` and `task_id` (claim callback-payload).
Rule 2: a callback is due when the status has turned, not before (claim callback-after-status).
Rule 3: any 2xx acknowledges; once means once (claims callback-ack, callback-once).
Rule 4: an address is judged at delivery, not at submission (claim callback-address).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

CONTENT_TYPE = "application/json; charset=utf-8"  # claim callback-content-type
MAX_ADDRESS_LENGTH = 2048


class CallbackState(StrEnum):
    """Where a planned delivery stands."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({CallbackState.DELIVERED, CallbackState.FAILED, CallbackState.CANCELLED})


class AddressError(ValueError):
    """A callback address that cannot be posted to; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A callback address taken apart. `host` is lower case, an IPv6 address without brackets."""

    url: str
    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt: a status, or the error that kept it from one."""

    status: int | None = None
    error: str | None = None
    body: bytes = b""
    duration_ms: int = 0

    @property
    def acknowledged(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


def payload(task_id: str, pictures: Sequence[object]) -> bytes:
    """Return the body of the POST."""
    value = {"resList": pictures, "task_id": task_id}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def state_after(outcome: Outcome) -> CallbackState:
    """Return where a callback stands after its attempt."""
    return CallbackState.DELIVERED if outcome.acknowledged else CallbackState.FAILED


def is_address(url: str) -> bool:
    """Whether a text is an http:// or https:// address."""
    try:
        parse_address(url)
    except AddressError:
        return False
    return True


def parse_address(url: str) -> Address:
    """Return the address of a callback. Raises AddressError for what is no http(s) address."""
    if len(url) > MAX_ADDRESS_LENGTH:
        raise AddressError(f"the address is longer than {MAX_ADDRESS_LENGTH} characters")
    if any(char <= " " or char == "\x7f" for char in url):
        raise AddressError("the address contains a space or a control character")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"not an address: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host:
        raise AddressError("not an http:// or https:// address")
    default = 443 if scheme == "https" else 80
    return Address(url=url, scheme=scheme, host=host.lower(), port=port or default)
