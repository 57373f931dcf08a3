"""What a call is expected to settle and to cost, computed from the worlds that are still possible.

Rule 1: the defaults are likelier than other values.
Rule 2: what was computed once is kept: it depends on the possible values of few readings.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from mock_server.contract import load_toml
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping
from mock_server.probe import moves
from mock_server.probe.hypotheses import FORM, posterior
from mock_server.probe.model import (
    ENDED,
    RUNNING,
    Model,
    Situation,
    Submitted,
    label,
)
from mock_server.probe.moves import Move
from mock_server.probe.session import Session
from mock_server.probe.shape import ACCEPTED, REFUSED, SERVICE, STATUS
from mock_server.probe.tree import CHANCE, Outcome, TooManyError, Tree
from mock_server.probe.unseen import UNSEEN

MOST_OUTCOMES = 600
LIKELY = {"observed": 0.85, "documented": 0.85, "assumed": 0.65}
_FREE_FORM = {name: frozenset(ALLOWED[name]) for name in FORM}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a call is expected to settle and to cost, and how likely the service accepts it.

    `deciding`: the open readings that decide over a submit, with the values under which it is
    accepted.
    """

    value: float
    price: float
    accepted: float
    deciding: tuple[tuple[str, str], ...] = ()


NOTHING = Estimate(0.0, 0.0, 0.0)


