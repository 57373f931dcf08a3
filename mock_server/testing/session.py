"""One test run: its server, what each test's world has done, and what it comes to."""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_server.admin_client import RefusedError, UnreachableError
from mock_server.audit.records import Finding, RecordedCall
from mock_server.domain.findings import ONLY_AT_THE_END, SEVERITIES
from mock_server.formatting import counted, severity_count, yuan
from mock_server.testing.calls import Calls, finding_line
from mock_server.testing.server import NOBODY, NOT_FOUND, MockServer
from mock_server.testing.tables import calls_table
from mock_server.testing.world import World

MAX_SEED = 2**53  # what every JSON reader can hold
MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """What a test may do: cost so much, and have findings less bad than this severity."""

    max_fen: int | None = None
    findings: str | None = None


@dataclass(slots=True, kw_only=True)
class Totals:
    """What the tests of a run came to; those of several processes can be added up."""

    calls: int = 0
    charged: int = 0
    fen: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    # Of each kind that was seen, one: what was sent differs from call to call.
    examples: dict[str, str] = field(default_factory=dict)
    # What could be said of no test, as the last one was over.
    untold: list[str] = field(default_factory=list)

    def add(self, calls: Calls) -> None:
        """Count calls."""
        self.calls += len(calls)
        self.charged += len(calls.charged)
        self.fen += calls.fen
        self.add_findings(calls.findings)

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Count findings."""
        for finding in findings:
            self.findings[finding.severity] += 1
            kind = f"{finding.severity} {finding.id} {finding.operation} {finding.says}"
            self.seen[kind] += 1
            self.examples.setdefault(kind, finding_line(finding).strip())

    def as_json(self) -> dict[str, Any]:
        """Return it for another process."""
        return {
            "calls": self.calls,
            "charged": self.charged,
            "fen": self.fen,
            "findings": dict(self.findings),
            "seen": dict(self.seen),
            "examples": self.examples,
            "untold": self.untold,
        }

    def add_json(self, other: Mapping[str, Any]) -> None:
        """Add what another process has counted."""
        self.calls += other["calls"]
        self.charged += other["charged"]
        self.fen += other["fen"]
        self.findings.update(other["findings"])
        self.seen.update(other["seen"])
        self.examples = {**other["examples"], **self.examples}
        self.untold += other["untold"]

    def lines(self) -> list[str]:
        """Return what a person reads at the end of a run."""
        found = sum(self.findings.values())
        kinds = ", ".join(
            severity_count(severity, self.findings[severity])
            for severity in (*SEVERITIES, *sorted(set(self.findings) - set(SEVERITIES)))
            if self.findings[severity]
        )
        head = (
            f"{counted(self.calls, 'call')}, {self.charged} charged, {yuan(self.fen)} yuan of the "
            f"simulator's money, {counted(found, 'finding')}" + (f" ({kinds})" if kinds else "")
        )
        latest = self.seen.most_common(MOST_FINDINGS)
        more = len(self.seen) - len(latest)
        lines = [head, *(f"  {times} x {self.examples[kind]}" for kind, times in latest)]
        return [*lines, *([f"  ... and {more} more kinds"] if more else []), *self.untold]


def seed_of(test: str, base: int) -> int:
    """Return the seed of a test's world: the same in every run, in any order."""
    digest = hashlib.sha256(f"{base} {test}".encode()).digest()
    return int.from_bytes(digest[:8]) % MAX_SEED


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    """Why a test has to fail whatever it says itself."""

    text: str
    is_bug: bool = False


