"""Goals: what the figures should be, and whether they are. CI never judges by them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.results import Record, figure

FILE = Path(__file__).with_name("goals.toml")


class Verdict(StrEnum):
    """How a figure stands to its goal."""

    GOAL_MET = "goal met"
    MUST_MET = "must met"
    MISSED = "missed"
    UNMEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One row of goals.toml."""

    says: str
    figure: str
    better: str
    must: float
    before: float | None = None
    goal: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse a row that says something impossible."""
        if self.better not in ("higher", "lower"):
            raise ValueError(f"{self.says}: better is 'higher' or 'lower', not {self.better!r}")
        if self.figure.count("/") != 3:
            raise ValueError(f"{self.says}: figure is part/table/row/column")
        if self.goal is not None and not self.reaches(self.goal, self.must):
            raise ValueError(f"{self.says}: the goal is easier than what must be")

    def reaches(self, value: float, bound: float) -> bool:
        """Whether a value is as good as a bound, or better."""
        return value >= bound if self.better == "higher" else value <= bound

    def verdict(self, measured: Figure | None) -> Verdict:
        """Judge the median of a figure. A goal without `goal` is met with its must."""
        if measured is None:
            return Verdict.UNMEASURED
        if not self.reaches(measured.median, self.must):
            return Verdict.MISSED
        if self.goal is not None and self.reaches(measured.median, self.goal):
            return Verdict.GOAL_MET
        return Verdict.MUST_MET

    def score(self, value: float) -> float:
        """Return how many times as good as the must a value is: 1 is just enough."""
        return value / self.must if self.better == "higher" else self.must / max(value, 1e-9)


def load() -> list[Goal]:
    """Return the goals. Raises ValueError for a row that cannot be."""
    return [Goal(**row) for row in tomllib.loads(FILE.read_text("utf-8"))["goal"]]


def measured(goals: list[Goal], records: Mapping[str, Record]) -> list[tuple[Goal, Figure | None]]:
    """Return each goal with its figure, if there is one."""
    return [(goal, figure(records, goal.figure)) for goal in goals]
