"""Results: what was measured, part by part, in a JSON file that a later run completes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one run of a part came to. `failed` says why it ended early; its figures stay.

    `load_…`: the load average; `others_…`: percent of all cores that were in use without us.
    """

    name: str
    title: str
    says: str
    at: str
    quick: bool
    load_before: float
    load_after: float
    others_before: float
    others_after: float
    seconds: float
    figures: tuple[Figure, ...]
    left_out: tuple[str, ...] = ()
    failed: str | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the record as the file has it."""
        return {
            "title": self.title, "says": self.says, "at": self.at, "quick": self.quick,
            "load_before": self.load_before, "load_after": self.load_after,
            "others_before": self.others_before, "others_after": self.others_after,
            "seconds": self.seconds, "failed": self.failed, "left_out": list(self.left_out),
            "facts": self.facts, "figures": [each.as_json() for each in self.figures],
        }  # fmt: skip

    @classmethod
    def from_json(cls, name: str, given: dict[str, Any]) -> "Record":
        """Return a record of the file."""
        figures = tuple(map(Figure.from_json, given["figures"]))
        return cls(
            **{**given, "name": name, "figures": figures, "left_out": tuple(given["left_out"])}
        )


def load(file: Path) -> dict[str, Record]:
    """Return the records of a file by the names of their parts; none if there is no file.

    Raises ValueError, with advice, for a file that a benchmark has not written.
    """
    if not file.exists():
        return {}
    try:
        given = json.loads(file.read_text("utf-8"))
        return {name: Record.from_json(name, each) for name, each in given["parts"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} holds no results of a benchmark: delete it ({error})") from error


def save(file: Path, records: Iterable[Record]) -> None:
    """Write the records, in one step: a run that is interrupted loses nothing."""
    text = json.dumps(
        {"parts": {each.name: each.as_json() for each in records}}, ensure_ascii=False, indent=1
    )
    draft = file.with_suffix(".new")
    draft.write_text(text + "\n", "utf-8")
    draft.replace(file)


def figure(records: Mapping[str, Record], key: str) -> Figure | None:
    """Return the figure of a key such as `submit/32 connections/submit (form)/CPU`, or None."""
    part, table, row, column = key.split("/")
    record = records.get(part)
    for each in record.figures if record else ():
        if (each.table, each.row, each.column) == (table, row, column):
            return each
    return None
