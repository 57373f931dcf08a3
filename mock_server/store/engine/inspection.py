"""Whether a database file of ours can be read, found out before anything is written to it.

Rule 1: the file is only read, and without a log beside it not even locked: it stays as it is.
Rule 2: looking is bounded in time; a file that is too large to be looked through counts as sound.
"""

import contextlib
import sqlite3
import time
from importlib import resources
from pathlib import Path

CHECK_S = 5.0
# SQLite asks after so many of its steps whether to go on.
STEPS = 100_000
MAX_SHOWN = 200


def schema_sql() -> str:
    """Return the statements that make our tables."""
    return resources.files("mock_server.store.engine").joinpath("schema.sql").read_text("utf-8")


def damage(path: Path) -> str | None:
    """Return what makes a file of ours unreadable, None if nothing was found."""
    log = path.with_name(path.name + "-wal")
    try:
        is_alone = not (log.exists() and log.stat().st_size)
        mode = "ro&immutable=1" if is_alone else "ro"
        address = f"{path.absolute().as_uri()}?mode={mode}"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            return _misfit(connection) or _broken(connection)
    except (sqlite3.Error, OSError, UnicodeError, OverflowError) as error:
        return shown(error)


def shown(error: BaseException | str) -> str:
    """Return an error as part of a sentence."""
    return (" ".join(str(error).split()) or type(error).__name__)[:MAX_SHOWN]


def _misfit(connection: sqlite3.Connection) -> str | None:
    """Return which of our tables and indices is missing or another."""
    found = dict(connection.execute("select name, sql from sqlite_master"))
    with contextlib.closing(sqlite3.connect(":memory:")) as ours:
        ours.executescript(schema_sql())
        for name, sql in ours.execute("select name, sql from sqlite_master"):
            if name not in found:
                return f"it has no table or index {name}"
            if found[name] != sql:
                return f"its table or index {name} is another"
    return None


def _broken(connection: sqlite3.Connection) -> str | None:
    """Return the first fault in pages, rows and indices."""
    deadline = time.monotonic() + CHECK_S
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        row = connection.execute("pragma integrity_check(1)").fetchone()
    except sqlite3.OperationalError:
        if time.monotonic() > deadline:
            return None
        raise
    found = str(row[0]) if row else "ok"
    return None if found == "ok" else shown(found)
