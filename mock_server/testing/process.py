"""The process that serves the tests of this one: started on first use, and there is one.

Rule 1: nothing that patches, measures or configures this process reaches it.
Rule 2: it ends with this process, whatever happens; see serve_tests.py.
Rule 3: its output goes to a file that nobody else can read; the end of it explains what failed.
"""

import contextlib
import json
import os
import site
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any

from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import printable_lines
from mock_server.settings import Settings, SettingsError
from mock_server.unpatched import in_real_thread, new_lock, process_class, without_debugger

PROGRAM = Path(__file__).parents[1] / "serve_tests.py"
# What configures this process or what it is run by: Python, coverage, debuggers, libfaketime.
FOREIGN = (
    "ARTQR_", "PYTHON", "PYTEST_", "COV_CORE_", "COVERAGE_", "PYDEVD", "PYCHARM_", "DEBUGPY",
    "GEVENT", "EVENTLET", "FAKETIME", "FLASK_", "WERKZEUG_", "UVICORN_", "AIOHTTP_",
    "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS",
)  # fmt: skip
PRELOADED = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")
LOG_BYTES = 4_000
LOG_LINES = 30


class ServerStartError(OSError):
    """The server could not start; the message shows the end of what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that answers at `url`; `process` has its log."""

    url: str
    process: "ServerProcess"


def command() -> list[str]:
    """Return how the process is started; nothing of the settings is in it."""
    if not sys.executable:
        raise ServerStartError(
            "this Python does not know its own program: run `artqr-mock serve` and set artqr_url"
        )
    return [sys.executable, "-I", "-X", "utf8", str(PROGRAM)]


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """Serve in the process of this one for the length of a `with` block.

    Raises SettingsError, ServerStartError, or another OSError that says what to do.
    """
    process = _current()
    number, url = process.start(settings)
    try:
        yield Served(url=url, process=process)
    finally:
        process.stop(number)


class ServerProcess:
    """The other process: orders go to it, and each is answered."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._count = 0
        self._rest = b""
        self._log = _Log()
        try:
            # A pipe of ours each: those that the library makes may be another's, under gevent.
            self._process, self._orders, self._replies = _start(self._log.file)
        except BaseException:
            self._log.close()
            raise
        self._end = weakref.finalize(
            self, _finish, self._process, self._orders, self._replies, self._log
        )
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=partial(_let_go, weakref.ref(self)))
        with contextlib.suppress(BrokenPipeError):  # what became of it is seen on the first order
            self._write({"parent": os.getpid(), "paths": _package_folders()})

    @property
    def is_alive(self) -> bool:
        """Whether it runs, and belongs to this process: not to one that was forked from it."""
        return self._end.alive and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def start(self, settings: Settings) -> tuple[int, str]:
        """Start a server; return its number and its address. Raises OSError, SettingsError."""
        since = self._log.size
        number, reply = self._order({"settings": asdict(settings)})
        if reply is None:
            raise ServerStartError(f"its process ended{self.log_since(since)}")
        if "error" in reply:
            raise _error(reply, self.log_since(since))
        return number, reply["url"]

    def stop(self, number: int) -> None:
        """Stop a server; nothing if the process has ended."""
        self._order({"stop": number})

    def log_since(self, size: int) -> str:
        """Return the end of what was printed since the log had this size, with a line above it."""
        text = self._log.end_since(size)
        return f"\n\nthe end of its log:\n{printable_lines(text)}" if text else ""

    @property
    def log_size(self) -> int:
        """How much was printed so far."""
        return self._log.size

    def end(self) -> None:
        """End it, and wait until it has ended."""
        self._end()

    def let_go(self) -> None:
        """Leave it to the process that this one was forked from."""
        if self._end.detach() is None:
            return
        self._orders.close()
        self._replies.close()
        self._process.returncode = 0  # it is no child of ours: nobody is to wait for it
        self._log.close()

    def _order(self, order: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        """Have something done; the answer is None if the process has ended, or is another's."""
        if not self._end.alive:
            return 0, None

        def carry_out() -> tuple[int, dict[str, Any] | None]:
            with self._lock:
                self._count += 1
                number = self._count
                try:
                    self._write({"id": number, **order})
                    return number, self._reply(number)
                except BrokenPipeError:
                    return number, None

        return in_real_thread(carry_out)

    def _write(self, order: dict[str, Any]) -> None:
        self._orders.write(json.dumps(order, default=os.fspath).encode() + b"\n")

    def _reply(self, number: int) -> dict[str, Any] | None:
        while True:
            line, newline, rest = self._rest.partition(b"\n")
            if not newline:
                data = self._replies.read(65536)
                if not data:
                    return None
                self._rest += data
                continue
            self._rest = rest
            reply: dict[str, Any] = json.loads(line)
            if reply["id"] == number:  # others are of orders whose wait was interrupted
                return reply


