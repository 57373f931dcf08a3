"""Checkpoints of the write-ahead log: on a thread and a connection of their own, not on the loop's.

Rule 1: a thread copies what is in the log to the database while the writer goes on. Then the writer
copies the little that came meanwhile, between two turns: only when nothing is left does SQLite
begin the log again at its start, so without this step it would grow for as long as calls come.
Rule 2: a log that grows faster than the thread copies is copied by the writer, who has to wait.
"""

import contextlib
import io
import logging
import sqlite3
import sys
import threading

from mock_server.store.engine.files import DatabaseFile
from mock_server.store.engine.schedulers import Scheduler

# Pages of the log (4 KiB each) from which on it is copied, and from which on the writer waits.
LOG_PAGES = 8_000
MOST_LOG_PAGES = 4 * LOG_PAGES
# The thread copies again what came meanwhile, until so few pages are left for the writer.
FEW_PAGES = 200
MOST_PASSES = 8
# The place of the log's last page in the index of the log (sqlite.org/walformat.html, 2.1).
_LAST_PAGE_AT = 16

log = logging.getLogger(__name__)


class Checkpointer:
    """Keeps the log of a file short; but for `_copy`, all is called on the writer's thread."""

    def __init__(
        self, file: DatabaseFile, writer: sqlite3.Connection, scheduler: Scheduler
    ) -> None:
        self._file = file
        self._writer = writer
        self._scheduler = scheduler
        # Kept open: to close it would give up the locks that SQLite holds on it in this process.
        self._index: io.FileIO | None = None
        self._thread: threading.Thread | None = None
        self._start_at = LOG_PAGES
        self._closed = False

    def after_commit(self) -> None:
        """Have the log copied if it has become long."""
        if self._closed:
            return
        pages = self.log_pages()
        if pages < LOG_PAGES:
            self._start_at = LOG_PAGES
        elif self._thread is None and pages >= self._start_at:
            self._thread = threading.Thread(target=self._copy, name="checkpoint", daemon=True)
            self._thread.start()
        elif self._thread is not None and pages >= MOST_LOG_PAGES:
            copy_log(self._writer)

    def log_pages(self) -> int:
        """Return how many pages the log has since it was last begun."""
        if self._index is None:
            try:
                self._index = open(f"{self._file.path}-shm", "rb", buffering=0)  # noqa: SIM115
            except OSError:  # there is no log yet
                return 0
        self._index.seek(_LAST_PAGE_AT)
        return int.from_bytes(self._index.read(4), sys.byteorder)

    def close(self) -> None:
        """Let go of the file, once its connections are closed."""
        if self._index is not None:
            self._index.close()

    def stop(self) -> None:
        """Let the copying end; nothing is copied from now on."""
        self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _copy(self) -> None:
        try:
            with contextlib.closing(self._file.connect()) as connection:
                for _ in range(MOST_PASSES):
                    if copy_log(connection) <= FEW_PAGES or self._closed:
                        break
        except sqlite3.Error:
            log.warning("the write-ahead log could not be copied", exc_info=True)
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._scheduler.call_soon(self._finish)

    def _finish(self) -> None:
        self._thread = None
        if self._closed:
            return
        try:
            copy_log(self._writer)
        except sqlite3.Error:  # such as a full disk: the log has it all, and grows
            log.warning("the write-ahead log could not be copied", exc_info=True)
        # While somebody reads an older state, the log is not begun again: no use to try each turn.
        self._start_at = self.log_pages() + LOG_PAGES // 4


def copy_log(connection: sqlite3.Connection) -> int:
    """Copy what is in the log, as far as no reader needs it; return how many pages are left.

    The pages that a writer adds meanwhile are left too, and counted.
    """
    _, pages, copied = connection.execute("pragma wal_checkpoint(passive)").fetchone()
    return int(pages - copied)
