"""A server under a steady half load for minutes: memory, descriptors and p99 have to stay flat."""

import statistics
from collections.abc import Iterator, Sequence

from benchmarks import line_chart
from benchmarks.figures import Figure, figure
from benchmarks.loads import Second, checked, half_of_capacity, percentile, steady_load
from benchmarks.part import Bench, Part

SECONDS, QUICK = 600, 12
KEEP = 20_000  # tasks, so that the rows stay as many, too
POINTS = 60
WARM_S = 3
OVER_TIME = "over time"
MEMORY, DESCRIPTORS, LATENCY = "memory", "descriptors", "p99 of a point"


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield how memory, descriptors and p99 went; their samples are the points of the plot."""
    seconds, rate = bench.pick(SECONDS, QUICK), half_of_capacity(bench)
    with bench.server("soak", "--keep", str(KEEP)) as server, steady_load(server, rate) as load:
        load.wait(WARM_S)
        points = _points(checked(load.wait(seconds)))
    table = f"{seconds / 60:g} minutes"
    yield from _line(table, MEMORY, "MB", [max(one.rss_mb for one in each) for each in points])
    counts = [float(max(one.descriptors for one in each)) for each in points]
    yield from _line(table, DESCRIPTORS, "", counts)
    last = [percentile(each, 0.99) for each in points]
    yield from _line(table, LATENCY, "ms", last)
    usual = statistics.median(last)
    yield figure(table, LATENCY, "highest ÷ median", "", [max(last) / usual])
    yield figure(table, "submits a second", OVER_TIME, "", [rate])


def _line(table: str, row: str, unit: str, values: Sequence[float]) -> Iterator[Figure]:
    """Yield a line of the plot, and how much higher its last quarter is than the first."""
    quarter = max(1, len(values) // 4)
    first, last = values[:quarter], values[-quarter:]
    yield figure(table, row, OVER_TIME, unit, values)
    yield figure(table, row, "highest", unit, [max(values)])
    yield figure(table, row, "first quarter", unit, first)
    yield figure(table, row, "last quarter", unit, last)
    rise = statistics.median(last) / statistics.median(first)
    yield figure(table, row, "last ÷ first quarter", "", [rise])


def _points(seconds: Sequence[Second]) -> list[Sequence[Second]]:
    """Return the seconds in groups, one for each point of the plot."""
    size = max(1, len(seconds) // POINTS)
    return [seconds[begin : begin + size] for begin in range(0, len(seconds) - size + 1, size)]


def plot(figures: Sequence[Figure]) -> str:
    """Return the plot: one line above the other, over the minutes."""
    lines = [each for each in figures if each.column == OVER_TIME and len(each.samples) > 1]
    return line_chart.draw(lines, over=lines[0].table)


PART = Part(
    name="soak",
    title="Soak",
    says="Ten minutes (`--quick`: twelve seconds) of submits at half of the rate that a server "
    f"takes; it keeps the last {KEEP:,} tasks. The plot has 60 points, each of which is the "
    "highest of its ten seconds, or the p99 of all their submits. Of the p99 the highest point "
    "counts, too: first and last quarter beside each other would hide a storm in the middle.",
    measure=measure,
    plot=plot,
    is_quick=False,
)
