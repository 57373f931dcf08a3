"""Takes what is personal out of the few texts of a recording that a scenario keeps.

Rule 1: a scenario keeps the service's remarks and messages, and nothing else that anybody wrote.
Rule 2: what is replaced is named by its kind, never shown.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from mock_server.domain.call import bodies
from mock_server.domain.call.redaction import SECRET_HEADERS, values_of
from mock_server.recordings.scenario.calls import RecordedCall

SHORTEST = 4
KINDS = {"text": "text", "your_prompt": "text", "qr_code_url": "address", "call_back": "address"}
FIELDS = (*KINDS, "task_id")
# The kind, what it looks like, and what stands in its place; what a client sent comes before these.
PATTERNS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("an address", re.compile(r"(?i)\bhttps?://[^\s\"'<>\u4e00-\u9fff]+"), "https://example.com/"),
    ("an e-mail address", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "someone@example.com"),
    ("an IP address", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"), "192.0.2.1"),
    ("an id", re.compile(r"(?i)(?<![0-9a-z])(?=[0-9a-f-]*\d)[0-9a-f-]{16,}(?![0-9a-z])"), "***"),
    ("a long number", re.compile(r"(?<!\d)\d{8,}(?!\d)"), "***"),
)
SENT = "what the client sent"


class Cleaner:
    """Replaces what is personal; knows what the clients of a recording sent."""

    def __init__(self, calls: Sequence[RecordedCall]) -> None:
        sent = {value for call in calls for value in _sent(call) if len(value) >= SHORTEST}
        self._sent = sorted(sent, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return a text without what is personal."""
        return self._cleaned(text)[0]

    def kinds(self, text: str) -> list[str]:
        """Return the kinds of what is personal in a text."""
        return self._cleaned(text)[1]

    def _cleaned(self, text: str) -> tuple[str, list[str]]:
        kinds = []
        for value in self._sent:
            if value in text:
                text = text.replace(value, "***")
                kinds.append(SENT)
        for kind, pattern, instead in PATTERNS:
            replaced = pattern.sub(instead, text)
            if replaced != text:
                text = replaced
                kinds.append(kind)
        return text, [*dict.fromkeys(kinds)]


def left_behind(calls: Sequence[RecordedCall]) -> dict[str, int]:
    """Return how much that is personal is in the recording and not in the scenario, by its kind."""
    counts: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for call in calls:
        for kind, value in _kinds(call):
            if (kind, value) not in seen:
                seen.add((kind, value))
                counts[kind] += 1
    return dict(counts)


def _kinds(call: RecordedCall) -> Iterator[tuple[str, str]]:
    for secret in values_of(call.exchange.call.headers):
        yield "credential", secret
    for name, value in _fields(call).items():
        if name in KINDS and value:
            yield KINDS[name], value
    tasks = {call.made, call.asked, *(task.id for task in call.seen)}
    yield from (("task id", name) for name in tasks if name is not None)


def _sent(call: RecordedCall) -> Iterator[str]:
    fields = _fields(call)
    yield from (fields[name].strip() for name in FIELDS if name in fields)
    for name, header in call.exchange.call.headers:
        if name.lower() in SECRET_HEADERS:
            yield header


def _fields(call: RecordedCall) -> dict[str, str]:
    """Return the fields of a call that are texts."""
    found = bodies.fields_of(call.exchange.call)
    return {name: value for name, value in found.items() if isinstance(value, str)}
