"""A database file that was damaged: a sentence, exit 3, the file as it was, and a way out."""

import gc
import random
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mock_server import server
from mock_server.admin_client import AdminClient
from mock_server.cli.main import main
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.store.engine.files import DatabaseFile, DatabaseFileError
from mock_server.store.engine.sqlite import TurnLostError
from mock_server.store.engine.transaction import Transaction
from tests.support.live import live
from tests.support.turns import writer

FLIPS = 40


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a server that was used, and stopped."""
    path = tmp_path_factory.mktemp("sound") / "world.sqlite3"
    with live(database=str(path)) as used:
        buyer = used.buyer()
        for number in range(30):
            buyer.submit(text=f"https://example.com/{number}", call_back="http://127.0.0.1:9/")
        used.default.submit()
    return path


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    path = tmp_path / "world.sqlite3"
    path.write_bytes(sound.read_bytes())
    return path


def start(path: Path) -> str | None:
    """Start a server and stop it; return why it does not start, None if it does."""
    try:
        server.serve(Settings(port=0, database=str(path)), lambda running: running.stop())
    except DatabaseFileError as error:
        return str(error)
    return None


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.suffix != ".lock"}


def sql(statement: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("pragma writable_schema = on")
            connection.execute(statement)
            connection.commit()
            connection.execute("pragma wal_checkpoint(truncate)")

    return damage


def at(offset: int, what: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        raw = bytearray(path.read_bytes())
        raw[offset : offset + len(what)] = what
        path.write_bytes(raw)

    return damage


def cut(size: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:size])

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a table is gone": sql("drop table ledger"),
    "a column is gone": sql("alter table task drop column remark"),
    "an index is gone": sql("drop index task_by_end"),
    "a schema that is no SQL": sql(
        "update sqlite_master set sql = 'create tbl' where name = 'task'"
    ),
    "a root page of nowhere": sql("update sqlite_master set rootpage = 99999 where name = 'task'"),
    "an index on another table's page": sql(
        "update sqlite_master set rootpage = (select rootpage from sqlite_master where"
        " name = 'task') where name = 'task_by_end'"
    ),
    "the default account is half": sql("update account set readings = '{' where id = 'default'"),
    "the default account is no text": sql(
        "update account set name = cast(x'ff' as text) where id = 'default'"
    ),
    "a page size of nothing": at(16, b"\0\0"),
    "another text encoding": at(56, b"\0\0\0\x02"),
    "the first page is zeros": at(100, b"\0" * 3_000),
    "the first half": cut(40_000),
    "the first page": cut(4_096),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_cannot_be_read_is_refused_and_left_as_it_is(copy: Path, name: str) -> None:
    DAMAGES[name](copy)
    before = bytes_of(copy.parent)

    why = start(copy)

    assert why is not None
    assert "left as it is" in why
    assert "--recreate" in why
    assert "\n" not in why
    assert bytes_of(copy.parent)[copy.name] == before[copy.name]


@pytest.mark.parametrize("name", DAMAGES)
def test_what_cannot_be_read_can_be_recreated(copy: Path, name: str) -> None:
    DAMAGES[name](copy)

    refused = serve(copy)
    assert gc.isenabled()  # whoever let the collector wait has ended
    served = serve(copy, "--recreate")

    assert (refused.exit_code, served.exit_code) == (3, 0)
    assert refused.output.startswith(("Error: ", "artqr-mock: "))
    assert refused.output.count("\n") == 1
    assert "Traceback" not in refused.output
    assert start(copy) is None


def serve(path: Path, *flags: str) -> Result:
    """Run the command; a server that starts is stopped at once."""
    return CliRunner().invoke(main, ["serve", "--port", "0", "--database", str(path), *flags])


def terminate(*_: object) -> None:
    signal.raise_signal(signal.SIGTERM)


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop what the command starts as soon as it says that it serves, as a user does."""
    monkeypatch.setattr("mock_server.cli.serve._announce", terminate)


def test_a_flipped_bit_is_refused_or_does_no_harm_and_never_hangs(
    sound: Path, tmp_path: Path
) -> None:
    dice = random.Random(2)
    raw = sound.read_bytes()
    for number in range(FLIPS):
        path = tmp_path / str(number) / "world.sqlite3"
        path.parent.mkdir()
        damaged = bytearray(raw)
        damaged[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        path.write_bytes(damaged)

        why = start(path)

        if why is not None:
            assert path.read_bytes() == bytes(damaged)
            assert "left as it" in why
            assert "--database" in why


def test_a_file_with_a_log_beside_it_is_looked_through_with_it(copy: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as killed:
        killed.execute("pragma wal_autocheckpoint = 0")
        killed.execute("update account set name = 'in the log'")
        raw = bytes_of(copy.parent)
    for name, content in raw.items():
        copy.with_name(name).write_bytes(content)

    assert start(copy) is None


def test_a_full_disk_is_refused_at_the_start(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_room(monkeypatch)

    refused = serve(copy)

    assert refused.exit_code == 3
    assert "database or disk is full" in refused.output
    assert "make room" in refused.output
    assert "Traceback" not in refused.output


def test_readyz_is_not_ready_on_a_full_disk() -> None:
    with running(Settings(port=0, database=":memory:")) as full, AdminClient(full.url) as admin:
        database = full.simulator.database
        connection = writer(database)
        pages = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count = {pages}")
        with suppress(TurnLostError):  # first what is free inside the file is used up
            for number in range(1_000):
                database.run(partial(short_link, number))
        with pytest.raises(Exception, match="disk is full") as refused:
            admin.get("/readyz")
        assert refused.value.status == 503  # type: ignore[attr-defined]
        connection.execute("pragma max_page_count = 1000000")
        assert admin.wait_until_ready(0)


def test_readyz_is_not_ready_where_next_to_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with live() as tight:
        monkeypatch.setattr("mock_server.store.engine.database.Database.free_bytes", lambda _: 4096)

        assert not tight.admin.wait_until_ready(0)


def short_link(number: int, tx: Transaction) -> None:
    """Write a row that fills a page."""
    values = (str(number), "", "", "x" * 4_000, 0)
    tx.execute("insert into short_link values (?, ?, ?, ?, ?)", values)


def without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next database have no room for another page."""
    connect = DatabaseFile.connect

    def connected(file: DatabaseFile, *, read_only: bool = False) -> sqlite3.Connection:
        connection = connect(file, read_only=read_only)
        pages = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count = {pages}")
        return connection

    monkeypatch.setattr(DatabaseFile, "connect", connected)
