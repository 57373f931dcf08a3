"""The answers that a call can have in the model, as a tree of the questions that they depend on.

Rule 1: the tree is found by running the call: each reading that the simulator asks is a branch. So
no table says which readings a call depends on, nor what it answers.
Rule 2: a branch is explored when somebody needs it. What was explored once is kept.
Rule 3: beside readings a branch can be a chance: what a task has become by then.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields

from mock_server.domain.readings import ALLOWED, Readings
from mock_server.probe.shape import Shape
from mock_server.probe.unseen import UNSEEN

CHANCE = "?"  # in front of the name of a branch that is no reading
Domains = Mapping[str, Collection[str]]
IDS = {each.name: each.metadata["id"] for each in fields(Readings) if "id" in each.metadata}


class ImpossibleError(Exception):
    """No world with these readings has come this far: a call before this one went otherwise."""


class TooManyError(Exception):
    """The call depends on more than can be told apart now."""


class Asked:
    """Readings whose values are chosen when they are asked for; the simulator takes it for one."""

    def __init__(self, chosen: Mapping[str, str], domains: Domains) -> None:
        self._chosen = chosen
        self._domains = domains
        self.path: list[tuple[str, tuple[str, ...], str]] = []
        self._known: dict[str, str] = {}

    def __getattr__(self, name: str) -> str:
        """Return the value of a reading."""
        try:
            reading = IDS[name]
        except KeyError:
            raise AttributeError(name) from None
        if reading in UNSEEN:
            return ALLOWED[reading][0]
        return self.choose(reading, ALLOWED[reading])

    def chance(self, name: str, options: tuple[str, ...]) -> str:
        """Return what has happened, of several things that can."""
        return self.choose(CHANCE + name, options)

    def choose(self, name: str, options: tuple[str, ...]) -> str:
        """Return the chosen value of a branch, the first one if it is new."""
        if name not in self._known:
            value = self._chosen.get(name) or self._first(name, options)
            self._known[name] = value
            self.path.append((name, options, value))
        return self._known[name]

    def _first(self, name: str, options: tuple[str, ...]) -> str:
        possible = self._domains.get(name, options)
        return next((each for each in options if each in possible), options[0])


@dataclass(slots=True)
class Branch:
    """A question, and what follows from each of its answers."""

    name: str
    options: tuple[str, ...]
    after: dict[str, "Branch | Leaf"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leaf:
    """An end of the tree; `shape` None: no world comes here."""

    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way that a call can go: the readings and chances that it depends on, and its shape."""

    choices: Mapping[str, str]
    shape: Shape

    @property
    def readings(self) -> dict[str, str]:
        """The readings among the choices."""
        return {name: value for name, value in self.choices.items() if name[0] != CHANCE}


# Gives the shape of the call for each of these choices, None where no world comes so far.
RunAll = Callable[[Sequence[Asked]], Sequence[Shape | None]]


class Tree:
    """All that one call can be answered, after what happened before it."""

    def __init__(self, run_all: RunAll) -> None:
        self._run_all = run_all
        self._root: Branch | Leaf | None = None
        self.names: set[str] = set()

    def outcomes(self, domains: Domains, most: int) -> list[Outcome]:
        """Return the outcomes in the worlds that are still possible. Raises TooManyError.

        `domains` has the possible values of readings, and may have those of chances.
        """
        found: list[Outcome] = []
        waiting: list[dict[str, str]] = [{}]
        while waiting:
            unexplored: list[dict[str, str]] = []
            while waiting:
                self._follow(waiting.pop(), domains, waiting, unexplored, found)
                if len(found) + len(unexplored) > most:
                    raise TooManyError
            self._explore(unexplored, domains)
            waiting = unexplored
        return found

    def _follow(
        self, chosen: dict[str, str], domains: Domains, waiting: list[dict[str, str]],
        unexplored: list[dict[str, str]], found: list[Outcome],
    ) -> None:  # fmt: skip
        """Go down from some choices: to an outcome, to other choices, or where nobody has been."""
        at: Branch | Leaf | None = self._root
        while isinstance(at, Branch):
            if at.name not in chosen:
                values = [each for each in at.options if each in domains.get(at.name, at.options)]
                waiting += [{**chosen, at.name: value} for value in values[1:]]
                if not values:
                    return
                chosen = {**chosen, at.name: values[0]}
            at = at.after.get(chosen[at.name])
        if at is None:
            unexplored.append(chosen)
        elif at.shape is not None:
            found.append(Outcome(chosen, at.shape))

    def _explore(self, unexplored: Sequence[Mapping[str, str]], domains: Domains) -> None:
        """Run the call for each of these choices, and add the branches that it went through."""
        all_asked = [Asked(chosen, domains) for chosen in unexplored]
        for asked, shape in zip(all_asked, self._run_all(all_asked), strict=True):
            below: Branch | Leaf = Leaf(shape)
            for name, options, value in reversed(asked.path):
                below = Branch(name, options, {value: below})
                self.names.add(name)
            self._root = below if self._root is None else _merged(self._root, below)


def _merged(old: Branch | Leaf, new: Branch | Leaf) -> Branch | Leaf:
    """Add one path to a tree; both ask the same questions as long as the answers are the same."""
    if isinstance(old, Leaf) and isinstance(new, Leaf):
        return old
    if isinstance(old, Leaf) or isinstance(new, Leaf) or old.name != new.name:
        raise RuntimeError(f"the model asked {new} where it asked {old} before")
    for value, below in new.after.items():
        old.after[value] = _merged(old.after[value], below) if value in old.after else below
    return old
