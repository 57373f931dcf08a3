"""The calls of a client, and what can be asserted of them.

Rule 1: a call that asks the client to wait is one that was throttled, met a gateway or a service
that was not up to it, or had no answer that can be read: 429, 500 to 504, 403 with `Throttled by
...`, a connection that broke, half an answer, or one that took too long for the client.
Rule 2: what counts is what the client was sent, whatever had been decided.
Rule 3: an intent is what a submit asks for; the same fields twice are the same intent.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NoReturn, overload

from mock_server.audit.records import Finding, RecordedCall
from mock_server.domain.call.calls import Operation
from mock_server.domain.durations import parse_duration, show_duration
from mock_server.domain.findings import SEVERITIES
from mock_server.domain.suggestions import unknown
from mock_server.formatting import counted, printable
from mock_server.testing.tables import calls_table

SUBMIT = "submit_task"
BUSY = frozenset({429, 500, 502, 503, 504})

# What a call itself takes is in a pause that was measured.
LATENCY_MS = 100


class Calls(Sequence[RecordedCall]):
    """Calls in the order in which they came, as of the moment they were asked for."""

    def __init__(self, calls: Sequence[RecordedCall]) -> None:
        self._calls = tuple(calls)

    @overload
    def __getitem__(self, index: int) -> RecordedCall: ...
    @overload
    def __getitem__(self, index: slice) -> "Calls": ...
    def __getitem__(self, index: int | slice) -> "RecordedCall | Calls":
        """Return a call, or some of them."""
        return Calls(self._calls[index]) if isinstance(index, slice) else self._calls[index]

    def __len__(self) -> int:
        """How many calls there are."""
        return len(self._calls)

    def __iter__(self) -> Iterator[RecordedCall]:
        """Go through them."""
        return iter(self._calls)

    def __repr__(self) -> str:
        """Show them as the table that assertions print."""
        return calls_table(self._calls)

    def of(self, operation: str) -> "Calls":
        """Return the calls of one operation, such as `query_task`; what is no operation is called
        by its method and path, such as `GET /taskList`. Raises ValueError for no such name."""
        _check_operation(operation)
        return Calls([call for call in self._calls if call.operation == operation])

    @property
    def charged(self) -> "Calls":
        """The calls that cost a credit."""
        return Calls([call for call in self._calls if call.charged])

    @property
    def fen(self) -> int:
        """What they cost, in 1/100 yuan."""
        return sum(call.fen for call in self._calls if call.charged)

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with their requests."""
        return [finding for call in self._calls for finding in call.findings]

    def assert_count(self, expected: int, operation: str | None = None) -> None:
        """Fail unless that many calls were made, of one operation or of all."""
        __tracebackhide__ = True
        found = len(self._calls if operation is None else self.of(operation))
        if found != expected:
            what = f"{operation} calls" if operation else "calls"
            self._fail(f"expected {expected} {what}, found {found}")

    def assert_no_findings(self, severity: str = "error") -> None:
        """Fail if a request has a finding as bad as `severity`, or worse."""
        __tracebackhide__ = True
        if severity not in SEVERITIES:
            raise ValueError(unknown("severity", severity, SEVERITIES))
        bad = [finding for finding in self.findings if finding.at_least(severity)]
        if bad:
            lines = "\n".join(finding_line(finding) for finding in bad)
            self._fail(f"{counted(len(bad), 'finding')} in the requests:\n{lines}")

    def assert_no_duplicate_submits(self) -> None:
        """Fail if one intent was paid for, or made into a task, more than once."""
        __tracebackhide__ = True
        intents: dict[tuple[tuple[str, str], ...], list[RecordedCall]] = defaultdict(list)
        for call in self.of(SUBMIT):
            if call.charged or call.task_id:
                intents[tuple(sorted(call.fields.items()))].append(call)
        for fields, calls in intents.items():
            if len(calls) > 1:
                asked = ", ".join(f"{name}={value[:60]!r}" for name, value in fields)
                self._fail(f"one intent was submitted {len(calls)} times ({asked})")

    def assert_backed_off(
        self, at_least: str = "1s", *, factor: float = 1.0, operation: str | None = None
    ) -> None:
        """Fail unless the client waited after each call that asked it to, and ever longer.

        `at_least` is the first pause, `factor` how much longer each has to be than the one before,
        in a row of such calls of one operation: at least 1 s, 2 s, 4 s with a factor of two; and
        none is shorter than the one before. Time is the account's: a clock that a test moves
        counts. A client that gives up has waited. Fails if no call asked it to wait.
        """
        __tracebackhide__ = True
        least = parse_duration(str(at_least))
        if not 1 <= factor < math.inf:
            raise ValueError(f"factor={factor!r}: pauses grow by a factor of 1 or more")
        met = False
        if operation is not None:
            _check_operation(operation)
        for name in [operation] if operation else sorted({call.operation for call in self}):
            wanted, before = float(least), 0
            calls = Calls([call for call in self._calls if call.operation == name])
            met = met or any(map(asks_to_wait, calls))
            for call, following in pairwise(calls):
                if not asks_to_wait(call):
                    wanted, before = float(least), 0
                    continue
                pause = following.at - call.at
                needed = max(round(wanted), before - LATENCY_MS)
                if pause < needed:
                    self._fail(
                        f"{name} was called again {show_duration(pause)} after {_heard(call)}, "
                        f"not {show_duration(needed)} or more"
                    )
                wanted, before = wanted * factor, pause
        if not met:
            self._fail("no call was throttled or failed: there is nothing to back off from")

    def _fail(self, message: str) -> NoReturn:
        __tracebackhide__ = True
        raise AssertionError(f"{message}\n\n{calls_table(self._calls)}")


def asks_to_wait(call: RecordedCall) -> bool:
    """Whether an answer asks the client to wait before it calls again."""
    if call.mishap is not None and call.status in (0, 200):
        return True
    return call.status in BUSY or (call.status == 403 and "Throttled by" in call.message)


def _heard(call: RecordedCall) -> str:
    return f"an answer {call.answer}" if call.status else f"no answer ({call.answer})"


def _check_operation(name: str) -> None:
    if name in set(Operation) or " /" in str(name):
        return
    meant = str(name).replace("T", "_t").replace("L", "_l")  # `submitTask`, as in the path
    raise ValueError(unknown("operation", name, Operation, meant))


def finding_line(finding: Finding) -> str:
    """Return a finding as one line."""
    line = f"{finding.severity} {finding.id} ({finding.operation}): {finding.text}"
    return f"  {printable(line)}"
