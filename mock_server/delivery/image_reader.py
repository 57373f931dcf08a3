"""Reads source images in a process of its own, which can be ended: time and memory are bounded.

Rule 1: there is at most one such process. It starts with the first image, ends after an idle
minute or with this process, and starts anew after an image that it did not survive.
Rule 2: it gets nothing of this process but the image: no environment of ours, no import paths but
those of the libraries that it needs.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from mock_server.delivery.image_worker import CPU_S, LENGTH, WALL_S
from mock_server.domain.task.source_images import SourceRead, too_costly

SLACK_S = 2.0  # on top of the time after which the process ends itself
MAX_ANSWER_BYTES = 1024 * 1024
NEEDED = ("mock_server", "PIL", "zxingcpp")
PROGRAM = (
    "import sys; sys.path += sys.argv[2:];"
    " from mock_server.delivery.image_worker import main; main(float(sys.argv[1]))"
)

_TOO_MUCH_WORK = -getattr(signal, "SIGPROF", 0) or None

log = logging.getLogger(__name__)


class ReaderStoppedError(Exception):
    """The reader was closed: the image is unread, not unreadable."""


class ImageReader:
    """Reads one image at a time, in `cpu_s` of a processor at most; any thread may call it."""

    def __init__(self, cpu_s: float = CPU_S) -> None:
        self._cpu_s = cpu_s
        self._turn = threading.Lock()
        self._state = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def read(self, content: bytes) -> SourceRead:
        """Return what the QR code in an image says. Raises SourceError, ReaderStoppedError."""
        with self._turn:
            process, is_new = self._running()
            found = self._ask(process, content)
            if found is None and not is_new:  # it may have ended while it was idle
                process, _ = self._running()
                found = self._ask(process, content)
        if found is None:
            raise too_costly(f"the process that read it ended with {process.wait()}")
        return found

    def close(self) -> None:
        """End the process, and whoever waits for it."""
        with self._state:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _running(self) -> tuple[subprocess.Popen[bytes], bool]:
        """Return the process, and whether it was started for this."""
        with self._state:
            if self._closed:
                raise ReaderStoppedError
            if self._process is not None and self._process.poll() is None:
                return self._process, False
            if self._process is not None:
                _end(self._process)
            try:
                self._process = _started(self._cpu_s)
            except OSError as error:
                self._process = None
                log.error("the process that reads source images cannot be started: %s", error)
                raise too_costly(f"the process that reads images cannot start: {error}") from None
            return self._process, True

    def _ask(self, process: subprocess.Popen[bytes], content: bytes) -> SourceRead | None:
        """Return what the process answers; None if it ended. Raises SourceError if it had to be."""
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(WALL_S + SLACK_S, end)
        timer.daemon = True
        began = time.monotonic()
        timer.start()
        try:
            answer = _exchanged(process, content)
        finally:
            timer.cancel()
        if answer is None:
            _end(process)
            if self._closed:
                raise ReaderStoppedError
            # An idle process may end at this moment; one that is at work ends late.
            is_late = late.is_set() or time.monotonic() - began > WALL_S / 2
            if is_late or process.returncode == _TOO_MUCH_WORK:
                raise too_costly(f"reading it took more than {self._cpu_s:g} s")
            return None
        return SourceRead(**json.loads(answer))


def _exchanged(process: subprocess.Popen[bytes], content: bytes) -> bytes | None:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(LENGTH.pack(len(content)) + content)
        process.stdin.flush()
        head = process.stdout.read(LENGTH.size)
        length = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else MAX_ANSWER_BYTES + 1
        answer = process.stdout.read(length) if length <= MAX_ANSWER_BYTES else b""
    except (OSError, ValueError):  # ValueError: closed by another thread
        return None
    return answer if length == len(answer) else None


def _started(cpu_s: float) -> subprocess.Popen[bytes]:
    paths = set()
    for found in filter(None, map(find_spec, NEEDED)):
        if found.origin is not None:
            is_package = found.submodule_search_locations is not None
            paths.add(str(Path(found.origin).parents[1 if is_package else 0]))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ARTQR_MOCK_")
    }
    return subprocess.Popen(  # noqa: S603 - our own program
        [_python(), "-I", "-c", PROGRAM, str(cpu_s), *sorted(paths)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _python() -> str:
    """Return the interpreter; under some servers `sys.executable` is the server."""
    if any(name in Path(sys.executable or "").name.lower() for name in ("python", "pypy")):
        return sys.executable
    place = "Scripts/python.exe" if os.name == "nt" else "bin/python3"
    return str(Path(sys.prefix) / place)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        _close(pipe)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:  # what it did not take
        pass
