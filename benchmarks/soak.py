"""A server under a steady half load for minutes: memory, descriptors and p99 have to stay flat.

`python -m benchmarks.soak [MINUTES]` measures for so long, ten minutes by default, and draws what
it saw. The server keeps the last 20,000 tasks, so that its rows stay as many, too.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from benchmarks.loads import (
    Second,
    failed,
    half_of_capacity,
    percentile,
    rich_app_code,
    started,
    steady_load,
)
from mock_server.pages.charts import step_of

MINUTES = 10.0
PLOT = "soak.svg"
KEEP = 20_000
# So many points of each line, and the first ones that are still of the start.
POINTS, WARM_SHARE = 60, 0.2
WIDTH, HEIGHT, LEFT, TOP, GAP = 760, 120, 70, 30, 46


def measure(minutes: float = MINUTES, plot: Path | None = None) -> str:
    """Return the result as a line, and draw the plot; raise if a call failed."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "soak.sqlite3")
        command = ("mock_server", "serve", "--port", "0", "--database", path, "--keep", str(KEEP))
        with started(*command) as server:
            process = psutil.Process().children()[-1]
            code = rich_app_code(server)
            rate = half_of_capacity(server, code)
            with steady_load(server, code, rate, process) as load:
                load.wait(3)
                seconds = load.wait(round(minutes * 60))
    assert failed(seconds) == 0, f"{failed(seconds)} calls were not answered with 200"
    points = _points(seconds)
    where = plot or Path("build") / PLOT
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(draw(points, len(seconds)), "utf-8")
    told = "; ".join(_told(name, unit, [of(each) for each in points]) for name, unit, of in LINES)
    return f"{minutes:g} minutes at {rate:,} submits/s (half of what it takes): {told} ({where})"


def _points(seconds: Sequence[Second]) -> list[Sequence[Second]]:
    """Return the seconds in groups, one for each point of the plot."""
    size = max(1, len(seconds) // POINTS)
    return [seconds[begin : begin + size] for begin in range(0, len(seconds) - size + 1, size)]


LINES: tuple[tuple[str, str, Callable[[Sequence[Second]], float]], ...] = (
    ("memory", "MB", lambda each: max(one.rss_mb for one in each)),
    ("descriptors", "", lambda each: max(one.descriptors for one in each)),
    ("p99", "ms", lambda each: percentile(each, 0.99)),
)


def _told(name: str, unit: str, values: Sequence[float]) -> str:
    """Say how a line went from its first part, once the server is warm, to its last."""
    warm = values[int(len(values) * WARM_SHARE) :]
    part = max(1, len(warm) // 4)
    first, last = statistics.median(warm[:part]), statistics.median(warm[-part:])
    return f"{name} {first:.0f} → {last:.0f} {unit}".rstrip() + f" ({last / first:.2f} x)"


def draw(points: Sequence[Sequence[Second]], seconds: int) -> str:
    """Return the plot as SVG: one line above the other, over the minutes."""
    height = TOP + len(LINES) * (HEIGHT + GAP)
    shown = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="A soak of {seconds} seconds">',
        "<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.paper{fill:#fff}"
        ".grid{stroke:#d1d9e0}.line{fill:none;stroke:#0969da;stroke-width:2}"
        "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.paper{fill:#0d1117}"
        ".grid{stroke:#3d444d}.line{stroke:#4493f8}}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
    ]
    for index, (name, unit, of) in enumerate(LINES):
        top = TOP + index * (HEIGHT + GAP)
        shown += _chart(f"{name} {unit}".strip(), [of(each) for each in points], top, seconds)
    return "\n".join([*shown, "</svg>"]) + "\n"


def _chart(title: str, values: Sequence[float], top: float, seconds: int) -> list[str]:
    highest = max(*values, 1.0)
    step = step_of(highest, 4)
    limit = step * -(-highest // step)
    lines = [f'<text x="{LEFT}" y="{top - 8}">{title}</text>']
    for number in range(round(limit / step) + 1):
        y = top + HEIGHT - number * step / limit * HEIGHT
        across = f'x1="{LEFT}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}"'
        lines.append(f'<line class="grid" {across}/>')
        lines.append(
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number * step:g}</text>'
        )
    wide = (WIDTH - 20 - LEFT) / max(1, len(values) - 1)
    way = " ".join(
        f"{LEFT + place * wide:.1f},{top + HEIGHT - value / limit * HEIGHT:.1f}"
        for place, value in enumerate(values)
    )
    lines.append(f'<polyline class="line" points="{way}"/>')
    lines.append(
        f'<text x="{WIDTH - 20}" y="{top + HEIGHT + 16}" text-anchor="end">'
        f"{seconds / 60:g} minutes</text>"
    )
    return lines


if __name__ == "__main__":
    print(measure(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES))
