"""Private databases: nothing of them outlives their process, and nobody else ends them."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mock_server.store.engine import private_folder
from mock_server.store.engine.database import Database
from mock_server.store.engine.files import PRIVATE

KILLED = """
import os, sys
from mock_server.store.engine.database import Database
database = Database(":memory:")
print(database.place, flush=True)
os._exit(9)
"""
FORKING = """
import os, sys
from mock_server.store.engine.database import Database
database = Database(":memory:")
child = os.fork()
if not child:
    sys.exit(0)
os.waitpid(child, 0)
database.run(lambda tx: tx.execute("insert into call_total values ('x', 1, 2, 3)"))
row = database.read(lambda tx: tx.one("select seen from call_total"))
print(os.path.exists(database.place), row["seen"])
second = os.fork()
if not second:
    database._engine._file.release()
    os._exit(0)
os.waitpid(second, 0)
print(os.path.exists(database.place))
from mock_server.store.engine import private_folder
private_folder.sweep()
print(os.path.exists(database.place))
database.close()
print(os.path.exists(os.path.dirname(database.place)))
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of the test's own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.stdout


def test_what_a_killed_process_left_is_swept_and_what_is_in_use_stays(temporary: Path) -> None:
    in_use = Database(PRIVATE)
    left = Path(run(KILLED).strip())
    assert left.exists()

    private_folder.sweep()

    assert not left.parent.exists()
    assert Path(in_use.place).exists()
    in_use.close()
    assert list(temporary.iterdir()) == []


def test_the_next_process_sweeps_by_itself(temporary: Path) -> None:
    first, second = Path(run(KILLED).strip()), Path(run(KILLED).strip())

    assert not first.exists()
    assert second.exists()


def test_what_only_looks_like_one_stays(temporary: Path) -> None:
    (temporary / "artqr-mock-file").touch()
    (temporary / "artqr-mock-being-made").mkdir()
    target = temporary / "elsewhere"
    target.mkdir()
    (target / private_folder.DATABASE).touch()
    (temporary / "artqr-mock-link").symlink_to(target)
    before = sorted(temporary.rglob("*"))

    private_folder.sweep()

    assert sorted(temporary.rglob("*")) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_that_was_forked_takes_nothing_of_its_parent(temporary: Path) -> None:
    assert run(FORKING).split() == ["True", "1", "True", "True", "False"]


@pytest.mark.skipif(os.name == "nt", reason="no modes here")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_file_and_its_log_are_its_owners_alone(temporary: Path, *, is_there: bool) -> None:
    path = temporary / "world.sqlite3"
    if is_there:
        path.touch(mode=0o644)
        path.chmod(0o644)

    database = Database(str(path))
    database.run(lambda tx: tx.execute("insert into call_total values ('x', 1, 2, 3)"))

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in temporary.glob("world*")}
    database.close()
    assert modes["world.sqlite3"] == modes["world.sqlite3-wal"] == 0o600
    assert modes["world.sqlite3-shm"] == 0o600
