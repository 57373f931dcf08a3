"""Timelines: what happened when, in lanes above each other, on one axis of real time.

Rule 1: positions are percents, so a timeline fits every width without a script.
Rule 2: kinds of bars and marks differ by shape, not by colour alone; timeline.html draws them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor

from mock_server.pages.charts import step_of

MOST_TICKS = 8
MOST_TRACKS = 5  # of bars that overlap in a row; what finds no room lies above the last
LEAST_WIDTH = 0.1  # percent: a bar without any width is not drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Something that lasted. `end_ms` None: it goes on after the end of the axis.

    `kind`: its look; `mark`: the kind of the mark at its end, None for none; `says`: what it was.
    """

    start_ms: float
    end_ms: float | None
    kind: str
    says: str
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at an instant."""

    at_ms: float
    kind: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Things of one sort. `says` tells the row to a person who cannot see it."""

    label: str
    says: str
    bars: Sequence[Bar] = ()
    marks: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The rows of one point of view."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedBar:
    """A bar on the axis: `x` and `width` in percent, `track` from 0 on."""

    x: float
    width: float
    track: int
    bar: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedMark:
    """A mark on the axis, `x` in percent."""

    x: float
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Lanes on an axis from `begin_ms`, at most 0, to `end_ms`. `notes`: what it leaves out."""

    lanes: Sequence[Lane]
    begin_ms: float
    end_ms: float
    notes: Sequence[str] = ()

    @property
    def length_ms(self) -> float:
        """Return the length of the axis, more than 0."""
        return max(1.0, self.end_ms - self.begin_ms)

    @property
    def step_ms(self) -> float:
        """Return the distance of two marks of the axis."""
        return step_of(self.length_ms, MOST_TICKS)

    def ticks(self) -> list[tuple[float, float]]:
        """Return the marks of the axis: percent, and ms. There is one at 0 ms."""
        first, last = (ceil(self.begin_ms / self.step_ms), floor(self.end_ms / self.step_ms))
        found = (number * self.step_ms for number in range(first, last + 1))
        return [(self.x_of(each), each) for each in found]

    def x_of(self, at_ms: float) -> float:
        """Return where an instant stands on the axis, in percent."""
        return min(100.0, max(0.0, 100 * (at_ms - self.begin_ms) / self.length_ms))

    def bars_of(self, row: Row) -> list[PlacedBar]:
        """Return the bars of a row, those that overlap below each other."""
        return list(self._placed(row.bars))

    def marks_of(self, row: Row) -> list[PlacedMark]:
        """Return the marks of a row."""
        return [PlacedMark(x=self.x_of(each.at_ms), mark=each) for each in row.marks]

    def _placed(self, bars: Sequence[Bar]) -> Iterator[PlacedBar]:
        free: list[float] = []  # from where on each track is free
        for bar in sorted(bars, key=lambda each: each.start_ms):
            x = self.x_of(bar.start_ms)
            end = 100.0 if bar.end_ms is None else self.x_of(bar.end_ms)
            track = next((number for number, at in enumerate(free) if at <= x), len(free))
            if track < MOST_TRACKS:
                free[track : track + 1] = [end]
            else:
                track = MOST_TRACKS - 1
            yield PlacedBar(x=x, width=max(LEAST_WIDTH, end - x), track=track, bar=bar)
