"""`@pytest.mark.artqr(...)`: what a test wants its world to be.

Rule 1: an argument that is unknown is refused with what there is, never ignored.
Rule 2: of several markers the nearest to the test wins, argument by argument; readings are merged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Protocol

from mock_server.client import RefusedError
from mock_server.testing.server import MockServer
from mock_server.testing.world import World

# Handed to `POST /_mock/accounts` as they are.
ACCOUNT_WORDS = ("credits", "seed", "clock")
# What a scenario says itself; readings and faults come on top of it.
SCENARIO_WORDS = frozenset({"credits", "clock"})
WORDS = ("scenario", *ACCOUNT_WORDS, "readings", "faults")


class MarkerError(ValueError):
    """A marker that cannot be; the message says what can."""


class Mark(Protocol):
    """What a marker of pytest has."""

    @property
    def args(self) -> tuple[Any, ...]: ...
    @property
    def kwargs(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A world to make."""

    account: Mapping[str, Any]
    scenario: str | None = None
    faults: tuple[Mapping[str, Any], ...] = field(default=())

    def grant(self, server: MockServer, **defaults: Any) -> World:
        """Make the world. Raises RefusedError for what the server does not take."""
        readings = {**defaults.pop("readings", {}), **self.account.get("readings", {})}
        world = server.account(**{**defaults, **self.account, "readings": readings})
        try:
            if self.scenario is not None:
                world.play(self.scenario)
                if readings:
                    world.readings.set(readings)
            for fault in self.faults:
                world.faults.add(**fault)
        except RefusedError:
            server.worlds.remove(world)
            raise
        return world


def wish_of(marks: Iterable[Mark]) -> Wish:
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
    return Wish(
        account={**account, "readings": readings},
        scenario=words.get("scenario"),
        faults=tuple(_fault(each) for each in words.get("faults", ())),
    )


def _check(mark: Mark) -> None:
    if mark.args:
        raise MarkerError(
            f"@pytest.mark.artqr takes no bare values such as {mark.args[0]!r}: name them, "
            f"there is {', '.join(WORDS)}"
        )
    for name in mark.kwargs:
        if name not in WORDS:
            near = get_close_matches(name, WORDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(WORDS)}"
            raise MarkerError(f"@pytest.mark.artqr has no argument {name!r}: {hint}")
    readings = mark.kwargs.get("readings", {})
    if not isinstance(readings, Mapping):
        raise MarkerError(f"readings={readings!r}: write {{'refusal.status': '200'}}")
    faults = mark.kwargs.get("faults", ())
    if not isinstance(faults, list | tuple):
        raise MarkerError(f"faults={faults!r}: write a list, such as ['D504TO']")


def _fault(wanted: Any) -> Mapping[str, Any]:
    if isinstance(wanted, str):
        return {"code": wanted}
    if isinstance(wanted, Mapping):
        return wanted
    raise MarkerError(
        f"fault {wanted!r}: write a code such as 'D504TO', or a rule such as "
        "{'code': 'D504TO', 'operation': 'submit_task', 'calls': 1}"
    )