def _let_go(process: "weakref.ref[ServerProcess]") -> None:
    if (found := process()) is not None:
        found.let_go()


class _Log:
    """A file in the folder for temporary ones; where that can be, it has no name any more."""

    def __init__(self) -> None:
        self.file, self._path = tempfile.mkstemp(prefix="artqr-mock-", suffix=".log")
        self._reader = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        with contextlib.suppress(OSError):  # Windows removes no file that is open
            os.unlink(self._path)

    @property
    def size(self) -> int:
        return os.fstat(self._reader).st_size

    def end_since(self, size: int) -> str:
        os.lseek(self._reader, max(size, self.size - LOG_BYTES), os.SEEK_SET)
        text = os.read(self._reader, LOG_BYTES).decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-LOG_LINES:])

    def close(self) -> None:
        for file in (self.file, self._reader):
            with contextlib.suppress(OSError):
                os.close(file)
        with contextlib.suppress(OSError):
            os.unlink(self._path)


_process: ServerProcess | None = None
_choosing = threading.Lock()


def _current() -> ServerProcess:
    global _process  # noqa: PLW0603 - there is one in each process
    with _choosing:
        if _process is None or not _process.is_alive:
            _process = ServerProcess()
        return _process


def _start(log: int) -> tuple["subprocess.Popen[bytes]", FileIO, FileIO]:
    """Start the process; return it with where orders go and where replies come from."""
    apart: Any = {"start_new_session": True}
    if sys.platform == "win32":
        new_group, no_window = 0x200, 0x08000000
        apart = {"creationflags": new_group | no_window}
    environment = _environment(os.environ)
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    pipes = (FileIO(ours_out, "w"), FileIO(ours_in, "r"))
    try:
        with without_debugger():
            process = process_class()(
                command(), stdin=theirs_in, stdout=theirs_out, stderr=log, env=environment, **apart
            )
    except BaseException:
        for pipe in pipes:
            pipe.close()
        raise
    finally:
        os.close(theirs_in)
        os.close(theirs_out)
    return process, *pipes


def _finish(process: "subprocess.Popen[bytes]", orders: FileIO, replies: FileIO, log: _Log) -> None:
    """End the process: without orders it stops its servers, for which it has a deadline."""
    orders.close()
    in_real_thread(replies.readall)
    replies.close()
    process.kill()  # it has closed its output: nothing is left of it
    process.wait()
    log.close()


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith(FOREIGN)
        and not (name in PRELOADED and "faketime" in value.lower())
    }


def _package_folders() -> list[str]:
    """Return where installed packages are, for those that an isolated Python does not find."""
    folders = [*sys.path, *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    return [folder for folder in dict.fromkeys(folders) if _has_packages(folder)]


def _has_packages(folder: str) -> bool:
    """Whether something is installed there: that no folder with the user's own code is."""
    try:
        return os.path.isabs(folder) and any(
            each.endswith((".dist-info", ".egg-info")) for each in os.listdir(folder)
        )
    except OSError:
        return False


def _error(reply: Mapping[str, Any], log: str) -> Exception:
    """Return what stands for an error over there."""
    text: str = reply["error"]
    if reply["kind"] == "settings":
        return SettingsError(text)
    if reply["kind"] == "usage":
        return UsageError(text)
    if reply["kind"] == "place":
        return ServerStartError(text)
    return ServerStartError(f"this is a bug of artqr-mock: {text}{log}")
