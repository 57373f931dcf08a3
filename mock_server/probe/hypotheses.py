"""What is still possible: the values of each reading, and which values only go together.

Rule 1: an answer rules out a value only if no outcome of the model with that value, together with
all that is known, has the shape of the answer.
Rule 2: readings are joined only where one call depends on several; the values that go together
there are a *relation*.
Rule 3: an answer that no known value explains changes nothing: it is a new shape.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping
from mock_server.probe.shape import AUTHOR, NOT_TOLD, ORDER, OTHER, Shape
from mock_server.probe.tree import CHANCE, Domains, Outcome, TooManyError, Tree
from mock_server.probe.unseen import UNSEEN

MOST_OUTCOMES = 20_000
MOST_TRIED = 2_000  # where all that was learned is in question
ABSENT = "absent"
# How every answer of the service is written: what else an answer shows does not depend on them.
FORM = frozenset({
    "gateway.profile", "envelope", "envelope.text_field", "ret_code.type", "fields.unnamed",
    "refusal.status", "appcode.scheme", "body.type", "host.check", "query.method", "classic.route",
    "appcode.unknown", "appcode.in_query",
})  # fmt: skip

_PLAIN = {
    name: frozenset({value}) for name, value in as_mapping(DEFAULT_READINGS).items()
    if name in UNSEEN
}  # fmt: skip

Tuples = tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShape:
    """A part of an answer that no known value explains; `readings`: those that it depends on."""

    call: int
    part: str
    got: str
    expected: tuple[str, ...]
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """An answer that agrees with no world that gave the earlier ones: the server has changed, or
    these readings depend on each other. One reading alone explains it, unless `together`.
    """

    call: int
    together: bool = False
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What an answer told: nothing if it is unreadable, values that are left, or surprises.

    `chances`: what may have happened, of all that can.
    """

    settled: tuple[str, ...] = ()
    new_shapes: tuple[NewShape, ...] = ()
    conflict: Conflict | None = None
    chances: Domains = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A part of an answer. `given`: readings and chances that it is known not to depend on, or that
    are known; `view`: what of a shape is looked at.
    """

    call: int
    tree: Tree
    shape: Shape
    given: Domains = field(default_factory=dict)
    view: Callable[[Shape], Shape] = lambda shape: shape

    def differs(self, outcome: Outcome) -> set[str]:
        """Return the parts in which the answer is not this outcome."""
        return differences(self.view(outcome.shape), self.view(self.shape))


@dataclass(slots=True)
class Hypotheses:
    """The possible values of each reading, and the relations between readings."""

    possible: dict[str, frozenset[str]] = field(
        default_factory=lambda: {name: frozenset(values) for name, values in ALLOWED.items()}
    )
    relations: list[Tuples] = field(default_factory=list)
    surprises: dict[str, str] = field(default_factory=dict)

    @property
    def settled(self) -> dict[str, str]:
        """The readings with one value left, and no surprise."""
        return {
            name: next(iter(values))
            for name, values in self.possible.items()
            if len(values) == 1 and name not in self.surprises
        }

    @property
    def open(self) -> list[str]:
        """The readings with more than one value left, or with a surprise."""
        settled = self.settled
        return [name for name in self.possible if name not in settled]

    def domains(self) -> dict[str, frozenset[str]]:
        """Return the values to explore: of readings that no answer shows, the default will do."""
        return {**self.possible, **_PLAIN}

    def learn(self, seen: Observation) -> Learned:
        """Rule out what an answer contradicts."""
        outcomes = self._outcomes(seen)
        fitting = [each for each in outcomes if not seen.differs(each)]
        agreeing = [each for each in fitting if not self._against(each, seen)]
        if agreeing:
            return Learned(settled=self._keep(agreeing, seen), chances=_chances(agreeing))
        if fitting:
            against = set[str]().union(*(self._against(each, seen) for each in fitting))
            return self._contradicted(seen, sorted(against), together=True)
        return self._surprised(seen, outcomes)

    def go_together(self, values: Mapping[str, str]) -> bool:
        """Whether no earlier answer rules out that these values go together."""
        return all(
            any(all(values.get(name, value) == value for name, value in each.items())
                for each in relation)
            for relation in self.relations
        )  # fmt: skip

    def _against(self, outcome: Outcome, seen: Observation) -> set[str]:
        """Return the readings whose values in this outcome never went together before."""
        found: set[str] = set()
        known = {name: value for name, value in outcome.readings.items() if name not in seen.given}
        for relation in self.relations:
            if all(any(known.get(name, value) != value for name, value in each.items())
                   for each in relation):  # fmt: skip
                found |= set().union(*relation) & known.keys()
        return found

    def fits(self, seen: Observation) -> bool:
        """Whether some world that is possible answers this."""
        return any(not seen.differs(each) for each in self._outcomes(seen))

    def _outcomes(self, seen: Observation, free: str = "") -> list[Outcome]:
        """Return the outcomes that are possible; the reading `free` may have any value again."""
        domains = {**self.domains(), **seen.given}
        if free:
            domains[free] = frozenset(ALLOWED[free])
        return seen.tree.outcomes(domains, MOST_OUTCOMES)

    def _surprised(self, seen: Observation, outcomes: Sequence[Outcome]) -> Learned:
        """Tell an answer that contradicts an earlier one from one that no value explains."""
        if seen.shape.get(AUTHOR) != OTHER:  # no world has the answers of another program
            changed = [name for name in self.possible if self._explains(seen, name)]
            if changed:
                return self._contradicted(seen, changed)
            changed = self._explaining(seen)
            if changed:
                return self._contradicted(seen, changed, together=True)
        new = self._new_shapes(seen, outcomes)
        for each in new:
            for name in each.readings:
                why = f"a new shape in call {seen.call}: {each.part} is {each.got}"
                self._give_up(name, why)
        unexplained = {each.part for each in new}
        if not new or AUTHOR in unexplained:
            return Learned(new_shapes=new)
        unexplained |= _entangled(unexplained, outcomes)
        rest = [each for each in outcomes if not seen.differs(each) - unexplained]
        settled = self._keep(rest, seen) if rest else ()
        return Learned(settled=settled, new_shapes=new, chances=_chances(rest))

    def _contradicted(
        self, seen: Observation, readings: Sequence[str], *, together: bool = False
    ) -> Learned:
        """Give up the readings by which an answer contradicts the earlier ones."""
        for name in readings:
            why = f"call {seen.call} contradicts an earlier one"
            if together:
                others = ", ".join(each for each in readings if each != name)
                why = f"the answers up to call {seen.call} agree with no world: {name} and {others}"
            self._give_up(name, why)
        conflict = Conflict(call=seen.call, readings=tuple(readings), together=together)
        return Learned(conflict=conflict)

    def _new_shapes(self, seen: Observation, outcomes: Sequence[Outcome]) -> tuple[NewShape, ...]:
        """Return the parts that no outcome has; of an answer of another program, that it is one."""
        got = seen.view(seen.shape)
        known = [seen.view(each.shape) for each in outcomes]
        if AUTHOR in got and all(each.get(AUTHOR) != got[AUTHOR] for each in known):
            parts = [AUTHOR]
        else:
            like = [each for each in known if _is_like(each, got)]
            known = like or known
            parts = [part for part in got if all(part in differences(x, got) for x in known)]
        return tuple(
            NewShape(
                call=seen.call,
                part=part,
                got=got.get(part, ABSENT),
                expected=tuple(sorted({each.get(part, ABSENT) for each in known})),
                readings=self._deciding(part, seen, outcomes) if part != AUTHOR else (),
            )
            for part in parts
        )

    def _deciding(
        self, part: str, seen: Observation, outcomes: Sequence[Outcome]
    ) -> tuple[str, ...]:
        """Return the readings that change this part when they alone are changed."""
        found: set[str] = set()
        for each in outcomes[:8]:
            fixed: dict[str, Collection[str]] = {name: (x,) for name, x in each.choices.items()}
            for name in each.readings.keys() - found - UNSEEN.keys() - seen.given.keys():
                if name in self.settled:
                    continue
                free = {**fixed, name: ALLOWED[name]}
                changed = seen.tree.outcomes(free, MOST_OUTCOMES)
                shapes = {x.shape.get(part) for x in changed if _is_like(x.shape, each.shape)}
                if len(shapes) > 1:
                    found.add(name)
        return tuple(sorted(found))

    def _give_up(self, name: str, why: str) -> None:
        self.surprises.setdefault(name, why)
        self.possible[name] = frozenset(ALLOWED[name])
        self.relations = [
            kept for kept in (_without(name, each) for each in self.relations) if kept
        ]

    def _explains(self, seen: Observation, name: str) -> bool:
        """Whether the answer is explained once this reading may have any value again."""
        if len(self.possible[name]) == len(ALLOWED[name]) or name in {*UNSEEN, *seen.given}:
            return False
        try:
            return any(not seen.differs(each) for each in self._outcomes(seen, free=name))
        except TooManyError:
            return False

    def _explaining(self, seen: Observation) -> list[str]:
        """Return the fewest readings that have to have other values, all together, to explain the
        answer; none if that is not enough, or if it is too much to try.
        """
        anything = {name: frozenset(values) for name, values in ALLOWED.items()}
        try:
            outcomes = seen.tree.outcomes({**anything, **_PLAIN, **seen.given}, MOST_TRIED)
        except TooManyError:
            return []
        changed = [
            {name for name, value in each.readings.items()
             if value not in self.possible[name] and name not in seen.given}
            for each in outcomes if not seen.differs(each)
        ]  # fmt: skip
        fewest = min(map(len, changed), default=0)
        return sorted(set[str]().union(*(each for each in changed if len(each) == fewest)))

    def _keep(self, outcomes: Iterable[Outcome], seen: Observation) -> tuple[str, ...]:
        """Keep the worlds of these outcomes; return what that settled."""
        before = set(self.settled)
        without = {*UNSEEN, *seen.given}
        found = [{name: value for name, value in each.readings.items() if name not in without}
                 for each in outcomes]  # fmt: skip
        relation = tuple({tuple(sorted(each.items())): each for each in found}.values())
        self.relations.append(relation)
        self._propagate()
        return tuple(name for name in self.settled if name not in before)

    def _propagate(self) -> None:
        """Rule out values that some relation has no place for, until nothing changes."""
        while True:
            before = dict(self.possible)
            for index, relation in enumerate(self.relations):
                left = tuple(each for each in relation if self._is_possible(each))
                self.relations[index] = left
                for name in set().union(*left):
                    if name in UNSEEN or any(name not in each for each in left):
                        continue
                    self.possible[name] &= {each[name] for each in left}
            self.relations = [each for each in self.relations if self._binds(each)]
            if self.possible == before:
                return

    def _is_possible(self, values: Mapping[str, str]) -> bool:
        return all(
            value in self.possible[name] for name, value in values.items() if name not in UNSEEN
        )

    def _binds(self, relation: Tuples) -> bool:
        """Whether a relation can still rule something out: it has open readings in it."""
        return any(len(self.possible[name]) > 1 for each in relation for name in each)


def posterior(outcomes: Sequence[Outcome], possible: Mapping[str, frozenset[str]]) -> int:
    """Return how many readings would be settled if one of these outcomes came."""
    if not outcomes:
        return 0
    common = set(outcomes[0].choices).intersection(*(each.choices for each in outcomes))
    return sum(
        len(possible[name]) > 1 and len({each.choices[name] for each in outcomes}) == 1
        for name in common
        if name in possible and name not in UNSEEN
    )


def _chances(outcomes: Sequence[Outcome]) -> dict[str, frozenset[str]]:
    names = {name for each in outcomes for name in each.choices if name[0] == CHANCE}
    return {
        name: frozenset(each.choices[name] for each in outcomes if name in each.choices)
        for name in names
    }


def differences(expected: Shape, got: Shape) -> set[str]:
    """Return the parts in which two shapes differ; a list that is cut says nothing of the rest."""
    parts = expected.keys() | got.keys()
    differ = {part for part in parts if expected.get(part, ABSENT) != got.get(part, ABSENT)}
    differ = {part for part in differ if part == ORDER or got.get(part) != NOT_TOLD}
    if got.get(ORDER) != NOT_TOLD:
        return differ
    return {part for part in differ if part in got and part != ORDER}


def _entangled(parts: Collection[str], outcomes: Sequence[Outcome]) -> set[str]:
    """Return the parts that depend on a reading or a chance on which one of `parts` depends."""
    shown = set[str]().union(*(each.shape for each in outcomes))
    deciding = {part: _on_what(part, outcomes) for part in shown}
    shared = set[str]().union(*(deciding.get(part, set()) for part in parts))
    return {part for part, names in deciding.items() if names & shared}


def _on_what(part: str, outcomes: Sequence[Outcome]) -> set[str]:
    """Return the readings and chances on which a part of the answer depends."""
    found = set()
    for name in set().union(*(each.choices for each in outcomes)):
        shown: dict[str, set[str]] = {}
        for each in outcomes:
            shown.setdefault(each.choices.get(name, ""), set()).add(each.shape.get(part, ABSENT))
        if any(values != next(iter(shown.values())) for values in shown.values()):
            found.add(name)
    return found


def _is_like(left: Shape, right: Shape) -> bool:
    """Whether two answers are of the same kind: the same author accepts, or refuses."""
    return all(left.get(part) == right.get(part) for part in (AUTHOR, "result"))


def _without(name: str, relation: Tuples) -> Tuples:
    if not any(name in each for each in relation):
        return relation
    return tuple({k: v for k, v in each.items() if k != name} for each in relation)
