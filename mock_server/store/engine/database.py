"""The database as every caller sees it: hand in `work(tx)`, hear of it after its commit.

Rule 1: an answer leaves only after the commit of what it says.
Rule 2: `done` and what follows a commit run on the scheduler's thread, the owner's.
Rule 3: a work does nothing but statements, and may add to `tx.after_commit`.
"""

import re
import shutil
from concurrent.futures import Future
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mock_server.extras import install_command
from mock_server.store.engine import files, private_folder
from mock_server.store.engine.schedulers import Scheduler, ThreadScheduler
from mock_server.store.engine.sqlite import SqliteEngine
from mock_server.store.engine.transaction import Done, Work

T = TypeVar("T")

# Somebody means a server by it: `scheme:/…` (a drive of Windows has one letter) or `name=word`.
_LIKE_AN_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]+:/|(host|hostaddr|dbname|user|password|service)\s*=", re.IGNORECASE
)
# What may be pasted in front of it: a quotation mark, a space that is none, a byte order mark.
_NOT_A_WORD = re.compile(r"^[^A-Za-z/.~]+")


class Engine(Protocol):
    """How one kind of database does the work."""

    @property
    def place(self) -> str:
        """Where the rows are, without a secret."""

    @property
    def shared(self) -> bool:
        """Whether other processes may be at work in it too."""

    def submit(self, work: Work[T], done: Done) -> None:
        """Do the work in a transaction; tell on the owner's thread after the commit."""

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads from one consistent state."""

    def close(self) -> None:
        """Finish what was handed in and let go of the database."""


class Database:
    """The rows of all accounts."""

    def __init__(self, address: str, scheduler: Scheduler | None = None) -> None:
        """Open or create the database at `address`: a file, or `postgresql://…`.

        `:memory:` is a private file, gone at the end.

        Raises files.DatabaseFileError for what is not ours, is in use, or cannot be written.
        """
        private_folder.sweep_once()
        self._scheduler = scheduler or ThreadScheduler()
        try:
            self._engine = _engine(address, self._scheduler)
        except BaseException:
            self._scheduler.close()
            raise

    @property
    def place(self) -> str:
        """Where the rows are, as it may be shown to anybody."""
        return self._engine.place

    @property
    def shared(self) -> bool:
        """Whether other processes may be at work in it too."""
        return self._engine.shared

    def free_bytes(self) -> int | None:
        """Return how much room its disk has; None where that is another machine's."""
        return None if self.shared else shutil.disk_usage(Path(self.place).parent).free

    def submit(self, work: Work[T], done: Done) -> None:
        """Queue work; `done(result, error)` is called on the owner's thread after the commit."""
        self._engine.submit(work, done)

    def start(self, work: Work[T]) -> Future[T]:
        """Queue work and return its future."""
        future: Future[T] = Future()

        def done(result: T, error: BaseException | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(work, done)
        return future

    def run(self, work: Work[T]) -> T:
        """Do the work and return its result, after the commit. Not for the owner's own thread."""
        if self._scheduler.is_owner():
            raise RuntimeError("a blocking hand-off from the owner's own thread would deadlock")
        return self.start(work).result()

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads from one consistent state; it cannot write."""
        return self._engine.read(work)

    def close(self) -> None:
        """Finish what was handed in and let go of the database."""
        self._scheduler.close()
        self._engine.close()


def remove(address: str) -> None:
    """Remove everything of ours at `address`, of any schema version; refuse what is not ours."""
    if is_postgres(address):
        _postgres("postgres_schema").remove_schema(address.strip())
    else:
        files.remove_file(address)


def is_postgres(address: str) -> bool:
    """Whether an address is one of PostgreSQL, not a file; a space around it does not matter."""
    if address.strip().startswith(("postgresql://", "postgres://")):
        _check_user(address)
        return True
    if "://" in address or _LIKE_AN_ADDRESS.match(_NOT_A_WORD.sub("", address)):
        raise files.DatabaseFileError(
            "--database is neither a file nor an address that begins with postgresql:// (its "
            "words are not repeated here: they may hold a password)"
        )
    return False


def _check_user(address: str) -> None:
    """Refuse an @ in a password, which would make the rest of it the name of the host."""
    who = address.partition("://")[2].partition("/")[0]
    if who.count("@") > 1:
        raise files.DatabaseFileError("--database: write an @ in a name or a password as %40")


def _engine(address: str, scheduler: Scheduler) -> Engine:
    if is_postgres(address):
        engine: Engine = _postgres("postgres").PostgresEngine(address.strip(), scheduler)
        return engine
    return SqliteEngine(address, scheduler)


def _postgres(module: str) -> Any:
    """Import what needs the extra, which most people do without."""
    try:
        return import_module(f"mock_server.store.engine.{module}")
    except ImportError as error:
        raise files.DatabaseFileError(
            f"a database at postgresql:// needs psycopg ({error}): {install_command('postgres')}"
        ) from None
