"""Reactions: each error that a client met, and what the client did next.

Rule 1: an error is a row of contracts/errors.toml, and that row says what it means: the same 403
means wait, buy or fix.
Rule 2: a row is `wrong` if one of its steps was, else `right` if one was; the sentence is that of
the first such step.
Rule 3: fetches of pictures are no calls of the API: none is met here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.audit.history import History
from mock_server.audit.met_errors import MetError, met_error
from mock_server.audit.next_steps import NextSteps, Step, StepVerdict
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.errors import ErrorTables

MOST_ROWS = 50
MOST_CALLS = 20  # that a row names
MOST_JUDGED = 50  # meetings of a row
WORST_FIRST = (StepVerdict.WRONG, StepVerdict.RIGHT, StepVerdict.UNCLEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """An error that a client met so many times, and its reaction. `calls`: where it met it first;
    those of the worst steps come first."""

    error: MetError
    met: int
    says: str
    verdict: StepVerdict
    calls: tuple[int, ...]


def reactions(history: History, tables: ErrorTables) -> list[Reaction]:
    """Return the reactions of a client, in the order in which it met the errors first."""
    groups: dict[MetError, list[SeenCall]] = {}
    for call in history.api_calls:
        error = met_error(call, tables)
        if error is not None:
            groups.setdefault(error, []).append(call)
    steps = NextSteps(history)
    rows = list(groups.items())[:MOST_ROWS]
    return [_reaction(error, calls, steps) for error, calls in rows]


def _reaction(error: MetError, calls: Sequence[SeenCall], steps: NextSteps) -> Reaction:
    weighed = steps.worth_judging(calls)
    judged = [(call, steps.after(call, error.means)) for call in weighed[:MOST_JUDGED]]
    verdict = next(each for each in WORST_FIRST if any(step.verdict is each for _, step in judged))
    chosen = [(call, step) for call, step in judged if step.verdict is verdict]
    first = [call.id for call, _ in chosen]
    ids = dict.fromkeys([*first, *(call.id for call in calls[:MOST_CALLS])])
    is_all = len(judged) == len(weighed)
    return Reaction(
        error=error, met=len(calls),
        says=_said([step for _, step in chosen], len(judged), is_all=is_all),
        verdict=verdict, calls=tuple(ids)[:MOST_CALLS],
    )  # fmt: skip


def _said(steps: Sequence[Step], judged: int, *, is_all: bool) -> str:
    """Return the sentence of the first step, and how often the client took such a step."""
    first = steps[0].says
    if judged == 1:
        return first
    of = f"{judged}" if is_all else f"the first {judged}"
    often = f"each of {of}" if len(steps) == judged else f"{len(steps)} of {of}"
    return f"{first} ({often} times)"


def reactions_json(found: Sequence[Reaction], safe: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return reactions as reports have them; `safe` hides credentials and what does not print."""
    return [
        {
            "status": each.error.status,
            "code": safe(each.error.code) if each.error.is_quoted else each.error.code,
            "message": safe(each.error.message) if each.error.is_quoted else each.error.message,
            "means": each.error.means,
            "met": each.met,
            "next": each.says,
            "verdict": each.verdict,
            "advice": each.error.advice,
            "calls": list(each.calls),
        }
        for each in found
    ]


def summary(found: Sequence[Reaction]) -> str:
    """Return the sum of the reactions in a sentence."""
    counts = Counter(each.verdict for each in found)
    words = ", ".join(f"{counts[each]} {each}" for each in StepVerdict)
    return f"{len(found)} errors met: {words}" if len(found) != 1 else f"1 error met: {words}"
