"""The drills of contracts/drills.toml, checked and in the order of the file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from mock_server import contract
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.needs import NEEDS
from mock_server.rehearsal.steps import BEFORE_RESTART, STEPS

__all__ = ["Drill", "all_drills", "chosen", "read_drills"]

# `count` stands for so many texts; a sweep alone gives a drill further readings.
MEMBERS = (*(each.name for each in fields(Drill) if each.name != "swept"), "count")
REQUIRED = ("id", "says", "client", "needs")
LISTS = ("texts", "needs", "faults")


@cache
def all_drills() -> tuple[Drill, ...]:
    """Return every drill, in the order of the file. Raises UsageError if the file is wrong."""
    return read_drills(contract.load_toml("drills.toml").get("drill", ()))


def read_drills(rows: Sequence[Mapping[str, Any]]) -> tuple[Drill, ...]:
    """Return the drills of the file's tables. Raises UsageError that says what to change."""
    found = tuple(_drill(row, number) for number, row in enumerate(rows, start=1))
    for name, times in Counter(drill.id for drill in found).items():
        if times > 1:
            raise _wrong(name, f"{times} drills have this id: give each an id of its own")
    return found


def chosen(only: Sequence[str], skip: Sequence[str], *, restartable: bool) -> list[Drill]:
    """Return the drills to run. Raises UsageError for an unknown id, or if none is left."""
    known = {drill.id: drill for drill in all_drills()}
    for name in (*only, *skip):
        if name not in known:
            raise UsageError(unknown("drill", name, known))
    if needing := [name for name in only if known[name].restart and not restartable]:
        raise UsageError(f"{', '.join(needing)} restarts the client: add --restartable")
    found = [
        drill
        for drill in known.values()
        if (not only or drill.id in only)
        and drill.id not in skip
        and (restartable or not drill.restart)
    ]
    if not found:
        raise UsageError("no drill is left to run: choose others with --only and --skip")
    return found


def _drill(row: Mapping[str, Any], number: int) -> Drill:
    """Return one drill. Raises UsageError for a member, a need or a step that is not known."""
    name = str(row.get("id", f"number {number}"))
    for member in row:
        if member not in MEMBERS:
            raise _wrong(name, unknown("member", member, MEMBERS))
    if missing := [member for member in REQUIRED if not row.get(member)]:
        raise _wrong(name, f"{' and '.join(missing)} is missing: add it")
    if wrong := [member for member in LISTS if not isinstance(row.get(member, []), list)]:
        raise _wrong(name, f"{wrong[0]} is no list: write it in brackets")
    drill = Drill(**_values(row))
    for kind, words, known in (
        ("need", [*drill.needs], [*NEEDS]),
        ("step", [drill.step], [*STEPS]),
        ("before_restart", [drill.before_restart], [*BEFORE_RESTART]),
    ):
        for word in words:
            if word is not None and word not in known:
                raise _wrong(name, unknown(kind, word, known))
    if impossible := _impossible(drill):
        raise _wrong(name, impossible)
    return drill


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        key: tuple(value) if key in LISTS else value for key, value in row.items()
    }
    count = values.pop("count", None)
    if count is not None:
        values["texts"] = tuple(f"https://example.com/{number}" for number in range(1, count + 1))
    return values


def _impossible(drill: Drill) -> str | None:
    """Return why a drill whose names are all known could never give a verdict, or None."""
    if not drill.texts:
        return "it has no text, so a client would order nothing: add texts, or leave them out"
    if "fired" in drill.needs and not drill.faults:
        return "it needs that a fault fired, but has no fault: add one, or leave the need out"
    if drill.before_restart and not drill.restart:
        return "before_restart does nothing without restart = true: add that"
    if "restarted" in drill.needs and not drill.restart:
        return "it needs a restart that never comes: add restart = true"
    return None


def _wrong(name: str, why: str) -> UsageError:
    return UsageError(f"contracts/drills.toml: drill {name[:64]!r}: {why}")
