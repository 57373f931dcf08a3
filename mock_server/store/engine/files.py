"""The database file: ours or refused, one process at a time, gone at the end if it was private.

Rule 1: a file that is not ours is never written to.
Rule 2: a file of another schema version is refused with the command that recreates it.
"""

import contextlib
import sqlite3
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from filelock import FileLock, Timeout

APPLICATION_ID = 0x41515221  # "AQR!", in the header of every file of ours
SCHEMA_VERSION = 4
PRIVATE = ":memory:"


class DatabaseFileError(Exception):
    """The file cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A file that is ours and locked by this process."""

    path: Path
    lock: FileLock
    private: tempfile.TemporaryDirectory[str] | None

    def connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        """Return a new connection, set up as all of ours are."""
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
        # A killed process loses nothing either way; a private file need not survive a power cut.
        connection.execute(f"pragma synchronous = {'off' if self.private else 'normal'}")
        # Fewer, larger checkpoints: 32 MiB of log instead of 4.
        connection.execute("pragma wal_autocheckpoint = 8000")
        return connection

    def release(self) -> None:
        """Let another process have the file."""
        self.lock.release()
        if self.private is not None:
            self.private.cleanup()


def open_file(path: str) -> DatabaseFile:
    """Return the file at `path`, created if need be. Raises DatabaseFileError."""
    private = None
    if path == PRIVATE:
        private = tempfile.TemporaryDirectory(prefix="artqr-mock-", ignore_cleanup_errors=True)
        path = str(Path(private.name) / "private.sqlite3")
    target = _target(path)
    _check(target)  # before a lock file is put beside a file that is not ours
    lock = _locked(target)
    try:
        _check(target)
        file = DatabaseFile(target, lock, private)
        if _is_new(target):
            _create(file)
    except BaseException:
        lock.release()
        raise
    return file


def remove_file(path: str) -> None:
    """Remove a file of ours, of any schema version; refuse one that is not ours or in use."""
    if path == PRIVATE or _is_new(target := _target(path)):
        return
    _application_version(target)
    lock = _locked(target)
    try:
        for suffix in ("", "-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
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
        if not Path(lock.lock_file).exists():  # some file systems refuse it in a way that looks so
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
    schema = resources.files("mock_server.store.engine").joinpath("schema.sql").read_text("utf-8")
    try:
        file.path.touch(mode=0o600)  # it holds the secrets of its accounts
        with contextlib.closing(file.connect()) as connection:
            # Before the write-ahead log is on: the header has to name us in the file itself.
            connection.executescript(
                f"begin; {schema} pragma application_id = {APPLICATION_ID}; "
                f"pragma user_version = {SCHEMA_VERSION}; commit;"
            )
            connection.execute("pragma journal_mode = wal")
    except (OSError, sqlite3.Error) as error:
        raise DatabaseFileError(f"cannot create {file.path}: {error}") from None


def _check(target: Path) -> None:
    """Refuse a file that is not ours or of another version; one that is new passes."""
    if _is_new(target):
        return
    version = _application_version(target)
    if version != SCHEMA_VERSION:
        raise DatabaseFileError(
            f"{target} has schema version {version}, this artqr-mock needs {SCHEMA_VERSION}: "
            f"start once with `artqr-mock serve --database {target} --recreate`, which empties it, "
            "or choose another file"
        )


def _application_version(target: Path) -> int:
    """Return the schema version of a file of ours; refuse any other file.

    The header is read as bytes: opening the database of another program, even to read, could
    leave files beside it.
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
