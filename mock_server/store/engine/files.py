"""The SQLite file: refused if it is not ours, locked by one process, deleted on close if private.

Rule 1: a file of another program is never written to.
Rule 2: a file of another schema version is refused; the message has the command that recreates it.
"""

import contextlib
import shlex
import sqlite3
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

from mock_server.store.engine.inspection import damage, schema_sql, shown
from mock_server.store.engine.private_folder import PrivateFolder

APPLICATION_ID = 0x41515221  # "AQR!", in the header of every file of ours
SCHEMA_VERSION = 9
PRIVATE = ":memory:"
# Of a large file, the pages of the indexes that calls use: a small file needs no more than it has.
WRITER_CACHE_KIB = 24 * 1024


class DatabaseFileError(Exception):
    """The file cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A database file of ours, locked by this process."""

    path: Path
    lock: FileLock
    private: PrivateFolder | None

    def connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        """Return a new connection with our settings."""
        mode = "ro" if read_only else "rw"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            timeout=10,
        )
        connection.row_factory = sqlite3.Row
        # A killed process loses nothing: what it wrote is in the system's hands. Only a power cut
        # may damage the file. To be safe from that too, each checkpoint would hold up the calls.
        connection.execute("pragma synchronous = off")
        connection.execute("pragma wal_autocheckpoint = 0")  # checkpoints.py does it
        if not read_only:
            connection.execute(f"pragma cache_size = -{WRITER_CACHE_KIB}")
            # What a savepoint may have to undo; else it is a file for each of them.
            connection.execute("pragma temp_store = memory")
        return connection

    def release(self) -> None:
        """Unlock the file for other processes."""
        self.lock.release()
        if self.private is not None:
            self.private.remove()


def open_file(path: str) -> DatabaseFile:
    """Return the file at `path`; create it if it does not exist. Raises DatabaseFileError."""
    private = None
    if path == PRIVATE:
        private = PrivateFolder()
        path = str(private.database)
    target = _target(path)
    _check(target)  # first of all, so no lock file appears beside a file that is not ours
    lock = _locked(target)
    try:
        _check(target)
        file = DatabaseFile(target, lock, private)
        if _is_new(target):
            _create(file)
        elif found := damage(target):
            raise unreadable(str(target), found)
    except BaseException:
        lock.release()
        if private is not None:
            private.remove()
        raise
    return file


def _recreate(place: object) -> str:
    return f"artqr-mock serve --database {shlex.quote(str(place))} --recreate"


def unreadable(place: str, why: BaseException | str) -> DatabaseFileError:
    """Return the error for a database of ours that cannot be read."""
    return DatabaseFileError(
        f"{place} cannot be read ({shown(why)}); it was left as it is: start once with "
        f"`{_recreate(place)}`, which empties it, or choose a copy or another with --database"
    )


def unwritable(place: str, why: BaseException | str) -> DatabaseFileError:
    """Return the error for a database that cannot be written."""
    return DatabaseFileError(
        f"cannot write {place} ({shown(why)}); make room on its disk, or choose another place "
        "with --database"
    )


def remove_file(path: str) -> None:
    """Delete a file of ours, of any schema version; refuse one that is not ours or in use."""
    if path == PRIVATE or _is_new(target := _target(path)):
        return
    _application_version(target)
    lock = _locked(target)
    try:
        for suffix in ("", "-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(str(target), error) from None
    finally:
        lock.release()


def _target(path: str) -> Path:
    try:
        target = Path(path).expanduser()
        other = target.exists() and not target.is_file()
        fits = "\0" not in path
    except (OSError, RuntimeError, ValueError):  # too long a name, an unknown ~user, ...
        other, fits = False, False
    if not fits:
        raise DatabaseFileError(
            f"{path[:200]!r} cannot name a file: choose another with --database"
        )
    if other:
        raise DatabaseFileError(f"{target} is a directory or a device: name a file with --database")
    return target


def _locked(target: Path) -> FileLock:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(target.name + ".lock"), thread_local=False)
        lock.acquire(timeout=0)
    except Timeout:
        if not Path(lock.lock_file).exists():  # some file systems refuse a lock with the same error
            raise DatabaseFileError(
                f"cannot write in {target.parent}: choose another place with --database"
            ) from None
        raise DatabaseFileError(
            f"{target} is in use by another artqr-mock: stop it, or choose another file with "
            "--database"
        ) from None
    except OSError as error:
        raise DatabaseFileError(
            f"cannot write in {target.parent}: {error.strerror or error}; choose another place "
            "with --database"
        ) from None
    return lock


def _is_new(target: Path) -> bool:
    return not target.exists() or target.stat().st_size == 0


def _create(file: DatabaseFile) -> None:
    try:
        file.path.touch(mode=0o600)  # it holds the secrets of its accounts
        if file.private:  # it need not survive a power cut while it is written
            file.path.write_bytes(_empty_file())
        else:
            file.path.chmod(0o600)  # it was there already, and empty; its log gets the same mode
            _set_up(file)
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):  # what was begun is nothing, and would not be ours
            file.path.write_bytes(b"")
        raise unwritable(str(file.path), error) from None


@cache
def _empty_file() -> bytes:
    """Return a file without rows. Test runs open thousands, and a copy costs a tenth."""
    with tempfile.TemporaryDirectory(prefix="artqr-mock-") as folder:
        path = Path(folder) / "empty.sqlite3"
        path.touch(mode=0o600)
        _set_up(DatabaseFile(path, FileLock(f"{path}.lock"), None))
        return path.read_bytes()


def _set_up(file: DatabaseFile) -> None:
    """Give a new file its tables and mark it as ours."""
    with contextlib.closing(file.connect()) as connection:
        # Before the write-ahead log is enabled, because the header must be in the file itself.
        connection.executescript(
            f"begin; {schema_sql()} pragma application_id = {APPLICATION_ID}; "
            f"pragma user_version = {SCHEMA_VERSION}; commit;"
        )
        connection.execute("pragma journal_mode = wal")


def _check(target: Path) -> None:
    """Refuse a file that is not ours or of another version; a new file passes."""
    if _is_new(target):
        return
    version = _application_version(target)
    if version != SCHEMA_VERSION:
        raise DatabaseFileError(
            f"{target} has schema version {version}, this artqr-mock needs {SCHEMA_VERSION}: "
            f"start once with `{_recreate(target)}`, which empties it, or choose another file"
        )


def _application_version(target: Path) -> int:
    """Return the schema version of a file of ours; refuse any other file.

    It reads the header as bytes: opening another program's database, even to read, could leave
    files beside it.
    """
    try:
        with target.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise DatabaseFileError(
            f"cannot read {target}: {error.strerror or error}; choose another file with --database"
        ) from None
    if not head.startswith(b"SQLite format 3\0"):
        raise DatabaseFileError(
            f"{target} is not a database of artqr-mock; it was left as it is: choose another file "
            "with --database"
        )
    if int.from_bytes(head[68:72]) != APPLICATION_ID:
        raise DatabaseFileError(
            f"{target} is a database of another program; it was left as it is: choose another "
            "file with --database"
        )
    return int.from_bytes(head[60:64])
