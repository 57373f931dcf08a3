"""The tables that we read from a statement's text are those that SQLite touches for it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from mock_server.store.engine import sqlite_transaction
from mock_server.store.engine.footprints import footprint, table_of, with_id
from mock_server.store.engine.inspection import schema_sql
from tests.store.test_query_plans import every_kind_of_call, look_around
from tests.support.worlds import World

READS = {sqlite3.SQLITE_READ}
WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A connection to an empty database with our tables."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(schema_sql())
        yield empty


def touched(connection: sqlite3.Connection, sql: str) -> tuple[set[str], bool]:
    """Return the tables that a statement touches, and whether it only reads them."""
    tables: set[str] = set()
    only_reads = True

    def note(action: int, table: str | None, *_: object) -> int:
        nonlocal only_reads
        if action in READS | WRITES:
            tables.add(str(table))
            only_reads = only_reads and action not in WRITES
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    connection.execute(f"explain {sql}", [None] * sql.count("?"))
    connection.set_authorizer(None)
    return tables, only_reads


def test_every_statement_names_the_tables_that_it_touches(
    world: World, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()

    def noted(read: Callable[[str], object]) -> Callable[[str], object]:
        def reading(sql: str) -> object:
            asked.add(sql)
            return read(sql)

        return reading

    monkeypatch.setattr(sqlite_transaction, "footprint", noted(footprint))
    monkeypatch.setattr(sqlite_transaction, "table_of", noted(table_of))
    every_kind_of_call(world)
    look_around(world)
    world.admin("POST", "/reset")

    assert len(asked) > 40
    for sql in asked:
        tables, only_reads = touched(connection, sql)
        found = footprint(sql)
        assert tables <= found.tables, sql
        assert found.tables <= tables | {"set", "planned", "notice", "callback"}, sql
        assert not found.only_reads or only_reads, sql


@pytest.mark.parametrize(
    ("sql", "tables", "only_reads"),
    [
        ("select 1", set(), True),
        ("rollback", set(), False),
        ("SELECT a FROM call JOIN task ON 1", {"call", "task"}, True),
        ("with x as (select 1 from call) delete from task", {"call", "task"}, False),
        ("insert into task select * from call", {"task", "call"}, False),
        ("update call set a = 1 returning a", {"call"}, False),
    ],
)
def test_a_statement_that_names_no_table_may_touch_any(
    sql: str, tables: set[str], only_reads: bool
) -> None:
    found = footprint(sql)

    assert (set(found.tables), found.only_reads) == (tables, only_reads)


def test_only_a_plain_insert_is_given_an_id() -> None:
    given = with_id("insert into call (a, b) values (?,?)")

    assert given == "insert into call (id, a, b) values (?,?,?)"
    with pytest.raises(ValueError, match="not a plain insert"):
        with_id("insert into call values (?,?)")
