"""Chooses the next call of a probe: the one that settles the most for the least money.

Rule 1: what a call can settle and what it can cost are computed by the model, from the worlds that
are still possible. The defaults are likelier than other values.
Rule 2: a submit is worth what a list shows of its task, too.
Rule 3: every call with the buyer's credentials needs a credit of the budget, whatever the model
says: the real service may answer otherwise.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from mock_server.contract import load_toml
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping
from mock_server.probe import moves
from mock_server.probe.hypotheses import FORM, posterior
from mock_server.probe.model import (
    ACCEPTING,
    DECIDING,
    ENDED,
    RUNNING,
    Model,
    Situation,
    Submitted,
    label,
)
from mock_server.probe.moves import LIST, SIGNED, Move
from mock_server.probe.session import KnownTask, Session
from mock_server.probe.shape import ACCEPTED, REFUSED, SERVICE, STATUS
from mock_server.probe.tree import CHANCE, Outcome, TooManyError, Tree
from mock_server.probe.unseen import UNANSWERED

MOST_OUTCOMES = 600
MOST_POLLS = 2  # of one task, or of the list, at one age
FREE = 0.02  # what a call is taken to cost beside its credit
PATIENCE_MS = 60_000
LIKELY = {"observed": 0.85, "documented": 0.85, "assumed": 0.65}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A call to make after a wait. `value`: how many readings it is expected to settle; `price`: how
    many credits it is expected to cost.
    """

    move: Move
    wait_ms: int = 0
    value: float = 0.0
    price: float = 0.0

    @property
    def rank(self) -> float:
        """How good it is."""
        return self.value / (self.price + FREE)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a call is expected to settle and to cost, and how likely the service accepts it."""

    value: float
    price: float
    accepted: float


NOTHING = Estimate(0.0, 0.0, 0.0)


class Planner:
    """Plans with one model; what it computed once it keeps."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._estimates: dict[object, Estimate] = {}

    def best(self, session: Session, now: int) -> Choice | None:
        """Return the best call to make; None: no call that can be paid for settles anything."""
        best = self._best_of(self._strangers(session))
        can_pay = session.credits_left > 0 and not session.no_credit
        if best is None and can_pay and not session.is_made(moves.UNKNOWN):
            # It tells what a refusal looks like, which almost every other answer depends on.
            best = self._best_of(self._fixed(session, (moves.UNKNOWN,)))
        if best is None:
            best = self._best_of(self._choices(session, now, can_pay=can_pay))
        if best is not None and best.move is moves.WITH_EQUALS and not session.is_made(SIGNED):
            return replace(best, move=SIGNED)  # a wrong secret must not look like a reading
        return best

    def _best_of(self, choices: Iterable[Choice]) -> Choice | None:
        worthy = [each for each in choices if each.value > 0]
        return max(worthy, key=lambda each: each.rank) if worthy else None

    def _strangers(self, session: Session) -> Iterable[Choice]:
        """Yield the calls that cost nothing, because nobody has their credentials."""
        if not session.stopped:
            yield from self._fixed(session, [x for x in moves.FIXED if not x.is_own])

    def _fixed(self, session: Session, candidates: Iterable[Move]) -> Iterable[Choice]:
        for move in candidates:
            if _is_offered(session, move) and not session.is_made(move):
                found = self.estimate(session, move, _plain(session))
                yield Choice(move=move, value=found.value, price=found.price)

    def _choices(self, session: Session, now: int, *, can_pay: bool) -> Iterable[Choice]:
        if session.stopped:
            return
        yield from self._pictures(session, now)
        if can_pay:
            yield from self._fixed(session, [x for x in moves.FIXED if x.is_own and x is not LIST])
            yield from self._polls(session, now)
            yield from self._submits(session, now)

    def _pictures(self, session: Session, now: int) -> Iterable[Choice]:
        for task in session.tasks:
            move = moves.picture(moves.submits()[task.move])
            situation = session.situation_of(move, now)
            if not task.picture or situation is None or not situation.tasks[0].hours:
                continue
            if not session.is_made(move, situation):
                found = self.poll(session, move, situation)
                yield Choice(move=move, value=found.value)

    def _polls(self, session: Session, now: int) -> Iterable[Choice]:
        polls = [moves.query(moves.submits()[task.move]) for task in session.tasks]
        for move in [*polls, LIST] if session.tasks or session.lost_submits else []:
            situation = session.situation_of(move, now)
            if situation is None:
                continue
            if session.is_made(move, situation) >= MOST_POLLS:
                continue
            lost = len(session.lost_submits) if move is LIST and not session.is_made(LIST) else 0
            yield from self._now_or_later(session, move, situation, now, lost)

    def _now_or_later(
        self, session: Session, move: Move, situation: Situation, now: int, lost: int
    ) -> Iterable[Choice]:
        """Yield a poll at once, and one after the tasks should have ended."""
        young = {number: max(0, task.submitted_at + PATIENCE_MS - now)
                 for number, task in enumerate(_tasks_of(session, move)) if task.ended_at is None}  # fmt: skip
        young = {number: wait for number, wait in young.items() if wait}
        found = self.poll(session, move, situation, young)
        yield Choice(move=move, value=found.value + lost, price=found.price)
        if young:
            found = self.poll(session, move, situation)
            wait_ms = max(young.values())
            yield Choice(move=move, wait_ms=wait_ms, value=found.value + lost, price=found.price)

    def _submits(self, session: Session, now: int) -> Iterable[Choice]:
        situation = session.situation(now)
        if session.lost_submits and session.is_made(LIST) < MOST_POLLS:
            return  # its task is looked for first
        for move in moves.submits().values():
            if session.is_made(move) or not _is_offered(session, move):
                continue
            first = self.submit(session, move)
            if not first.value:
                continue
            choice = Choice(move=move, value=first.value, price=first.price)
            if situation is not None and session.credits_left > 1 and first.accepted:
                choice = max(choice, self._with_list(session, move, first, situation),
                             key=lambda each: each.rank)  # fmt: skip
            yield choice

    def _with_list(
        self, session: Session, move: Move, first: Estimate, situation: Situation
    ) -> Choice:
        """Return a submit with what a list shows after it."""
        after = replace(situation, tasks=(*situation.tasks, Submitted(kind=move.kind)))
        young = (len(situation.tasks),) if situation.tasks else ()
        then = self.poll(session, LIST, after, young)
        value = first.accepted * (first.value + then.value) + (1 - first.accepted) * first.value
        return Choice(move=move, value=value, price=first.price + first.accepted * then.price)

    def estimate(self, session: Session, move: Move, situation: Situation) -> Estimate:
        """Return what a call that shows no task is expected to settle."""
        tree = self._model.tree(move, situation)
        domains, wanted = session.hypotheses.domains(), _wanted(session)

        def key() -> object:
            known = tuple(domains.get(name) for name in sorted(tree.names))
            return move.name, situation, known, tuple(sorted(tree.names - wanted.keys()))

        if key() not in self._estimates:
            try:
                found = _estimate(move, tree.outcomes(domains, MOST_OUTCOMES), wanted)
            except TooManyError:
                found = NOTHING
            self._estimates[key()] = found
        return self._estimates[key()]

    def submit(self, session: Session, move: Move) -> Estimate:
        """Return what a submit is expected to settle: all that it is odd in if it is accepted, and
        if it is refused only the one thing that can be the reason.
        """
        tree = self._model.tree(move, _plain(session))
        domains, wanted = session.hypotheses.domains(), _wanted(session, but=FORM)

        def key() -> object:
            known = (
                tuple(domains.get(name) for name in sorted({*tree.names, "refusal.status"} - FORM)),
                domains["refusal.status"],
            )
            return move.name, "submit", known, tuple(sorted(tree.names - wanted.keys()))

        if key() not in self._estimates:
            plain = {**domains, **{name: ALLOWED[name] for name in FORM}}
            base = {name: (_lenient(name, values),) for name, values in plain.items()}
            charged = float("200" in domains["refusal.status"])
            self._estimates[key()] = _submitted(tree, base, domains, wanted, charged)
        return self._estimates[key()]

    def poll(
        self, session: Session, move: Move, situation: Situation, young: Iterable[int] = ()
    ) -> Estimate:
        """Return what a poll is expected to settle; `young`: tasks that will not have ended.

        It is taken for certain that each reading is settled that shows in the likeliest world.
        """
        tree = self._model.tree(move, situation)
        domains, wanted = session.hypotheses.domains(), _wanted(session, but=FORM)
        is_young = frozenset(young)
        likely = {
            name: _likeliest(name, ALLOWED[name] if name in FORM else values)
            for name, values in domains.items()
        }

        def key() -> object:
            known = tuple(domains.get(name) for name in sorted(tree.names - FORM))
            hidden = tuple(sorted(tree.names - wanted.keys()))
            return moves.of_kind(move).name, situation, is_young, known, hidden

        if key() not in self._estimates:
            base: dict[str, Collection[str]] = {name: (value,) for name, value in likely.items()}
            for number, task in enumerate(situation.tasks):
                is_late = number in is_young and not task.hours
                base[f"{CHANCE}state of {label(number)}"] = (RUNNING,) if is_late else (ENDED,)
            self._estimates[key()] = _flipped(move, tree, base, wanted)
        return self._estimates[key()]


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
        if len(values) < 2 or name in UNANSWERED or name in FORM:
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
    return Estimate(value, accepted + (1 - accepted) * charged, accepted)


def _lenient(name: str, values: Collection[str]) -> str:
    """Return the value under which submits are accepted if there is one, else the likeliest."""
    accepting = ACCEPTING.get(name.replace(".", "_"))
    return accepting if accepting in values and name in DECIDING else _likeliest(name, values)


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
        if len(values) < 2 or name in UNANSWERED:
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


def _tasks_of(session: Session, move: Move) -> list[KnownTask]:
    return [task for task in session.tasks if move.task in (None, task.move)]


def _plain(session: Session) -> Situation:
    found = session.situation_of(moves.UNKNOWN, 0)
    assert found is not None  # noqa: S101 - it asks for no task
    return found


def _is_offered(session: Session, move: Move) -> bool:
    """Whether the options of the probe allow a move."""
    if moves.SIGNATURE in move.needs and (session.no_signature or not session.has_signature):
        return False
    return moves.LISTENER not in move.needs or session.has_listener


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
        if name in wanted and name not in UNANSWERED:
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
