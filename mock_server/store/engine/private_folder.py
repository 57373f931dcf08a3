"""Folders of private databases: gone at the end of their process, or at the next start.

They hold the credentials of their accounts, so that nothing is left of one whose process was
killed. A folder whose lock is held is in use, whoever holds it.
"""

import atexit
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "artqr-mock-"
DATABASE = "private.sqlite3"
# A start is not held up by all that a bad week has left.
MOST_SWEPT = 200

_swept = False


class PrivateFolder:
    """A folder for one database; a child that was forked from its process leaves it alone."""

    def __init__(self) -> None:
        self._path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._owner = os.getpid()
        atexit.register(self.remove)

    @property
    def database(self) -> Path:
        """Where the database goes."""
        return self._path / DATABASE

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        if os.getpid() == self._owner:
            atexit.unregister(self.remove)
            shutil.rmtree(self._path, ignore_errors=True)


def sweep_once() -> None:
    """Sweep at the first start in this process."""
    global _swept  # noqa: PLW0603 - it is a fact of the process
    if not _swept:
        _swept = True
        sweep()


def sweep() -> None:
    """Remove the private folders of processes that were killed."""
    with contextlib.suppress(OSError):
        found = sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
        for folder in [each for each in found if _is_ours(each)][:MOST_SWEPT]:
            _remove_if_free(folder)


def _is_ours(folder: Path) -> bool:
    """Whether a folder has a database, hence had a lock, and belongs to this user."""
    try:
        mine = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
        plain = folder.is_dir() and not folder.is_symlink()
        return mine and plain and (folder / DATABASE).is_file()
    except OSError:
        return False


def _remove_if_free(folder: Path) -> None:
    lock = FileLock(folder / f"{DATABASE}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()
