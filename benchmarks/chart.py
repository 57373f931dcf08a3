"""Draws the goals as SVG: a dot for each figure on one scale, on which 1 is what must be."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.figures import Figure, number
from benchmarks.goals import Goal, Verdict
from mock_server.formatting import cut
from mock_server.pages.charts import STEPS

LEFT, RIGHT, ROW, TOP = 350, 104, 26, 56
WIDTH = 900
MOST = 46  # characters of a label
LOWEST, HIGHEST = 0.01, 10.0
COLORS = {Verdict.GOAL_MET: "#1a7f37", Verdict.MUST_MET: "#0969da", Verdict.MISSED: "#cf222e"}
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px;fill:#59636e}"
    ".grid{stroke:#d1d9e0}.must{stroke:#1f2328;stroke-width:1.5}.goal{stroke:#1a7f37;"
    "stroke-width:2}.before{fill:none;stroke:#818b98;stroke-width:1.5}.way{stroke:#d1d9e0;"
    "stroke-width:3}.paper{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.small{fill:#9198a1}.grid{stroke:#3d444d}"
    ".must{stroke:#f0f6fc}.way{stroke:#3d444d}.paper{fill:#0d1117}}"
)


def draw(rows: Sequence[tuple[Goal, Figure | None]]) -> str:
    """Return the chart. The same figures give the same bytes."""
    height = TOP + ROW * len(rows) + 34
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="Each figure beside its goal">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        '<text x="12" y="22">How many times as good as it must be (1 = just enough)</text>',
        *_axis(height),
    ]
    for index, (goal, measured) in enumerate(rows):
        lines += _row(goal, measured, TOP + ROW * index + ROW / 2)
    lines += [*_key(height - 10), "</svg>"]
    return "\n".join(lines) + "\n"


def _axis(height: float) -> Iterator[str]:
    size = LOWEST
    while size <= HIGHEST:
        for step in STEPS:
            if (value := round(size * step, 6)) > HIGHEST:
                break
            x, kind = _x(value), "must" if value == 1 else "grid"
            yield f'<line class="{kind}" x1="{x}" x2="{x}" y1="{TOP - 4}" y2="{height - 30}"/>'
            if step == 1 or value >= 0.1:
                yield (
                    f'<text class="small" x="{x}" y="{TOP - 10}" text-anchor="middle">'
                    f"{value:g}</text>"
                )
        size *= 10


def _row(goal: Goal, measured: Figure | None, y: float) -> Iterator[str]:
    label = escape(cut(goal.says, MOST))
    yield f'<text x="{LEFT - 14}" y="{y + 4}" text-anchor="end">{label}</text>'
    if goal.before is not None:
        before = _x(goal.score(goal.before))
        now = before if measured is None else _x(goal.score(measured.median))
        yield f'<line class="way" x1="{before}" x2="{now}" y1="{y}" y2="{y}"/>'
        yield f'<circle class="before" cx="{before}" cy="{y}" r="4.5"/>'
    if measured is None:
        yield f'<text class="small" x="{WIDTH - RIGHT + 12}" y="{y + 4}">not measured</text>'
        return
    color = COLORS[goal.verdict(measured)]
    now, low, high = (_x(goal.score(v)) for v in (measured.median, measured.low, measured.high))
    if goal.goal is not None:
        at = _x(goal.score(goal.goal))
        yield f'<line class="goal" x1="{at}" x2="{at}" y1="{y - 7}" y2="{y + 7}"/>'
    yield f'<line stroke="{color}" x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke-width="2"/>'
    yield f'<circle fill="{color}" cx="{now}" cy="{y}" r="5"/>'
    said = f"{number(measured.median)} {goal.unit}".strip()
    yield f'<text class="small" x="{WIDTH - RIGHT + 12}" y="{y + 4}">{escape(said)}</text>'


def _key(y: float) -> Iterator[str]:
    shown = (
        ('<circle class="before" cx="{x}" cy="{c}" r="4.5"/>', "before"),
        ('<circle fill="#1a7f37" cx="{x}" cy="{c}" r="5"/>', "now, goal met"),
        ('<circle fill="#0969da" cx="{x}" cy="{c}" r="5"/>', "now, must met"),
        ('<circle fill="#cf222e" cx="{x}" cy="{c}" r="5"/>', "now, missed"),
        ('<line class="goal" x1="{x}" x2="{x}" y1="{a}" y2="{b}"/>', "goal"),
    )
    for index, (shape, says) in enumerate(shown):
        x = 20 + index * 130
        yield shape.format(x=x, c=y - 4, a=y - 11, b=y + 3)
        yield f'<text class="small" x="{x + 12}" y="{y}">{says}</text>'


def _x(score: float) -> float:
    """Return where a score stands on the logarithmic scale; what is off it stands at its end."""
    kept = min(max(score, LOWEST), HIGHEST)
    share = math.log(kept / LOWEST) / math.log(HIGHEST / LOWEST)
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)
