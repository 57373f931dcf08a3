import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mock_server.store.engine.database import Database
from mock_server.store.engine.files import SCHEMA_VERSION, DatabaseFileError, remove_file

HOLD = """
import sys
from mock_server.store.engine.database import Database
database = Database(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
database.close()
"""


def create(path: Path) -> None:
    Database(str(path)).close()


def foreign(path: Path, *, wal: bool = False) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        if wal:
            connection.execute("pragma journal_mode = wal")
        connection.execute("create table theirs (a)")
        connection.execute("insert into theirs values (1)")
        connection.commit()
    return path


def refused(path: Path | str) -> str:
    with pytest.raises(DatabaseFileError) as error:
        Database(str(path))
    return str(error.value)


def test_a_file_is_created_with_its_directories(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "world.sqlite3"

    create(path)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    path = str(tmp_path / "a")
    database = Database(path)
    database.run(lambda tx: tx.execute("insert into call_total values ('x', 1, 2, 3)"))
    database.close()

    reopened = Database(path)
    row = reopened.read(lambda tx: tx.one("select * from call_total"))
    reopened.close()

    assert row is not None
    assert dict(**row) == {"account": "x", "seen": 1, "kept": 2, "bytes": 3}


def test_an_empty_file_becomes_ours(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()

    create(path)

    assert path.read_bytes().startswith(b"SQLite format 3\0")


@pytest.mark.parametrize("name", ["we ird?#%41.db", "数据", "a'b\"c"])
def test_an_odd_name_is_a_name(tmp_path: Path, name: str) -> None:
    create(tmp_path / name)

    assert (tmp_path / name).stat().st_size > 0


@pytest.mark.parametrize(
    "kind", ["text", "sqlite", "wal", "half a header", "almost sqlite", "binary"]
)
def test_a_file_that_is_not_ours_is_refused_and_nothing_near_it_changes(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "theirs"
    if kind in ("sqlite", "wal"):
        foreign(path, wal=kind == "wal")
    else:
        path.write_bytes(
            {
                "text": "重要\n".encode(),
                "half a header": b"SQLite for",
                "almost sqlite": b"SQLite format 3\0" + b"\xff" * 20,
                "binary": bytes(range(256)) * 64,
            }[kind]
        )
    before = hashlib.sha256(path.read_bytes()).digest()

    message = refused(path)
    with pytest.raises(DatabaseFileError):
        remove_file(str(path))

    assert "it was left as it is" in message
    assert "--database" in message
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert os.listdir(tmp_path) == ["theirs"]


def test_another_schema_version_is_refused_with_the_command_that_recreates_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old"
    create(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 99")

    message = refused(path)

    assert f"schema version 99, this artqr-mock needs {SCHEMA_VERSION}" in message
    assert f"artqr-mock serve --database {path} --recreate" in message


def test_recreating_removes_a_file_of_ours_of_any_version(tmp_path: Path) -> None:
    path = tmp_path / "old"
    create(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 99")

    remove_file(str(path))

    assert not path.exists()
    create(path)


def test_removing_what_is_not_there_is_fine(tmp_path: Path) -> None:
    remove_file(str(tmp_path / "none"))
    remove_file(":memory:")

    assert os.listdir(tmp_path) == []


def test_a_directory_or_a_device_is_refused(tmp_path: Path) -> None:
    assert "is a directory or a device" in refused(tmp_path)
    assert "is a directory or a device" in refused(os.devnull)
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")

    assert "cannot write in" in refused(file / "below.sqlite3")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux has /proc")
@pytest.mark.parametrize("place", ["/proc", "/proc/self/none"])
def test_a_directory_that_takes_no_file_is_refused_as_unwritable(place: str) -> None:
    message = refused(f"{place}/world.sqlite3")

    assert message.startswith(f"cannot write in {place}")
    assert "choose another place with --database" in message


@pytest.mark.parametrize("path", ["x" * 300, "a\0b", "~nobody-of-that-name/x", "a" + "/b" * 5_000])
def test_what_cannot_name_a_file_is_refused(path: str) -> None:
    assert "--database" in refused(path)


def test_a_file_in_use_in_this_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    database = Database(str(path))

    assert "is in use by another artqr-mock" in refused(path)
    with pytest.raises(DatabaseFileError, match="is in use"):
        remove_file(str(path))

    database.close()
    create(path)


def test_a_file_in_use_by_another_process_is_refused_until_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "a"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        assert "is in use by another artqr-mock" in refused(path)
        holder.kill()
        holder.wait()
        create(path)
