"""Figures: one measured number each, with a sample for every round; and how they are written."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SMALL, LARGE = 10, 1000  # from here on fewer digits say enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One cell of a table of the results. `samples` has one value for each round that counts."""

    table: str
    row: str
    column: str
    unit: str
    samples: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a figure that nothing was measured for."""
        if not self.samples:
            raise ValueError(f"{self.row}, {self.column}: nothing was measured")

    @property
    def median(self) -> float:
        """The value to compare."""
        return statistics.median(self.samples)

    @property
    def low(self) -> float:
        """The lowest round."""
        return min(self.samples)

    @property
    def high(self) -> float:
        """The highest round."""
        return max(self.samples)

    @property
    def shown(self) -> str:
        """The median, and in brackets the lowest and the highest round."""
        unit = f" {self.unit}" if self.unit else ""
        if len(self.samples) == 1:
            return f"{number(self.median)}{unit}"
        return f"{number(self.median)}{unit} ({number(self.low)}–{number(self.high)})"

    def as_json(self) -> dict[str, Any]:
        """Return the figure as `results.json` has it."""
        return {
            "table": self.table, "row": self.row, "column": self.column, "unit": self.unit,
            "samples": [round(each, 6) for each in self.samples],
        }  # fmt: skip

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Figure":
        """Return a figure of `results.json`."""
        return cls(**{**given, "samples": tuple(given["samples"])})


def figure(table: str, row: str, column: str, unit: str, samples: Iterable[float]) -> Figure:
    """Return a figure; its table, row and column are its place in the results."""
    return Figure(table=table, row=row, column=column, unit=unit, samples=tuple(samples))


def number(value: float) -> str:
    """Return a value with as many digits as mean something."""
    if abs(value) >= LARGE:
        return f"{value:,.0f}"
    if abs(value) >= SMALL:
        return f"{value:.0f}" if abs(value) >= SMALL * SMALL else f"{value:.1f}"
    return f"{value:.2f}"


def ratios(one: Sequence[float], other: Sequence[float]) -> tuple[float, ...]:
    """Return the quotients of two series, round by round: what disturbs a round disturbs both.

    Raises ValueError if a round of the second measured nothing.
    """
    if 0 in other:
        raise ValueError("a round was too short to measure anything: run without --quick")
    return tuple(a / b for a, b in zip(one, other, strict=True))
