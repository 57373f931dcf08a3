"""What was done and what came of it, as numbered steps with their calls and yuan."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mock_server.formatting import printable_lines, yuan
from mock_server.testing.records import RecordedCall
from mock_server.testing.tables import totals

MOST_TEXT = 70


class ClientMistakeError(AssertionError):
    """The client did something wrong; the message is the story of it, `steps` how long it is."""

    def __init__(self, story: str, steps: int, *, is_endless: bool = False) -> None:
        super().__init__(story)
        self.steps = steps
        self.is_endless = is_endless


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong during a step: a failure on order, for some of its calls or for all."""

    says: str
    rule: dict[str, Any]
    loses_answer: bool = False


@dataclass(slots=True, kw_only=True)
class Step:
    """One thing that the client was made to do. Exactly one of `value` and `error` counts."""

    says: str
    trouble: Trouble | None = None
    calls: Sequence[RecordedCall] = ()
    value: Any = None
    error: Exception | None = None
    is_endless: bool = False
    is_ours: bool = False

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