class Estimates:
    """Estimates by one model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._estimates: dict[object, Estimate] = {}

    def call(self, session: Session, move: Move) -> Estimate:
        """Return what a call that shows no task is expected to settle."""
        tree = self._tree(session, move)
        domains, wanted = session.hypotheses.domains(), _wanted(session)

        def compute() -> Estimate:
            try:
                return _estimate(move, tree.outcomes(domains, MOST_OUTCOMES), wanted)
            except TooManyError:
                return NOTHING

        return self._kept((move.name, _host(session)), tree, domains, wanted, compute)

    def submit(self, session: Session, move: Move) -> Estimate:
        """Return what a submit is expected to settle: all that it is odd in if it is accepted, and
        if it is refused only the one thing that can be the reason.
        """
        tree = self._tree(session, move)
        domains, wanted = session.hypotheses.domains(), _wanted(session, but=FORM)
        charged = float("200" in domains["refusal.status"])

        def compute() -> Estimate:
            plain = {**domains, **_FREE_FORM}
            accepting = self._model.acceptance.accepting
            base = {name: (lenient(accepting, name, x),) for name, x in plain.items()}
            return _submitted(tree, base, domains, wanted, charged)

        kind = (move.name, _host(session), charged)
        found = self._kept(kind, tree, {**domains, **_FREE_FORM}, wanted, compute)
        # It may be known that it is refused, though not for which of several reasons.
        is_possible = session.hypotheses.go_together(dict(found.deciding))
        return found if is_possible or len(found.deciding) < 2 else NOTHING

    def poll(
        self, session: Session, move: Move, situation: Situation, young: Iterable[int] = ()
    ) -> Estimate:
        """Return what a poll is expected to settle; `young`: tasks that will not have ended.

        It is taken for certain that each reading is settled that shows in the likeliest world.
        """
        situation, is_young = _alike(situation, frozenset(young))
        tree = self._model.tree(move, situation)
        wanted = _wanted(session, but=FORM)
        domains = {**session.hypotheses.domains(), **_FREE_FORM}

        def compute() -> Estimate:
            base: dict[str, Collection[str]] = {
                name: (_likeliest(name, values),) for name, values in domains.items()
            }
            for number, task in enumerate(situation.tasks):
                is_late = number in is_young and not task.hours
                base[f"{CHANCE}state of {label(number)}"] = (RUNNING,) if is_late else (ENDED,)
            return _flipped(move, tree, base, wanted)

        kind = (moves.of_kind(move).name, situation, is_young)
        return self._kept(kind, tree, domains, wanted, compute)

    def _tree(self, session: Session, move: Move) -> Tree:
        situation = session.situation_of(move, 0)
        assert situation is not None  # noqa: S101 - it asks for no task
        return self._model.tree(move, situation)

    def _kept(
        self, kind: object, tree: Tree, domains: Mapping[str, frozenset[str]],
        wanted: Mapping[str, frozenset[str]], compute: Callable[[], Estimate],
    ) -> Estimate:  # fmt: skip
        """Return an estimate, computed once for all that it depends on."""

        def key() -> object:
            names = sorted(name for name in tree.names if name[0] != CHANCE)
            return kind, tuple((name in wanted, domains[name]) for name in names)

        known = self._estimates.get(key())
        if known is None:
            known = compute()
            self._estimates[key()] = known  # the tree may have grown meanwhile
        return known


def _alike(situation: Situation, young: frozenset[int]) -> tuple[Situation, frozenset[int]]:
    """Return a situation with one task of each kind, but two if there are more, for their order:
    what tasks of one kind show they show alike.
    """
    tasks = [(task.kind, task.hours, task.is_called, number in young)
             for number, task in enumerate(situation.tasks)]  # fmt: skip
    kept = sorted(set(tasks))
    if len(kept) == 1 and len(tasks) > 1:
        kept *= 2
    alike = tuple(Submitted(kind=kind, hours=hours, is_called=is_called)
                  for kind, hours, is_called, _ in kept)  # fmt: skip
    late = frozenset(number for number, (*_, is_young) in enumerate(kept) if is_young)
    return replace(situation, tasks=alike), late


def _host(session: Session) -> bool:
    return session.is_at_vendor_host or session.uses_vendor_host


def _submitted(
    tree: Tree, base: Mapping[str, Collection[str]], domains: Mapping[str, frozenset[str]],
    wanted: Mapping[str, frozenset[str]], charged: float,
) -> Estimate:  # fmt: skip
    """Return what a submit is expected to settle, by what each reading alone changes."""
    outcomes = tree.outcomes(base, MOST_OUTCOMES)
    if not outcomes or outcomes[0].shape.get("result") != ACCEPTED:
        return NOTHING
    accepted, shown, deciding = 1.0, 0, []
    for name in outcomes[0].readings:
        values = domains[name]
        if len(values) < 2 or name in UNSEEN or name in FORM:
            continue
        flipped = tree.outcomes({**base, name: values}, MOST_OUTCOMES)
        results = {each.shape.get("result", REFUSED) for each in flipped}
        shapes = {tuple(sorted(each.shape.items())) for each in flipped}
        if results != {ACCEPTED}:
            likely = sum(_prior(name, each.choices[name]) for each in flipped
                         if each.shape.get("result") == ACCEPTED)  # fmt: skip
            accepted *= likely / sum(_prior(name, value) for value in values)
            deciding.append(name)
        elif len(shapes) == len(values):
            shown += name in wanted
    known = sum(name in wanted for name in deciding)
    value = accepted * (known + shown) + (1 - accepted) * (known if len(deciding) == 1 else 0)
    needed = tuple((name, outcomes[0].choices[name]) for name in deciding)
    return Estimate(value, accepted + (1 - accepted) * charged, accepted, needed)


def lenient(accepting: Mapping[str, str], name: str, values: Collection[str]) -> str:
    """Return the value under which submits are accepted if there is one, else the likeliest."""
    if accepting.get(name) in values:
        return accepting[name]
    return _likeliest(name, values)


def _flipped(
    move: Move,
    tree: Tree,
    base: Mapping[str, Collection[str]],
    wanted: Mapping[str, frozenset[str]],
) -> Estimate:
    """Return how many readings show if they alone differ from the likeliest world."""
    outcomes = tree.outcomes(base, MOST_OUTCOMES)
    if not outcomes:
        return NOTHING
    price = float(move.is_own and outcomes[0].shape[STATUS] == "200")
    value = 0
    for name in outcomes[0].readings:
        values = wanted.get(name, frozenset())
        if len(values) < 2 or name in UNSEEN:
            continue
        shapes = {
            tuple(sorted(each.shape.items()))
            for each in tree.outcomes({**base, name: values}, MOST_OUTCOMES)
        }
        value += len(shapes) == len(values)
    return Estimate(float(value), price, 1.0)


def _wanted(session: Session, but: Collection[str] = ()) -> dict[str, frozenset[str]]:
    """Return the values of the readings that may still be settled, but not of some."""
    found = session.hypotheses
    hidden = {*found.surprises, *but}
    return {name: values for name, values in found.possible.items() if name not in hidden}


def _likeliest(name: str, values: Collection[str]) -> str:
    return max(sorted(values), key=lambda value: _prior(name, value))


def _estimate(
    move: Move, outcomes: Sequence[Outcome], wanted: Mapping[str, frozenset[str]]
) -> Estimate:
    groups: dict[tuple[tuple[str, str], ...], list[Outcome]] = {}
    for each in outcomes:
        groups.setdefault(tuple(sorted(each.shape.items())), []).append(each)
    value = price = accepted = whole = 0.0
    for shape, group in groups.items():
        weight = sum(_weight(each, wanted) for each in group)
        parts = dict(shape)
        settles = posterior(group, wanted)
        whole += weight
        value += weight * settles
        if move.is_own and parts.get(STATUS) == "200":
            price += weight
        if parts.get("author") == SERVICE and parts.get("result") == ACCEPTED:
            accepted += weight
    if not whole:
        return NOTHING
    return Estimate(value / whole, price / whole, accepted / whole)


def _weight(outcome: Outcome, wanted: Mapping[str, frozenset[str]]) -> float:
    weight = 1.0
    for name, value in outcome.choices.items():
        if name in wanted and name not in UNSEEN:
            whole = sum(_prior(name, each) for each in wanted[name])
            weight *= _prior(name, value) / whole
    return weight


@cache
def _prior(name: str, value: str) -> float:
    """Return how likely a value is before any call."""
    certainty = _certainties()[name]
    likely = LIKELY[certainty]
    if as_mapping(DEFAULT_READINGS)[name] == value:
        return likely
    return (1 - likely) / (len(ALLOWED[name]) - 1)


@cache
def _certainties() -> dict[str, str]:
    return {row["id"]: row["certainty"] for row in load_toml("readings.toml")["reading"]}
