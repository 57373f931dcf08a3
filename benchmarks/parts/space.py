"""The space that a database needs for each call, by table and index."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from benchmarks.figures import Figure, figure
from benchmarks.filled import closed_in, filled
from benchmarks.part import Bench, Part

ROWS, QUICK = 20_000, 2_000
# What each call adds for good, unless it is trimmed; the journal is bounded by itself.
TABLES = ("task", "callback", "attempt", "ledger", "call")
UNIT = "bytes"


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the bytes of a row, in all and of its indexes, then of each index."""
    rows = bench.pick(ROWS, QUICK)
    path = bench.scratch / "space.sqlite3"
    with closed_in(str(path)) as simulator:
        filled(simulator, rows)
    with closing(sqlite3.connect(path)) as connection:
        found = {table: _sizes(connection, table, rows) for table in TABLES}
    for table, sizes in found.items():
        whole = sum(sizes.values())
        yield figure("A row of", table, "in all", UNIT, [whole])
        yield figure("A row of", table, "of it indexes", UNIT, [whole - sizes[table]])
    for table, sizes in found.items():
        for name, size in sizes.items():
            if name != table:
                yield figure("An entry of the index", name, f"rows: {rows:,}", UNIT, [size])


def _sizes(connection: sqlite3.Connection, table: str, rows: int) -> dict[str, float]:
    """Return the bytes a row of a table and of each of its indexes."""
    found = connection.execute(
        "select name, (select sum(pgsize) from dbstat where dbstat.name = part.name)"
        " from sqlite_schema as part where tbl_name = ? and type in ('table', 'index')"
        " order by type desc, name",
        (table,),
    )
    return {name: (size or 0) / rows for name, size in found}


PART = Part(
    name="space",
    title="Space",
    says="What a database file holds for each submit that was journalled and charged, and whose "
    "callback was delivered: whole pages, divided by the rows.",
    measure=measure,
)
