"""Writes RESULTS.md from the records, the goals, and what people wrote beside them."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import goals
from benchmarks.contenders import CONTENDERS
from benchmarks.figures import Figure, number
from benchmarks.goals import Goal, Verdict
from benchmarks.results import Record, figure

HERE = Path(__file__).parent
NOTES, INVARIANTS = HERE / "notes.md", HERE / "invariants.toml"
MARKS = {
    Verdict.GOAL_MET: "✅ goal met", Verdict.MUST_MET: "✅ must met", Verdict.MISSED: "❌ missed",
    Verdict.UNMEASURED: "– not measured",
}  # fmt: skip
NAMED = "Contenders"  # the fact that names them
QUIET = 10  # percent of all cores, with the benchmark idle
HEAD = """\
# Benchmark results

`make bench` writes this page; what a person adds goes into [notes.md](notes.md). Client and
servers share the cores of one machine, so only the ratios mean anything elsewhere. Every number is
the median of interleaved rounds, with the lowest and the highest in brackets; warm-up rounds do not
count. A ratio is taken round by round. CPU is the time of the server's processes, divided by the
calls. Every answer is checked: a round with one wrong answer stops its part.
"""


def render(records: Mapping[str, Record], chart: str, plots: Mapping[str, str]) -> str:
    """Return the page. `chart` and `plots`, by part, are the names of the files beside it."""
    parts = [
        HEAD,
        *_conditions(records.values()),
        "## Goals\n",
        *_goals(goals.measured(goals.load(), records)),
        *_wiremock(records),
        f"![Each figure on one scale, beside what must be and its goal]({chart})\n",
        *(text for record in records.values() for text in _part(record, plots)),
        *_invariants(),
        NOTES.read_text("utf-8"),
    ]
    return "\n".join(parts).rstrip() + "\n"


def tables(record: Record) -> str:
    """Return the tables of one part, as Markdown."""
    return "\n".join(_tables(record.figures))


def _conditions(records: Iterable[Record]) -> Iterator[str]:
    shown = [record for record in records if record.facts]
    if not shown:
        return
    latest = max(shown, key=lambda record: record.at)
    facts = {**latest.facts, NAMED: ", ".join(_contenders(shown)) or "none"}
    yield _table(("", ""), [(f"**{name}**", value) for name, value in facts.items()])
    busy = [each.name for each in shown if max(each.others_before, each.others_after) > QUIET]
    if busy:
        yield f"**Others used the machine while these parts were measured: {', '.join(busy)}.**\n"
    if any(record.quick for record in shown):
        yield "**Measured with `--quick`, at least in part: short rounds, for a first look.**\n"
    named = " ".join(_contenders(shown))
    for contender in CONTENDERS:
        if contender.name in named:
            yield f"- {contender.name}: {contender.says}."
    for sentence in dict.fromkeys(each for record in shown for each in record.left_out):
        yield f"- {_one_line(sentence)}"
    yield ""


def _contenders(records: Iterable[Record]) -> list[str]:
    """Return each contender once, with its version."""
    named = [each for record in records for each in record.facts.get(NAMED, "").split(", ")]
    return [each for each in dict.fromkeys(named) if each not in ("", "none")]


def _wiremock(records: Mapping[str, Record]) -> Iterator[str]:
    found = figure(records, "submit/32 connections/WireMock/÷ mountebank")
    if found:
        yield (
            f"WireMock, warm and without its journal, does {found.shown} × mountebank here; "
            "no goal is set against it.\n"
        )


def _goals(rows: Sequence[tuple[Goal, Figure | None]]) -> Iterator[str]:
    header = ("", "Before", "Now", "Must", "Goal", "")
    cells = []
    for goal, measured in rows:
        sign = "≥" if goal.better == "higher" else "≤"
        unit = f" {goal.unit}" if goal.unit else ""
        cells.append((
            goal.says,
            f"{number(goal.before)}{unit}" if goal.before is not None else "",
            f"**{measured.shown}**" if measured else "",
            f"{sign} {number(goal.must)}{unit}",
            f"{sign} {number(goal.goal)}{unit}" if goal.goal is not None else "",
            MARKS[goal.verdict(measured)],
        ))  # fmt: skip
    yield _table(header, cells)


def _part(record: Record, plots: Mapping[str, str]) -> Iterator[str]:
    yield f"## {record.title}\n"
    if record.says:
        yield f"{record.says}\n"
    if record.failed:
        yield f"**This part failed: {_one_line(record.failed)}**\n"
    yield from _tables(record.figures)
    if record.name in plots:
        yield f"![{record.title}]({plots[record.name]})\n"
    how = "quick, " if record.quick else ""
    yield (
        f"<sub>`python -m benchmarks {record.name}`: {how}{record.at}, {record.seconds:.0f} s, "
        f"load {record.load_before:.2f} before and {record.load_after:.2f} after; others used "
        f"{record.others_before:.0f} % and {record.others_after:.0f} % of the cores.</sub>\n"
    )


def _tables(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a table for each name of one; rows and columns come in the order of the figures."""
    for name in dict.fromkeys(each.table for each in figures):
        cells = {(each.row, each.column): each.shown for each in figures if each.table == name}
        rows = list(dict.fromkeys(row for row, _ in cells))
        columns = list(dict.fromkeys(column for _, column in cells))
        yield _table(
            (name, *columns), [(row, *(cells.get((row, c), "") for c in columns)) for row in rows]
        )


def _invariants() -> Iterator[str]:
    yield "## What speed must not cost, and the tests of it\n"
    rows = tomllib.loads(INVARIANTS.read_text("utf-8"))["invariant"]
    yield _table(
        ("Invariant", "Tests"),
        [(row["says"], "<br>".join(f"`{test}`" for test in row["tests"])) for row in rows],
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return _one_line(text).replace("|", "\\|")


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
