"""SQLite: what the works of a turn leave to its end is written together, or not at all."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server.store import engine
from mock_server.store.engine import memory, sqlite
from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction
from tests.support.turns import ByHand, Seen, at_line, commits, writer

NUMBERED = "insert into numbered (text) values (?)"
NOTE = "insert into note values (?)"
TOTAL = (
    "insert into total (many, name) values (?,?) on conflict (name) do update set"
    " many = total.many + excluded.many"
)
ENGINE = str(Path(engine.__file__).parent)


@pytest.fixture(autouse=True)
def tables(database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "TURN_S", 60)  # a turn is cut by its works only
    for sql in (
        "create table numbered (id integer primary key autoincrement, text text)",
        "create table total (name text primary key, many integer)",
    ):
        database.submit(lambda tx, sql=sql: tx.execute(sql), Seen())  # type: ignore[misc]
    scheduler.turn()


def leave(text: str) -> Callable[[Transaction], int]:
    """A work that leaves rows and a sum to the end, and returns the id of a row."""

    def work(tx: Transaction) -> int:
        tx.execute_later(NOTE, (text,))
        tx.add_later(TOTAL, (1,), ("all",))
        tx.memory.keep("note", "last", text)
        return tx.insert_later(NUMBERED, (text,))

    return work


def leave_and_fail(tx: Transaction) -> None:
    leave("lost")(tx)
    raise LookupError("no")


def read_and_fail(tx: Transaction) -> None:
    leave("lost")(tx)
    assert tx.all("select * from numbered")
    raise LookupError("no")


def write_and_fail(tx: Transaction) -> None:
    leave("lost")(tx)
    tx.execute(NOTE, ("lost too",))
    leave("lost as well")(tx)
    raise LookupError("no")


def rows(tx: Transaction) -> dict[str, list[tuple[Any, ...]]]:
    asked = ("text from note", "id, text from numbered", "name, many from total")
    return {each.split()[-1]: [tuple(row) for row in tx.all(f"select {each}")] for each in asked}  # type: ignore[arg-type]


def run(database: Database, scheduler: ByHand, *works: Callable[[Transaction], Any]) -> Seen:
    """Run works in one turn."""
    seen = Seen()
    for work in works:
        database.submit(work, seen)
    scheduler.turn()
    return seen


def two(first: str, second: str) -> dict[str, list[tuple[Any, ...]]]:
    return {
        "note": [(first,), (second,)],
        "numbered": [(1, first), (2, second)],
        "total": [("all", 2)],
    }


@pytest.mark.parametrize("fail", [leave_and_fail, read_and_fail, write_and_fail])
def test_a_work_that_fails_takes_nothing_of_its_neighbours_and_gives_its_ids_back(
    database: Database, scheduler: ByHand, fail: Callable[[Transaction], None]
) -> None:
    seen = run(database, scheduler, leave("a"), fail, leave("b"))

    assert seen.errors == [None, LookupError, None]
    assert [result for result, _ in seen.outcomes] == [1, None, 2]
    assert database.read(rows) == two("a", "b")


def test_a_turn_writes_its_rows_together_and_its_sums_once(
    database: Database, scheduler: ByHand
) -> None:
    ran = commits(database)
    run(database, scheduler, *(leave(str(number)) for number in range(5)))

    assert len([each for each in ran if "total (" in each]) == 1
    assert len([each for each in ran if "savepoint" in each]) == 0
    assert ran.count("commit") == 1
    places = [number for number, each in enumerate(ran) if "into note" in each]
    assert places == list(range(places[0], places[0] + 5))


def test_a_read_sees_what_waits_of_its_own_work_and_of_its_neighbours(
    database: Database, scheduler: ByHand
) -> None:
    def leave_and_read(tx: Transaction) -> dict[str, list[tuple[Any, ...]]]:
        leave("b")(tx)
        return rows(tx)

    seen = run(database, scheduler, leave("a"), rows, leave_and_read, rows)

    one = {"note": [("a",)], "numbered": [(1, "a")], "total": [("all", 1)]}
    assert [result for result, _ in seen.outcomes] == [1, one, two("a", "b"), two("a", "b")]


def test_a_read_writes_only_what_waits_for_its_table(database: Database, scheduler: ByHand) -> None:
    ran = commits(database)
    run(database, scheduler, leave("a"), lambda tx: tx.all("select text from note"))

    order = [each.split("(")[0].split()[2] for each in ran if each.startswith("insert")]
    assert order == ["note", "total", "numbered"]
    assert ran.index("select text from note") == next(
        place for place, each in enumerate(ran) if "into total" in each
    ) - 1  # fmt: skip


def test_ids_go_on_after_a_row_that_was_inserted_at_once(
    database: Database, scheduler: ByHand
) -> None:
    def both(tx: Transaction) -> list[int]:
        return [
            tx.insert_later(NUMBERED, ("a",)),
            tx.insert(NUMBERED, ("b",)),
            tx.insert_later(NUMBERED, ("c",)),
        ]

    seen = run(database, scheduler, leave("x"), both, lambda tx: tx.insert(NUMBERED, ("d",)))

    assert [result for result, _ in seen.outcomes] == [1, [2, 3, 4], 5]


def test_an_id_is_not_used_again_once_its_row_is_deleted(
    database: Database, scheduler: ByHand
) -> None:
    run(database, scheduler, leave("a"), lambda tx: tx.execute("delete from numbered"))
    seen = run(database, scheduler, leave("b"))

    assert seen.outcomes == [(2, None)]


@pytest.mark.parametrize("text", ["\ud800", 2**70])
def test_a_row_that_cannot_be_written_costs_nobody_else_a_row(
    database: Database, scheduler: ByHand, text: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        seen = run(database, scheduler, leave("a"), leave(text), leave("b"))

    assert seen.errors[0] is seen.errors[2] is None
    assert seen.errors[1] in (UnicodeEncodeError, OverflowError)
    assert [result for result, _ in seen.outcomes] == [1, None, 2]
    assert database.read(rows) == two("a", "b")


def test_a_read_that_stumbles_over_a_neighbours_row_does_not_fail_for_it(
    database: Database, scheduler: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    def swallow(tx: Transaction) -> int:
        try:
            return len(tx.all("select * from note"))
        except Exception:  # noqa: BLE001 - as a careless work would
            return -1

    def unwritable(tx: Transaction) -> None:
        tx.execute_later(NOTE, ("\ud800",))

    with caplog.at_level(logging.CRITICAL):
        seen = run(database, scheduler, leave("a"), unwritable, swallow, leave("b"))

    assert seen.errors == [None, UnicodeEncodeError, None, None]
    assert seen.outcomes[2][0] == 1
    assert database.read(rows) == two("a", "b")


def test_what_a_failed_work_or_a_lost_turn_remembered_is_forgotten(
    database: Database, scheduler: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    def last(tx: Transaction) -> Any:
        return tx.memory.get("note", "last")

    seen = run(database, scheduler, leave("a"), last, leave_and_fail, last, leave("b"), last)
    assert [result for result, _ in seen.outcomes] == [1, "a", None, None, 2, "b"]

    def write(tx: Transaction) -> None:
        tx.execute("update note set text = text")

    assert run(database, scheduler, write, last).outcomes[1][0] is None
    run(database, scheduler, leave("c"))
    with caplog.at_level(logging.CRITICAL):
        run(database, scheduler, lambda tx: writer(database).execute("rollback"))
    assert run(database, scheduler, last).outcomes == [(None, None)]


def test_the_ids_of_a_lost_turn_are_handed_out_again(
    database: Database, scheduler: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    run(database, scheduler, leave("a"))
    with caplog.at_level(logging.CRITICAL):
        run(database, scheduler, leave("lost"), lambda tx: writer(database).execute("rollback"))
    seen = run(database, scheduler, leave("b"))

    assert seen.outcomes == [(2, None)]
    assert database.read(rows) == two("a", "b")


def test_the_memory_is_bounded(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory.WriterMemory, "MOST_VALUES", 3)

    def fill(tx: Transaction) -> list[int]:
        for number in range(10):
            tx.memory.keep("note", number, number)
        return [number for number in range(10) if tx.memory.get("note", number) is not None]

    assert run(database, scheduler, fill).outcomes == [([9], None)]


def test_a_failure_at_any_line_costs_the_neighbours_nothing(
    database: Database, scheduler: ByHand, caplog: pytest.LogCaptureFixture
) -> None:
    """The exception is raised at each line of the engine that a work reaches, in turn."""

    def victim(tx: Transaction) -> None:
        leave("v")(tx)
        tx.all("select * from numbered")
        tx.execute(NOTE, ("v2",))
        leave("v3")(tx)
        tx.execute("delete from note where text in ('v', 'v2', 'v3')")

    tried = 0
    with caplog.at_level(logging.CRITICAL):
        while True:
            tried += 1
            seen = run(database, scheduler, leave("a"), at_line(tried, ENGINE, victim), leave("b"))
            if seen.errors[1] is None:
                break
            assert seen.errors == [None, LookupError, None]
            first, second = seen.outcomes[0][0], seen.outcomes[2][0]
            assert second == first + 1
            found = database.read(rows)
            assert found["note"] == [("a",), ("b",)] * tried
            assert [text for _, text in found["numbered"]] == ["a", "b"] * tried
            assert found["total"] == [("all", 2 * tried)]
    assert tried > 60
