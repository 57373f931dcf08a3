"""Which readings decide whether a submit is accepted, and which ones its task depends on.

Rule: both are found by running submits that are odd in one way each, with one reading changed; no
table can forget a reading.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping
from mock_server.probe import moves
from mock_server.probe.moves import Move
from mock_server.probe.shape import ACCEPTED
from mock_server.probe.tree import Outcome, Tree

MOST_OUTCOMES = 1000
DEFAULTS: Mapping[str, str] = as_mapping(DEFAULT_READINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """`accepting`: the readings that decide, with values under which every submit is accepted.
    `shaping`: the readings on which the task of an accepted submit depends.
    """

    accepting: Mapping[str, str]
    shaping: frozenset[str]


def found(
    tree_of: Callable[[Move], Tree], task_of: Callable[[Move, Mapping[str, str]], object]
) -> Acceptance:
    """Run the submits. `task_of` returns the task that a submit makes under these readings."""
    accepting: dict[str, str] = {}
    is_complete = False
    while not is_complete:  # a reading may only decide where another one does not
        before = len(accepting)
        for move in moves.one_odd():
            for name in _asked(tree_of(move), accepting):
                _decide(tree_of(move), name, accepting)
        is_complete = len(accepting) == before
    shaping = {
        name
        for move in moves.one_odd()
        for name in _asked(tree_of(move), accepting)
        if name not in accepting and _shapes(task_of, move, name, accepting)
    }
    return Acceptance(accepting=accepting, shaping=frozenset(shaping))


def _asked(tree: Tree, accepting: Mapping[str, str]) -> list[str]:
    """Return the readings that a submit depends on, if all others are plain."""
    return [*_outcomes(tree, accepting)[0].readings]


def _outcomes(tree: Tree, accepting: Mapping[str, str], free: str = "") -> list[Outcome]:
    plain = {name: (value,) for name, value in {**DEFAULTS, **accepting}.items()}
    return tree.outcomes({**plain, free: ALLOWED[free]} if free else plain, MOST_OUTCOMES)


def _decide(tree: Tree, name: str, accepting: dict[str, str]) -> None:
    outcomes = _outcomes(tree, accepting, name)
    if any(name not in each.choices for each in outcomes):
        return  # it was asked only while another reading had its earlier value
    good = [each.choices[name] for each in outcomes if each.shape.get("result") == ACCEPTED]
    if good and len(good) < len(outcomes):
        usual = accepting.get(name, DEFAULTS[name])
        accepting[name] = usual if usual in good else good[0]


def _shapes(
    task_of: Callable[[Move, Mapping[str, str]], object],
    move: Move,
    name: str,
    accepting: Mapping[str, str],
) -> bool:
    plain = {**DEFAULTS, **accepting}
    usual = task_of(move, plain)
    return any(task_of(move, {**plain, name: value}) != usual for value in ALLOWED[name])
