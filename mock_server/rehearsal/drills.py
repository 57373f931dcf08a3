"""The drills of contracts/drills.toml, checked and in the order of the file."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from mock_server import contract
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.needs import NEEDS
from mock_server.rehearsal.rows import RowForm
from mock_server.rehearsal.steps import BEFORE_RESTART, STEPS

__all__ = ["Drill", "all_drills", "chosen", "read_drills"]

# `count` stands for so many texts. A sweep gives a drill further readings; a scenario's drill comes
# from no file of drills.
NOT_IN_FILE = ("swept", "scenario")
FORM = RowForm(
    file="drills.toml", noun="drill",
    members=(*(each.name for each in fields(Drill) if each.name not in NOT_IN_FILE), "count"),
    required=("id", "says", "client", "needs"), lists=("texts", "needs", "success_needs", "faults"),
)  # fmt: skip


@cache
def all_drills() -> tuple[Drill, ...]:
    """Return every drill, in the order of the file. Raises UsageError if the file is wrong."""
    return read_drills(contract.load_toml("drills.toml").get("drill", ()))


def read_drills(rows: Sequence[Mapping[str, Any]]) -> tuple[Drill, ...]:
    """Return the drills of the file's tables. Raises UsageError that says what to change."""
    found = tuple(_drill(row, number) for number, row in enumerate(rows, start=1))
    FORM.check_ids(found)
    return found


def chosen(only: Sequence[str], skip: Sequence[str], *, restartable: bool) -> list[Drill]:
    """Return the drills to run. Raises UsageError for an unknown id, or if none is left."""
    found = FORM.chosen(all_drills(), only, skip)
    restarting = [drill.id for drill in found if drill.restart]
    if needing := [name for name in only if name in restarting and not restartable]:
        raise UsageError(f"{', '.join(needing)} restarts the client: add --restartable")
    found = [drill for drill in found if restartable or not drill.restart]
    FORM.check_left(found)
    return found


def _drill(row: Mapping[str, Any], number: int) -> Drill:
    """Return one drill. Raises UsageError for a member, a need or a step that is not known."""
    drill = Drill(**_values(FORM.values(row, number)))
    for kind, words, known in (
        ("need", [*drill.needs, *drill.success_needs], [*NEEDS]),
        ("step", [drill.step], [*STEPS]),
        ("before_restart", [drill.before_restart], [*BEFORE_RESTART]),
    ):
        for word in words:
            if word is not None and word not in known:
                raise FORM.wrong(drill.id, unknown(kind, word, known))
    if impossible := _impossible(drill):
        raise FORM.wrong(drill.id, impossible)
    return drill


def _values(values: dict[str, Any]) -> dict[str, Any]:
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
