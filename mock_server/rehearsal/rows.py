"""The tables of a file of drills: their members are checked, and some are chosen by their ids."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drill import Drill

D = TypeVar("D", bound=Drill)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """What a table of `file` may have: `noun` is what one of them is called."""

    file: str
    noun: str
    members: Sequence[str]
    required: Sequence[str]
    lists: Sequence[str]

    def wrong(self, name: str, why: str) -> UsageError:
        """Return the error on a table of this name."""
        return UsageError(f"contracts/{self.file}: {self.noun} {name[:64]!r}: {why}")

    def values(self, row: Mapping[str, Any], number: int) -> dict[str, Any]:
        """Return the members of a table. Raises UsageError that says what to change."""
        name = str(row.get("id", f"number {number}"))
        for member in row:
            if member not in self.members:
                raise self.wrong(name, unknown("member", member, self.members))
        if missing := [member for member in self.required if not row.get(member)]:
            raise self.wrong(name, f"{' and '.join(missing)} is missing: add it")
        if wrong := [member for member in self.lists if not isinstance(row.get(member, []), list)]:
            raise self.wrong(name, f"{wrong[0]} is no list: write it in brackets")
        return {key: tuple(value) if key in self.lists else value for key, value in row.items()}

    def check_ids(self, drills: Iterable[Drill]) -> None:
        """Raise UsageError unless each has an id of its own."""
        for name, times in Counter(drill.id for drill in drills).items():
            if times > 1:
                plural = "deliveries" if self.noun == "delivery" else f"{self.noun}s"
                raise self.wrong(name, f"{times} {plural} have this id: give each an id of its own")

    def chosen(self, drills: Iterable[D], only: Sequence[str], skip: Sequence[str]) -> list[D]:
        """Return those to run. Raises UsageError for an unknown id."""
        known = {drill.id: drill for drill in drills}
        for name in (*only, *skip):
            if name not in known:
                raise UsageError(unknown(self.noun, name, known))
        return [
            drill
            for drill in known.values()
            if (not only or drill.id in only) and drill.id not in skip
        ]

    def check_left(self, chosen: Sequence[Drill]) -> None:
        """Raise UsageError if none is left to run."""
        if not chosen:
            raise UsageError(f"no {self.noun} is left to run: choose others with --only and --skip")
