"""The space that a database needs for each call, by table and index.

The rows are those of 20,000 submits, each journalled and charged, with a callback that was
delivered.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.filled import filled
from benchmarks.size import post_nowhere
from mock_server.settings import Settings
from mock_server.simulator import Network, build_simulator

MANY = 20_000
# What each call adds for good, unless it is trimmed; the journal is bounded by itself.
TABLES = ("task", "callback", "attempt", "ledger", "call")


def measure() -> str:
    """Return the results as lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "space.sqlite3"
        settings = Settings(database=str(path), journal_calls=2 * MANY, journal_mib=10_000)
        simulator = build_simulator(
            settings, network=Network(post=post_nowhere, fetch=post_nowhere)
        )
        try:
            filled(simulator, MANY)
        finally:
            simulator.close()
        with closing(sqlite3.connect(path)) as connection:
            return "\n".join(_lines(connection))


def _lines(connection: sqlite3.Connection) -> Iterator[str]:
    for table in TABLES:
        found = connection.execute(
            "select name from sqlite_schema where tbl_name = ? and type in ('table', 'index')"
            " order by type desc, name",
            (table,),
        ).fetchall()
        sizes = {name: _bytes(connection, name) / MANY for (name,) in found}
        shown = ", ".join(f"{name} {size:.0f}" for name, size in sizes.items())
        yield f"{table}: {sum(sizes.values()):.0f} bytes a row ({shown})"


def _bytes(connection: sqlite3.Connection, name: str) -> int:
    """Return the bytes of the pages of a table or an index."""
    (size,) = connection.execute(
        "select sum(pgsize) from dbstat where name = ?", (name,)
    ).fetchone()
    return int(size or 0)


if __name__ == "__main__":
    print(measure())
