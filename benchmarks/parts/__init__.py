"""The parts of the benchmark: one file each, and a row of `PARTS`, in the order of the results."""

from benchmarks.part import Part
from benchmarks.parts import (
    books,
    callbacks,
    findings,
    flask,
    growth,
    inspector,
    memory,
    one_connection,
    pictures,
    plugin,
    query,
    size,
    soak,
    space,
    stages,
    start,
    submit,
    timers,
    trimming,
    turns,
    workers,
)

PARTS: tuple[Part, ...] = (
    submit.PART, one_connection.PART, query.PART, pictures.PART, growth.PART, memory.PART,
    start.PART, callbacks.PART, stages.PART, turns.PART, findings.PART, books.PART, flask.PART,
    plugin.PART, size.PART, space.PART, trimming.PART, timers.PART, workers.PART, inspector.PART,
    soak.PART,
)  # fmt: skip
