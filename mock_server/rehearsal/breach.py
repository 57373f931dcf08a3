"""A breach of a rule: what a client did, with the calls that show it, and those that it lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mock_server.audit.history import Intent
from mock_server.audit.seen_call import SeenCall

MOST_EVIDENCE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What a client did against a rule.

    `calls` show it. `wasted`: the charged calls that it lost by it. `is_note`: it is worth a word
    in the report, but is no failure.
    """

    says: str
    calls: tuple[SeenCall, ...] = ()
    wasted: tuple[SeenCall, ...] = ()
    is_note: bool = False


def together(found: Iterable[Breach | None]) -> Breach | None:
    """Return the first breach, with all that was wasted; the first note if all are notes."""
    breaches = [each for each in found if each is not None]
    failures = [each for each in breaches if not each.is_note]
    wasted = {call.id: call for each in failures or breaches[:1] for call in each.wasted}
    first = next(iter(failures or breaches), None)
    return None if first is None else replace(first, wasted=tuple(wasted.values()))


def latest(calls: Sequence[SeenCall]) -> tuple[SeenCall, ...]:
    """Return as many of the last calls as a person reads."""
    return tuple(calls[-MOST_EVIDENCE:])


def charged(calls: Iterable[SeenCall]) -> tuple[SeenCall, ...]:
    """Return the calls that cost a credit."""
    return tuple(each for each in calls if each.call.charged)


def name_of(intent: Intent) -> str:
    """Return an intent as a sentence names it."""
    return f"{intent.what[:60]!r}"
