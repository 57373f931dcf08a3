"""Draws figures as SVG lines, one above the other: their samples, one after the other in time."""

from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.chart import STYLE
from benchmarks.figures import Figure
from mock_server.pages.charts import step_of

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 760, 120, 70, 20, 30, 46
STEPS = 4  # of an axis, at most
LINE = ".line{fill:none;stroke:#0969da;stroke-width:2}"


def draw(figures: Sequence[Figure], *, over: str) -> str:
    """Return the plot. `over` is the time that all samples together took."""
    height = TOP + len(figures) * (HEIGHT + GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="Over {escape(over)}">',
        f"<style>{STYLE}{LINE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
    ]
    for index, each in enumerate(figures):
        lines += _line(each, TOP + index * (HEIGHT + GAP), over)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _line(shown: Figure, top: float, over: str) -> Iterator[str]:
    highest = max(*shown.samples, 1.0)
    step = step_of(highest, STEPS)
    limit = step * -(-highest // step)
    title = f"{shown.row}, {shown.unit}" if shown.unit else shown.row
    yield f'<text x="{LEFT}" y="{top - 8}">{escape(title)}</text>'
    for number in range(round(limit / step) + 1):
        y = round(top + HEIGHT - number * step / limit * HEIGHT, 1)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{number * step:g}</text>'
    wide = (WIDTH - RIGHT - LEFT) / max(1, len(shown.samples) - 1)
    way = " ".join(
        f"{LEFT + place * wide:.1f},{top + HEIGHT - value / limit * HEIGHT:.1f}"
        for place, value in enumerate(shown.samples)
    )
    yield f'<polyline class="line" points="{way}"/>'
    at = f'x="{WIDTH - RIGHT}" y="{top + HEIGHT + 16}"'
    yield f'<text {at} text-anchor="end">{escape(over)}</text>'
