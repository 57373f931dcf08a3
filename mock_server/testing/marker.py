"""`@pytest.mark.artqr(...)`: what a test wants its world to be.

Rule 1: an argument that is unknown is refused with what there is, never ignored.
Rule 2: of several markers the nearest to the test wins, argument by argument; readings are merged.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mock_server.admin_client import RefusedError
from mock_server.domain.faults.kinds import named
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import parse_yuan
from mock_server.testing.server import MockServer
from mock_server.testing.world import World

# Handed to `POST /_mock/accounts` as they are.
ACCOUNT_WORDS = ("credits", "seed", "clock")
# What a scenario says itself; readings and faults come on top of it.
SCENARIO_WORDS = frozenset({"credits", "clock"})
MOST_TEXT = 200


class MarkerError(ValueError):
    """A marker that cannot be; the message says of it what can."""


class Mark(Protocol):
    """What a marker of pytest has."""

    @property
    def args(self) -> tuple[Any, ...]: ...
    @property
    def kwargs(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRequest:
    """A world to make, and what its test may cost."""

    account: Mapping[str, Any]
    scenario: str | None = None
    faults: tuple[Mapping[str, Any], ...] = field(default=())
    max_fen: int | None = None

    def grant(self, server: MockServer, **defaults: Any) -> World:
        """Make the world. Raises RefusedError for what the server does not take."""
        readings = {**server.readings, **self.account["readings"]}
        world = server.account(**{**defaults, **self.account})
        try:
            if self.scenario is not None:
                world.play(self.scenario)
                if readings:
                    world.readings.set(readings)
            for fault in self.faults:
                world.faults.add(**fault)
        except RefusedError:
            server.delete(world)
            raise
        return world


def wish_of(marks: Iterable[Mark]) -> WorldRequest:
    """Return what the markers of a test ask for, the nearest first. Raises MarkerError."""
    words: dict[str, Any] = {}
    readings: dict[str, str] = {}
    for mark in marks:
        _check(mark)
        words = {**mark.kwargs, **words}
        readings = {**mark.kwargs.get("readings", {}), **readings}
    account = {name: words[name] for name in ACCOUNT_WORDS if name in words}
    if "scenario" in words and (twice := SCENARIO_WORDS.intersection(words)):
        raise MarkerError(
            f"scenario={words['scenario']!r} says what {' and '.join(sorted(twice))} there is: "
            "leave one of them out"
        )
    return WorldRequest(
        account={**account, "readings": readings},
        scenario=words.get("scenario"),
        faults=tuple(_fault(each) for each in words.get("faults", ())),
        max_fen=parse_yuan(words["max_yuan"]) if "max_yuan" in words else None,
    )


def _check(mark: Mark) -> None:
    if mark.args:
        raise MarkerError(
            f"it takes no bare values such as {mark.args[0]!r}: name them, there is "
            f"{', '.join(WORDS)}"
        )
    for name, value in mark.kwargs.items():
        if name not in WORDS:
            raise MarkerError(unknown("argument", name, WORDS))
        is_fine, write = WORDS[name]
        if not is_fine(value):
            raise MarkerError(f"{name}={_short(value)}: write {write}")


def _fault(wanted: Any) -> Mapping[str, Any]:
    if isinstance(wanted, str):
        return named(wanted)
    if isinstance(wanted, Mapping) and _is_plain(wanted):
        return wanted
    raise MarkerError(
        f"fault {_short(wanted)}: write a code such as 'D504TO', a kind such as 'reset', or a "
        "rule such as {'code': 'D504TO', 'operation': 'submit_task', 'calls': 1}"
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_amount(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        parse_yuan(value)
    except UsageError:
        return False
    return True


def _is_words(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(each, str) for pair in value.items() for each in pair
    )


def _is_plain(value: Any) -> bool:
    """Whether JSON can say it."""
    if isinstance(value, Mapping):
        names_are_fine = all(isinstance(name, str) for name in value)
        return names_are_fine and all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 3] + "..."


# The arguments: what each has to be, and what to write if it is not.
WORDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "scenario": (lambda value: isinstance(value, str), "the name of one, such as 'arrears'"),
    "credits": (_is_count, "a whole number from 0 up, such as 3"),
    "seed": (_is_count, "a whole number from 0 up, such as 7"),
    "clock": (
        lambda value: isinstance(value, Mapping) and _is_plain(value),
        "what the clock is like, such as {'frozen': True}",
    ),
    "readings": (_is_words, "ids and words, such as {'refusal.status': '200'}"),
    "faults": (lambda value: isinstance(value, list | tuple), "a list, such as ['D504TO']"),
    "max_yuan": (_is_amount, "a number of yuan, such as 2.80"),
}
