"""One submit by stage: where the microseconds go, and where they went before."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, figure
from benchmarks.part import Bench, Part
from benchmarks.stage_profile import profile

BEFORE = Path(__file__).parents[1] / "stages_before.toml"
TABLE = "One submit"
ALL = "all"


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the CPU time of each stage, before and now."""
    runs = [
        profile(bench.scratch / f"stages-{number}.sqlite3", bench.pick(10, 2))
        for number in range(bench.pick(3, 1))
    ]
    before = _before()["stages"]
    for stage in runs[0]:
        now = [run[stage] for run in runs]
        yield figure(TABLE, stage, "before", "µs", [before.get(stage, 0.0)])
        yield figure(TABLE, stage, "now", "µs", now)
    yield figure(TABLE, ALL, "before", "µs", [sum(before.values())])
    yield figure(TABLE, ALL, "now", "µs", [sum(run.values()) for run in runs])


def _before() -> dict[str, Any]:
    return tomllib.loads(BEFORE.read_text("utf-8"))


PART = Part(
    name="stages",
    title="One submit by stage",
    says="A JSON submit with a callback on a real server, 32 connections. A timer of CPU time asks "
    "where the server's main thread is; the share of a stage is its share of the answers, so it is "
    "exact to about one in a hundred of the whole. `before` is "
    f"{_before()['says']}, measured in the same way.",
    measure=measure,
)
