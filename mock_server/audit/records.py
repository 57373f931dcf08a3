"""What the simulator knows, as records: a call, a finding.

Rule 1: a client is judged by what it was sent, not by what was decided: the two differ where a
fault of the wire came between, or the client hung up.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.bodies import FORM_TYPE, parse_fields
from mock_server.domain.call.calls import BUG_HEADER
from mock_server.domain.call.wire_script import Delivered, End, status_sent
from mock_server.domain.findings import SEVERITIES

BUG_FINDING = "simulator-bug"
PAGE = "html_page"  # the kind of fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a request. `raw` is all that the journal says of it."""

    id: str
    severity: str
    call_id: int
    operation: str
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, call: Mapping[str, Any], found: Mapping[str, Any]) -> Self:
        """Return a finding of a journalled call."""
        return cls(
            id=str(found.get("id", "unnamed")),
            severity=str(found.get("severity", "error")),
            call_id=call["id"],
            operation=called(call),
            raw=found,
        )

    @property
    def says(self) -> str:
        """What is wrong, and where: the same for every request that is wrong in the same way."""
        says = str(self.raw.get("says") or self.raw.get("text") or "")
        place = self.raw.get("at")
        return f"{place}: {says}" if place and says else says or str(place or "")

    @property
    def text(self) -> str:
        """What is wrong, what was sent, and what to send instead."""
        parts = [self.says]
        if self.raw.get("sent") is not None:
            parts.append(f"sent {self.raw['sent']!r}")
        if self.raw.get("instead"):
            parts.append(f"send instead: {self.raw['instead']}")
        return "; ".join(part for part in parts if part)

    def at_least(self, severity: str) -> bool:
        """Whether it is as bad as `severity`, or worse; a word that is not known is an error."""
        return _rank(self.severity) <= _rank(severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call as the journal has it. `raw` is all of it; `fields` is what the client sent.

    `status` is that of the answer that the client was sent, 0 for none; `decided_status` is what
    the simulator had decided, and booked. `mishap` is what became of the answer on its way, such
    as `reset`, `cut` or `sent 502`; None if it arrived whole.
    """

    id: int
    at: int
    operation: str
    status: int
    decided_status: int
    mishap: str | None
    error_code: str | None
    charged: bool
    fen: int
    reason: str
    task_id: str | None
    findings: tuple[Finding, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, call: Mapping[str, Any]) -> Self:
        """Return a call from what the admin API says of it."""
        return cls(
            **{name: call[name] for name in _COPIED},
            status=status_sent(call["status"], call["sent"]),
            decided_status=call["status"] or 0,
            mishap=_mishap(call),
            operation=called(call),
            findings=tuple(Finding.of(call, found) for found in call["findings"]),
            raw=call,
        )

    @property
    def headers(self) -> dict[str, str]:
        """The headers that were sent, names in lower case, secrets hidden."""
        return _headers(self.raw["request"])

    @property
    def fields(self) -> dict[str, str]:
        """The fields that were sent, from a form or from JSON."""
        if self.raw["method"] == "GET":
            found = parse_fields(self.raw["path"].partition("?")[2].encode(), FORM_TYPE)
        else:
            found = parse_fields(_bytes(self.raw["request"]), self.headers.get("content-type"))
        return {name: value for name, value in found.items() if isinstance(value, str)}

    @property
    def answer_bytes(self) -> bytes:
        """The body that was decided, whatever became of it on its way."""
        return _bytes(self.raw["answer"])

    @property
    def result(self) -> dict[str, Any]:
        """What the service answered, without the envelope, even if it was lost on its way; empty
        for a gateway's error."""
        return service_body(self.answer_bytes) or {}

    @property
    def answer(self) -> str:
        """The answer as tables show it: `403 B403MQ`, or `200, reset`, or `200 (sent 502)`."""
        decided = f"{self.decided_status or ''} {self.error_code or ''}".strip()
        if self.mishap is None or not decided:
            return decided or str(self.status or self.mishap or "nothing")
        is_other = self.mishap.startswith("sent ")
        return f"{decided} ({self.mishap})" if is_other else f"{decided}, {self.mishap}"

    @property
    def message(self) -> str:
        """What the client could read: the gateway's message, or the service's remark."""
        if self.mishap is None and (said := self.result.get("remark") or self.result.get("msg")):
            return str(said)
        if self.status == 0 or _is_page(self.raw):
            return ""
        return str(_headers(self.raw["answer"]).get("x-ca-error-message", ""))

    @property
    def succeeded(self) -> bool:
        """Whether the client was sent a result, all of it: a 200 that refuses is none."""
        is_there = self.mishap is None and self.status == 200
        return is_there and str(self.result.get("ret_code")) == "0"

    @property
    def is_bug(self) -> bool:
        """Whether the simulator itself failed on it."""
        failed_later = any(finding.id == BUG_FINDING for finding in self.findings)
        return failed_later or BUG_HEADER.lower() in _headers(self.raw["answer"])


_COPIED = ("id", "at", "error_code", "charged", "fen", "reason", "task_id")


def called(call: Mapping[str, Any]) -> str:
    """Return what was called: the operation, else method and path."""
    return str(call["operation"] or f"{call['method']} {call['path']}"[:40])


def _mishap(call: Mapping[str, Any]) -> str | None:
    sent = call["sent"]
    if sent is None:
        return None
    if sent["left_after_ms"] is not None:
        return "hung up"
    if sent["what"] == Delivered.NOTHING:
        return "reset" if sent["end"] == End.RESET else "closed"
    if sent["what"] == Delivered.ALTERED and sent["status"] != call["status"]:
        return f"sent {sent['status']}"
    if _is_page(call):
        return "a web page"
    return None if sent["what"] == Delivered.WHOLE else str(sent["what"])


def _is_page(call: Mapping[str, Any]) -> bool:
    """Whether something else was sent in place of the answer, headers and all."""
    return any(each["kind"] == PAGE for each in call["faults"])


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in message["headers"]}


def _bytes(message: Mapping[str, Any]) -> bytes:
    text: str = message["body"]
    return base64.b64decode(text) if message["encoding"] == "base64" else text.encode()
