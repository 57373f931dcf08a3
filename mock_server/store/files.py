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
SCHEMA_VERSION = 1
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
        connection.execute("pragma synchronous = normal")
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
    target = Path(path).expanduser()
    file = DatabaseFile(target, _locked(target), private)
    try:
        if _is_new(target):
            _create(file)
        else:
            _check(target)
    except BaseException:
        file.lock.release()
        raise
    return file


def remove_file(path: str) -> None:
    """Remove a file of ours, of any schema version; refuse one that is not ours or in use."""
    target = Path(path).expanduser()
    if path == PRIVATE or _is_new(target):
        return
    with _locked(target):
        _application_version(target)
        for suffix in ("", "-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)


def _locked(target: Path) -> FileLock:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise DatabaseFileError(f"{target} is a directory: name a file in it")
        lock = FileLock(target.with_name(target.name + ".lock"), thread_local=False)
        lock.acquire(timeout=0)
    except Timeout:
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
    schema = resources.files("mock_server.store").joinpath("schema.sql").read_text("utf-8")
    try:
        file.path.touch()
        with contextlib.closing(file.connect()) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(
                f"begin; {schema} pragma application_id = {APPLICATION_ID}; "
                f"pragma user_version = {SCHEMA_VERSION}; commit;"
            )
    except (OSError, sqlite3.Error) as error:
        raise DatabaseFileError(f"cannot create {file.path}: {error}") from None


def _check(target: Path) -> None:
    version = _application_version(target)
    if version != SCHEMA_VERSION:
        raise DatabaseFileError(
            f"{target} has schema version {version}, this artqr-mock needs {SCHEMA_VERSION}: "
            f"start once with `artqr-mock serve --database {target} --recreate`, which empties it, "
            "or choose another file"
        )


def _application_version(target: Path) -> int:
    """Return the schema version of a file of ours; refuse any other file, unchanged."""
    uri = f"{target.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            application = connection.execute("pragma application_id").fetchone()[0]
            version: int = connection.execute("pragma user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseFileError(
            f"{target} is not a database of artqr-mock ({error}); it was left as it is: choose "
            "another file with --database"
        ) from None
    if application != APPLICATION_ID:
        raise DatabaseFileError(
            f"{target} is a database of another program; it was left as it is: choose another "
            "file with --database"
        )
    return version
