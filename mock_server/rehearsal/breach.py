"""A breach of a rule: what a client did, with the calls that show it, and those that it lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mock_server.rehearsal.evidence import Intent, SeenCall

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


def latest(calls: Sequence[SeenCall]) -> tuple[SeenCall, ...]:
    """Return as many of the last calls as a person reads."""
    return tuple(calls[-MOST_EVIDENCE:])


def charged(calls: Iterable[SeenCall]) -> tuple[SeenCall, ...]:
    """Return the calls that cost a credit."""
    return tuple(each for each in calls if each.call.charged)


def name_of(intent: Intent) -> str:
    """Return an intent as a sentence names it."""
    return f"{intent.what[:60]!r}"
