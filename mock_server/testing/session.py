"""One test run: its server, what each test's world has done, and what it comes to."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_server.client import RefusedError, UnreachableError
from mock_server.display import yuan
from mock_server.testing.calls import Calls, finding_line
from mock_server.testing.records import SEVERITIES, Call, Finding
from mock_server.testing.server import MockServer, bug_text
from mock_server.testing.tables import calls_table, counted
from mock_server.testing.world import World

MAX_SEED = 2**53  # what every JSON reader can hold
MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a test may do: cost so much, and have findings less bad than this severity."""

    max_yuan: float | None = None
    findings: str | None = None


@dataclass(slots=True, kw_only=True)
class Totals:
    """What the tests of a run came to; those of several processes can be added up."""

    calls: int = 0
    charged: int = 0
    fen: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, calls: Calls) -> None:
        """Count calls."""
        self.calls += len(calls)
        self.charged += len(calls.charged)
        self.fen += sum(call.fen for call in calls.charged)
        for finding in calls.findings:
            self.findings[finding.severity] += 1
            self.seen[finding_line(finding).strip()] += 1

    def as_json(self) -> dict[str, Any]:
        """Return it for another process."""
        return {
            "calls": self.calls,
            "charged": self.charged,
            "fen": self.fen,
            "findings": dict(self.findings),
            "seen": dict(self.seen),
        }

    def add_json(self, other: Mapping[str, Any]) -> None:
        """Add what another process has counted."""
        self.calls += other["calls"]
        self.charged += other["charged"]
        self.fen += other["fen"]
        self.findings.update(other["findings"])
        self.seen.update(other["seen"])

    def lines(self) -> list[str]:
        """Return what a person reads at the end of a run."""
        found = sum(self.findings.values())
        kinds = ", ".join(
            f"{self.findings[severity]} {severity}"
            for severity in (*SEVERITIES, *sorted(set(self.findings) - set(SEVERITIES)))
            if self.findings[severity]
        )
        head = (
            f"{counted(self.calls, 'call')}, {self.charged} charged, {yuan(self.fen)} yuan of the "
            f"simulator's money, {counted(found, 'finding')}" + (f" ({kinds})" if kinds else "")
        )
        latest = self.seen.most_common(MOST_FINDINGS)
        more = len(self.seen) - len(latest)
        lines = [head, *(f"  {times} x {line}" for line, times in latest)]
        return [*lines, f"  ... and {more} more kinds"] if more else lines


def seed_of(test: str, base: int) -> int:
    """Return the seed of a test's world: the same in every run, in any order."""
    digest = hashlib.sha256(f"{base} {test}".encode()).digest()
    return int.from_bytes(digest[:8]) % MAX_SEED


class Session:
    """The worlds of a test run. `close` a world once its test is over."""

    def __init__(self, server: MockServer, limits: Limits, *, is_shared: bool) -> None:
        self.server = server
        self.totals = Totals()
        self._limits = limits
        self._is_shared = is_shared
        self._last: dict[str, int] = {}
        self._nobody = 0
        self._test: list[Call] = []
        server.on_retired = self.totals.add

    def begin(self) -> None:
        """Start a test."""
        self._test = []

    def verdict(self) -> str | None:
        """Return why the test has to fail whatever it says itself; None if it has not."""
        try:
            self._look()
        except (UnreachableError, RefusedError) as error:
            return f"the calls of this test cannot be read: {error}"
        calls = Calls(self._test)
        bugs = [call for call in calls if call.is_bug]
        if bugs:
            return f"{bug_text(bugs)}\n\n{calls_table(calls)}"
        cost = sum(call.fen for call in calls.charged)
        most = self._limits.max_yuan
        if most is not None and cost > round(most * 100):
            return f"cost {yuan(cost)} yuan, artqr_max_yuan is {most:.2f}\n\n{calls_table(calls)}"
        return self._bad_findings(calls)

    def story(self) -> str:
        """Return the calls of the test so far, for the report of one that failed."""
        return calls_table(self._test) if self._test else ""

    def close(self, world: World, *, passed: bool) -> None:
        """Let go of a world: it is counted. On a running server one that failed is kept."""
        self._look()
        self.server.worlds.remove(world)
        self._last.pop(world.id, None)
        if self._is_shared and passed:
            self.server.admin.delete(f"/accounts/{world.id}")

    def _look(self) -> None:
        """Take in what the worlds have done since the last look."""
        for world in self.server.worlds:
            calls = world.judged(world.calls_after(self._last.get(world.id, 0)))
            if calls:
                self._last[world.id] = calls[-1].id
                self.totals.add(calls)
                self._test += calls
        if not self._is_shared:  # others' calls are nobody's too
            calls = Calls(self.server.nobodys_calls(after=self._nobody))
            if calls:
                self._nobody = calls[-1].id
                self.totals.add(calls)
                self._test += calls

    def _bad_findings(self, calls: Calls) -> str | None:
        wanted = self._limits.findings
        bad: list[Finding] = [each for each in calls.findings if wanted and each.at_least(wanted)]
        if not bad:
            return None
        lines = "\n".join(map(finding_line, bad))
        return f"{counted(len(bad), 'finding')}, artqr_findings is {wanted}:\n{lines}\n\n{calls!r}"