class Session:
    """The worlds of a test run.

    Rule 1: a test is judged after each of its phases, by all calls since it began, in every world.
    Rule 2: what was said of a test is not said again: `verdict` tells each thing once.
    Rule 3: a world is let go of after the teardown of its test, which may call the API as well.
    Then the world says what its client never did; of a test that failed it says nothing, because
    that one was cut short.
    """

    def __init__(self, server: MockServer, limits: SessionLimits, *, is_shared: bool) -> None:
        self.server = server
        self.totals = Totals()
        self.passed = False
        self._limits = limits
        self._is_shared = is_shared
        self._is_over = False
        self._last: dict[str, int] = {}
        self._nobody = 0
        self._closed: list[World] = []
        server.on_retired = self._retired
        server.before_emptied = self._look
        self.begin()

    def begin(self) -> None:
        """Start a test."""
        self.passed = False
        self._test: list[RecordedCall] = []
        self._judged = 0
        self._retired_fen = 0
        self._told: set[str] = set()
        self._never: list[Finding] | None = None

    def verdict(self, max_fen: int | None = None, *, has_ended: bool = False) -> RunVerdict | None:
        """Return why the test has to fail, if that has not been said already.

        `max_fen` is what the test may cost, if it says so itself. `has_ended`: it calls no more.
        """
        try:
            self._look()
            never = self._never_done() if has_ended else []
        except (UnreachableError, RefusedError) as error:
            return self._once("lost", f"the calls of this test cannot be read: {error}")
        calls, new = Calls(self._test), self._new
        self._judged = len(calls)
        wrongs = [self._too_dear(calls, max_fen), self._bad_findings([*new.findings, *never])]
        bugs = [call for call in new if call.is_bug]
        if bugs:
            return RunVerdict(text=f"{self.server.bug_text(bugs)}\n\n{calls!r}", is_bug=True)
        return next((wrong for wrong in wrongs if wrong), None)

    def story(self) -> str:
        """Return the calls of the test so far, for the report of one that failed."""
        return calls_table(self._test) if self._test else ""

    def close(self, world: World) -> None:
        """Let go of a world once its test is over."""
        self._closed.append(world)

    def end(self) -> None:
        """The test is over, and all is said of it."""
        self._release()
        self.begin()

    def finish(self) -> None:
        """Look for the last time: the server ends."""
        with contextlib.suppress(UnreachableError, RefusedError):
            self._look()
            self._never_done()  # the server ends before its last test is judged
            self.passed = self.passed and not any(call.is_bug for call in self._new)
            self._release()
        self._is_over = True

    def _release(self) -> None:
        """Delete the test's world, but on a running server only if the test has passed."""
        closed, self._closed = self._closed, []
        if self._is_over:
            return
        for world in closed:
            self._last.pop(world.id, None)
            if self._is_shared and not self.passed:
                self.server.detach(world)
                continue
            # What is wrong with the server was said of the test.
            with contextlib.suppress(UnreachableError, RefusedError):
                self.server.delete(world)

    @property
    def _new(self) -> Calls:
        return Calls(self._test[self._judged :])

    def _look(self) -> None:
        """Take in what the worlds have done since the last look."""
        if self._is_over:
            return
        latest: Mapping[str, int] | None = None
        if not self._is_shared:  # others' calls are nobody's too, and others have accounts
            latest = self.server.sync_accounts()
            if latest.get(NOBODY, 0) > self._nobody:
                calls = Calls(self.server.nobodys_calls(after=self._nobody))
                self._nobody = calls[-1].id if calls else self._nobody
                self._take(calls)
        for world in list(self.server.worlds):
            if latest is not None and latest.get(world.id, 0) <= self._last.get(world.id, 0):
                continue
            calls = self._calls_of(world)
            if calls:
                self._last[world.id] = calls[-1].id
                self._take(calls)

    def _never_done(self) -> list[Finding]:
        """Return, and count once, the findings that only the end of the test shows."""
        if self._never is None:
            self._never = self._at_the_end() if self.passed else []
            self.totals.add_findings(self._never)
        return self._never

    def _at_the_end(self) -> list[Finding]:
        if not any(call.task_id and call.operation == "submit_task" for call in self._test):
            return []
        said = {(each.call_id, each.id) for each in Calls(self._test).findings}
        found = [
            Finding.of({"id": each["call"], "operation": each["operation"]}, each)
            for world in self._closed
            if world in self.server.worlds
            for each in world.admin.findings(ended=True)["findings"]
            if each["id"] in ONLY_AT_THE_END
        ]
        return [each for each in found if (each.call_id, each.id) not in said]

    def _calls_of(self, world: World) -> Calls:
        try:
            return world.judged(world.calls_after(self._last.get(world.id, 0)))
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise
        self.server.detach(world)  # the test has deleted it
        return Calls([])

    def _take(self, calls: Calls) -> None:
        self.totals.add(calls)
        self._test += calls

    def _retired(self, calls: Calls) -> None:
        self.totals.add(calls)
        self._retired_fen += calls.fen

    def _once(self, name: str, text: str) -> RunVerdict | None:
        if name in self._told:
            return None
        self._told.add(name)
        return RunVerdict(text=text)

    def _too_dear(self, calls: Calls, own: int | None) -> RunVerdict | None:
        cost, most = calls.fen + self._retired_fen, self._limits.max_fen if own is None else own
        if most is None or cost <= most:
            return None
        limit = "artqr_max_yuan" if own is None else "max_yuan of its marker"
        text = f"cost {yuan(cost)} yuan, {limit} is {yuan(most)}"
        if self._retired_fen:
            text += f"; {yuan(self._retired_fen)} of it in worlds of the client suite"
        return self._once("yuan", f"{text}\n\n{calls!r}" if calls else text)

    def _bad_findings(self, findings: list[Finding]) -> RunVerdict | None:
        wanted = self._limits.findings
        bad = [each for each in findings if wanted and each.at_least(wanted)]
        if not bad:
            return None
        lines = "\n".join(map(finding_line, bad))
        text = f"{counted(len(bad), 'finding')}, artqr_findings is {wanted}:\n{lines}"
        return RunVerdict(text=f"{text}\n\n{Calls(self._test)!r}")
