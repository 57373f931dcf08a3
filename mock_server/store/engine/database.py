"""The database for every caller: hand in `work(tx)`, get its result after the commit.

Rule 1: an answer is sent only after the commit of the work that decided it.
Rule 2: `done` and `tx.after_commit` run on the scheduler's thread.
Rule 3: a work only runs statements, and may add to `tx.after_commit`.
"""

import re
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mock_server.extras import install_command
from mock_server.store.engine import files, private_folder
from mock_server.store.engine.schedulers import Scheduler, ThreadScheduler
from mock_server.store.engine.sqlite import SqliteEngine
from mock_server.store.engine.transaction import Done, OnTurn, Work

T = TypeVar("T")

# Such an address is meant for a server: `scheme:/…` (a Windows drive has one letter) or
# `name=word`.
_LIKE_AN_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]+:/|(host|hostaddr|dbname|user|password|service)\s*=", re.IGNORECASE
)
# What may be pasted in front of it: a quotation mark, a space that is none, a byte order mark.
_NOT_A_WORD = re.compile(r"^[^A-Za-z/.~]+")


class Engine(Protocol):
    """One kind of database, as Database uses it."""

    @property
    def place(self) -> str:
        """The address of the rows, without a secret."""

    @property
    def shared(self) -> bool:
        """Whether other processes may use the same rows."""

    on_turn: OnTurn | None

    def submit(self, work: Work[T], done: Done) -> None:
        """Run the work in a transaction; call `done` on the scheduler's thread after the commit."""

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads from one consistent state."""

    def listen(self, told: Callable[[], None]) -> None:
        """See Database."""

    def close(self) -> None:
        """Finish the works that were handed in and close the database."""


class Database:
    """The rows of all accounts."""

    def __init__(self, address: str, scheduler: Scheduler | None = None) -> None:
        """Open or create the database at `address`: a file, or `postgresql://…`.

        `:memory:` is a private file that is deleted on close.
        Raises files.DatabaseFileError for a file or schema of another program, one in use, or one
        that cannot be written.
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
        """The address of the rows, without a secret."""
        return self._engine.place

    @property
    def shared(self) -> bool:
        """Whether other processes may use the same rows."""
        return self._engine.shared

    def watch_turns(self, on_turn: OnTurn) -> None:
        """Call `on_turn(done, failed, seconds)` after each turn, maybe on another thread: how many
        works it did, and how long it took.
        """
        self._engine.on_turn = on_turn

    def free_bytes(self) -> int | None:
        """Return how much room its disk has; None where that is another machine's."""
        return None if self.shared else shutil.disk_usage(Path(self.place).parent).free

    def submit(self, work: Work[T], done: Done) -> None:
        """Queue work; `done(result, error)` is called on the scheduler's thread after the
        commit.
        """
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
        """Run the work and return its result after the commit. Not for the scheduler's own
        thread.
        """
        if self._scheduler.is_owner():
            raise RuntimeError("a blocking call on the scheduler's own thread would deadlock")
        return self.start(work).result()

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads from one consistent state; it cannot write."""
        return self._engine.read(work)

    def listen(self, told: Callable[[], None]) -> None:
        """Call `told`, on any thread, when another process has called `tx.tell_others`.

        A message may be lost with its connection: look from time to time all the same.
        """
        self._engine.listen(told)

    def close(self) -> None:
        """Finish the works that were handed in and close the database."""
        self._scheduler.close()
        self._engine.close()


def remove(address: str) -> None:
    """Delete our rows at `address`, of any schema version; refuse those of another program."""
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
            "--database is neither a file nor an address that begins with postgresql:// (it "
            "is not repeated here: it may contain a password)"
        )
    return False


def _check_user(address: str) -> None:
    """Refuse an @ in a password: libpq would take the rest of the password as the host's name."""
    who = address.partition("://")[2].partition("/")[0]
    if who.count("@") > 1:
        raise files.DatabaseFileError("--database: write an @ in a name or a password as %40")


def _engine(address: str, scheduler: Scheduler) -> Engine:
    if is_postgres(address):
        engine: Engine = _postgres("postgres").PostgresEngine(address.strip(), scheduler)
        return engine
    return SqliteEngine(address, scheduler)


def _postgres(module: str) -> Any:
    """Import the module that needs the extra `postgres`, which most installations do not have."""
    try:
        return import_module(f"mock_server.store.engine.{module}")
    except ImportError as error:
        raise files.DatabaseFileError(
            f"a database at postgresql:// needs psycopg ({error}): {install_command('postgres')}"
        ) from None
