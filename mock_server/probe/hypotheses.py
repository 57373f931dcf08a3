"""What is still possible: the values of each reading, and which values only go together.

Rule 1: an answer rules out a value only if no outcome of the model with that value, together with
all that is known, has the shape of the answer.
Rule 2: readings are joined only where one call depends on several; the values that go together
there are a *relation*.
Rule 3: an answer that no known value explains changes nothing: it is a new shape.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping
from mock_server.probe.shape import AUTHOR, NOT_TOLD, ORDER, Shape
from mock_server.probe.tree import CHANCE, Domains, Outcome, TooManyError, Tree

MOST_OUTCOMES = 20_000
ABSENT = "absent"
# No answer shows them: the console does, or the vendor's messages. A test flips each of them.
UNSEEN: Mapping[str, str] = {
    "charge.polls": "only the console shows what was charged: give the credits left before and "
    "after with --balance",
    "packages.order": "only the console shows which package pays, and a probe buys no package",
    "notices.at_zero": "the vendor's notices go to the buyer, and a probe uses up no package",
    "throttle.retry_after": "a probe never provokes throttling",
}

# Callbacks show them, and no answer does.
CALLED_BACK = ("callback.delivery", "callback.on_failure", "callback.timing", "address.target",
               "address.login")  # fmt: skip
UNANSWERED = frozenset({*UNSEEN, *CALLED_BACK})

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
    """An answer that contradicts an earlier one: the server changed in between."""

    call: int
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
        plain = as_mapping(DEFAULT_READINGS)
        return {**self.possible, **{name: frozenset({plain[name]}) for name in UNANSWERED}}

    def learn(self, call: int, tree: Tree, shape: Shape, chances: Domains | None = None) -> Learned:
        """Rule out what the shape of an answer contradicts; `chances`: what may have happened."""
        outcomes = tree.outcomes({**self.domains(), **(chances or {})}, MOST_OUTCOMES)
        if not outcomes or all(not _is_like(each.shape, shape, AUTHOR) for each in outcomes):
            return self._surprised(call, tree, shape, outcomes)
        fitting = [each for each in outcomes if not differences(each.shape, shape)]
        if fitting:
            return Learned(settled=self._keep(fitting), chances=_chances(fitting))
        return self._surprised(call, tree, shape, outcomes)

    def _surprised(
        self, call: int, tree: Tree, shape: Shape, outcomes: Sequence[Outcome]
    ) -> Learned:
        """Tell an answer that contradicts an earlier one from one that no value explains."""
        changed = [name for name in self.possible if self._explains(tree, shape, name)]
        if changed:
            conflict = Conflict(call=call, readings=tuple(changed))
            for name in changed:
                self._give_up(name, f"answers contradict each other, call {call} an earlier one")
            return Learned(conflict=conflict)
        new = _new_shapes(call, tree, shape, outcomes, self.domains())
        for each in new:
            for name in each.readings:
                self._give_up(name, f"a new shape in call {call}: {each.part} is {each.got}")
        unexplained = {each.part for each in new}
        if not new or AUTHOR in unexplained:
            return Learned(new_shapes=new)
        rest = [x for x in outcomes if not differences(x.shape, shape) - unexplained]
        return Learned(settled=self._keep(rest) if rest else (), new_shapes=new)

    def _give_up(self, name: str, why: str) -> None:
        self.surprises.setdefault(name, why)
        self.possible[name] = frozenset(ALLOWED[name])
        self.relations = [
            kept for kept in (_without(name, each) for each in self.relations) if kept
        ]

    def _explains(self, tree: Tree, shape: Shape, name: str) -> bool:
        """Whether the answer is explained once this reading may have any value again."""
        if len(self.possible[name]) == len(ALLOWED[name]) or name in UNANSWERED:
            return False
        domains = {**self.domains(), name: frozenset(ALLOWED[name])}
        try:
            outcomes = tree.outcomes(domains, MOST_OUTCOMES)
        except TooManyError:
            return False
        return any(not differences(each.shape, shape) for each in outcomes)

    def _keep(self, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
        """Keep the worlds of these outcomes; return what that settled."""
        before = set(self.settled)
        found = [{name: value for name, value in each.readings.items() if name not in UNANSWERED}
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
                    if name in UNANSWERED or any(name not in each for each in left):
                        continue
                    self.possible[name] &= {each[name] for each in left}
            self.relations = [each for each in self.relations if self._binds(each)]
            if self.possible == before:
                return

    def _is_possible(self, values: Mapping[str, str]) -> bool:
        return all(
            value in self.possible[name] for name, value in values.items() if name not in UNANSWERED
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
        if name in possible and name not in UNANSWERED
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
    if got.get(ORDER) != NOT_TOLD:
        return differ
    return {part for part in differ if part in got and part != ORDER}


def _is_like(expected: Shape, got: Shape, part: str) -> bool:
    return expected.get(part) == got.get(part)


def _new_shapes(
    call: int, tree: Tree, shape: Shape, outcomes: Sequence[Outcome],
    domains: Mapping[str, frozenset[str]],
) -> tuple[NewShape, ...]:  # fmt: skip
    """Return the parts that no outcome has; of an answer of another program, that it is one."""
    known = [each.shape for each in outcomes]
    if all(not _is_like(each, shape, AUTHOR) for each in known):
        parts = [AUTHOR]
    else:
        known = [each for each in known if _is_like(each, shape, AUTHOR)]
        like = [each for each in known if each.get("result") == shape.get("result")]
        known = like or known
        parts = [
            part for part in shape
            if all(part in differences(each, shape) for each in known)
        ]  # fmt: skip
    return tuple(
        NewShape(
            call=call,
            part=part,
            got=shape.get(part, ABSENT),
            expected=tuple(sorted({each.get(part, ABSENT) for each in known})),
            readings=_deciding(part, tree, outcomes, domains) if part != AUTHOR else (),
        )
        for part in parts
    )


def _deciding(
    part: str, tree: Tree, outcomes: Sequence[Outcome], domains: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Return the readings that change this part when they alone are changed."""
    found: set[str] = set()
    for each in outcomes[:8]:
        fixed: dict[str, frozenset[str]] = {
            **domains, **{name: frozenset({value}) for name, value in each.choices.items()}
        }  # fmt: skip
        for name in each.readings:
            if name in found or name in UNANSWERED:
                continue
            free = {**fixed, name: frozenset(ALLOWED[name])}
            shapes = {x.shape.get(part) for x in tree.outcomes(free, MOST_OUTCOMES)}
            if len(shapes) > 1:
                found.add(name)
    return tuple(sorted(found))


def _without(name: str, relation: Tuples) -> Tuples:
    if not any(name in each for each in relation):
        return relation
    return tuple({k: v for k, v in each.items() if k != name} for each in relation)
