"""What was done and what came of it, as numbered steps with their calls and yuan."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mock_server.audit.records import RecordedCall
from mock_server.formatting import printable_lines, yuan
from mock_server.testing.tables import totals

MOST_TEXT = 70
# A client whose patience ends about when the answer does may have missed it; each has a second.
PATIENCE_MS = 1000
MARGIN = 1.1


class ClientMistakeError(AssertionError):
    """The client did something wrong; the message is the story of it, `steps` how long it is."""

    def __init__(self, story: str, steps: int, *, is_endless: bool = False) -> None:
        super().__init__(story)
        self.steps = steps
        self.is_endless = is_endless


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong during a step: a failure on order, for some of its calls or for all.

    `loses_answer`: the client never receives the whole answer. `is_slow`: it does, if it waits.
    """

    says: str
    rule: dict[str, Any]
    loses_answer: bool = False
    is_slow: bool = False

    @property
    def for_one(self) -> bool:
        """Whether only the first calls of the step's operation are damaged: a client that lists
        the tasks before it submits has its submit damaged, not its list."""
        return "calls" in self.rule


@dataclass(slots=True, kw_only=True)
class Step:
    """One thing that the client was made to do. Exactly one of `value` and `error` counts."""

    says: str
    trouble: Trouble | None = None
    calls: Sequence[RecordedCall] = ()
    value: Any = None
    error: Exception | None = None
    seconds: float = 0.0
    is_endless: bool = False
    is_ours: bool = False

    @property
    def lost(self) -> bool:
        """Whether the client may have received no answer, through no fault of its own."""
        if self.trouble is None:
            return False
        return self.trouble.loses_answer or (self.trouble.is_slow and self._gave_up())

    @property
    def heard_all(self) -> bool:
        """Whether the client received every answer unchanged."""
        return self.trouble is None or (self.trouble.is_slow and not self._gave_up())

    def _gave_up(self) -> bool:
        """Whether the client may not have waited for the end of a slow answer."""
        slow_ms = max((takes_ms(call) for call in self.calls), default=0)
        nexts = zip(self.calls, self.calls[1:], strict=False)
        return (
            any(call.mishap for call in self.calls)
            or any(is_unheard(call, following) for call, following in nexts)
            or self.seconds * 1000 < slow_ms * (MARGIN if slow_ms >= PATIENCE_MS else 1)
        )

    def calls_of(self, operation: str) -> list[RecordedCall]:
        """Return its calls of one operation."""
        return [call for call in self.calls if call.operation == operation]

    def lines(self) -> list[str]:
        """Return what a person reads of it."""
        head = f"{self.says}, while {self.trouble.says}" if self.trouble else self.says
        calls = [_call_line(call) for call in self.calls[:8]]
        if len(self.calls) > 8:
            calls.append(f"... and {len(self.calls) - 8} more calls")
        if self.is_ours:
            return [head]
        if self.is_endless:
            what = "did not come back"
        elif self.error is not None:
            what = f"raised {type(self.error).__name__}: {short(self.error)}"
        else:
            what = f"returned {short(self.value, quoted=True)}"
        return [head, *(calls or ["(no call)"]), f"-> {what}"]


@dataclass(slots=True)
class Story:
    """The steps so far."""

    steps: list[Step] = field(default_factory=list)

    def wrong(self, message: str) -> ClientMistakeError:
        """Return the mistake that the last step has shown."""
        is_endless = self.steps[-1].is_endless
        text = printable_lines(f"{message}\n\n{self.text()}")
        return ClientMistakeError(text, len(self.steps), is_endless=is_endless)

    def text(self) -> str:
        """Return the whole story."""
        lines = []
        for number, step in enumerate(self.steps, 1):
            head, *rest = step.lines()
            lines += [f"{number:>3}. {head}", *(f"       {line}" for line in rest)]
        return "\n".join([*lines, "", totals(self.calls())])

    def calls(self) -> list[RecordedCall]:
        """Return every call of the client."""
        return [call for step in self.steps for call in step.calls]


def takes_ms(call: RecordedCall) -> int:
    """Return how long its answer takes to arrive, for a client that waits."""
    sent = call.raw["sent"] or {}
    late: int = sent.get("late_ms", 0) + sent.get("lasts_ms", 0)
    return late


def is_unheard(call: RecordedCall, following: RecordedCall) -> bool:
    """Whether the client cannot have had an answer when it called again."""
    is_late = following.raw["real_at"] < call.raw["real_at"] + takes_ms(call)
    return call.mishap is not None or is_late


def short(value: Any, *, quoted: bool = False) -> str:
    """Return a value for a line of a story."""
    text = repr(value) if quoted else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 3 * MOST_TEXT else text[: 3 * MOST_TEXT - 3] + "..."


def shown(fields: dict[str, str]) -> str:
    """Return fields as a story names them."""
    return " ".join(f"{name}={_cut(value)!r}" for name, value in fields.items()) or "nothing"


def _cut(value: str) -> str:
    return value if len(value) <= MOST_TEXT else f"{value[: MOST_TEXT - 20]}... ({len(value)} long)"


def _call_line(call: RecordedCall) -> str:
    answer = f"{call.status or 'nothing'} {call.error_code or ''}".strip()
    cost = yuan(call.fen) if call.charged else "-"
    said = "" if call.succeeded else call.message[:MOST_TEXT]
    return f"{call.operation:<12} {answer:<11} {cost:>5}  {said}".rstrip()
