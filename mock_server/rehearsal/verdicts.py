"""The verdict of a drill.

FAIL: a rule was broken, whether or not the incident happened. INCONCLUSIVE: no rule was broken, but
the drill's needs were not met. PASS: they were met, and no rule was broken. A rule that is waived
is judged and shown, and makes no drill fail; so is a note. FLAKY: several runs of a drill had
different verdicts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from mock_server.rehearsal import needs
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.rules import RULES, Breach, Rule


class Verdict(StrEnum):
    """What a drill came to."""

    PASS = "PASS"  # noqa: S105 - it is no password
    FAIL = "FAIL"
    FLAKY = "FLAKY"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A rule that was broken. `waived`: the reason why that counts for nothing."""

    rule: Rule
    breach: Breach
    waived: str | None = None

    @property
    def counts(self) -> bool:
        """Whether a drill fails by it."""
        return self.waived is None and not self.breach.is_note


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """What one run of a drill came to. `reasons`: why it says nothing, if it does not.

    `others`: the verdicts of all its runs, if they differ.
    """

    evidence: Evidence
    verdict: Verdict
    broken: tuple[Judged, ...] = ()
    reasons: tuple[str, ...] = ()
    others: tuple[Verdict, ...] = ()

    @property
    def counted(self) -> list[Judged]:
        """Return the broken rules that count."""
        return [each for each in self.broken if each.counts]

    @property
    def wasted(self) -> dict[int, int]:
        """Return what the client lost by breaking rules that count: fen by the id of the call."""
        return {each.id: each.call.fen for judged in self.counted for each in judged.breach.wasted}


E = TypeVar("E", bound=Evidence)


def judge(
    evidence: E, waived: Mapping[str, str], rules: Sequence[Rule] = RULES,
    unmet: Callable[[E], Iterable[str]] = needs.unmet,
) -> DrillResult:  # fmt: skip
    """Return what a drill came to by these rules; `unmet` are the reasons why it says nothing."""
    broken = tuple(
        Judged(rule=rule, breach=breach, waived=waived.get(rule.id))
        for rule in rules
        if (breach := rule.judge(evidence)) is not None
    )
    if any(each.counts for each in broken):
        return DrillResult(evidence=evidence, verdict=Verdict.FAIL, broken=broken)
    reasons = tuple(unmet(evidence))
    verdict = Verdict.INCONCLUSIVE if reasons else Verdict.PASS
    return DrillResult(evidence=evidence, verdict=verdict, broken=broken, reasons=reasons)


def of_repeats(results: Sequence[DrillResult]) -> DrillResult:
    """Return the result of a drill that ran several times: its worst, FLAKY if they differ."""
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    worst = min(results, key=lambda each: order.index(each.verdict))
    seen = tuple(dict.fromkeys(each.verdict for each in results))
    if len(seen) < 2:
        return worst
    return DrillResult(
        evidence=worst.evidence, verdict=Verdict.FLAKY, broken=worst.broken,
        reasons=worst.reasons, others=seen,
    )  # fmt: skip
