"""The client under rehearsal as a process: started, bounded, ended with all its descendants.

Rule 1: every process that comes of it carries a mark in its environment, so that one that detached
itself is found as well.
Rule 2: a shell stands between us and it: a client that kills its parent does not reach us.
Rule 3: what it prints is kept up to a bound, and read to its end.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

MARK = "ARTQR_REHEARSAL_PROCESS"
KEPT_BYTES = 256 * 1024  # of the beginning of each stream, and as much of its end
END_S = 5.0  # for killed processes to be gone
LOOK_S = 0.02
LINGER_S = 1.0  # for what a client has started to end by itself, after it has


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a client ended. `status` None: it was ended, or nobody could see how it did.

    `left`: the command lines of processes that were still there after it.
    """

    status: int | None
    timed_out: bool
    left: tuple[str, ...]
    stdout: bytes
    stderr: bytes
    took_s: float


class ClientProcess:
    """A running client."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> None:
        self._mark = os.urandom(16).hex()
        self._started_at = time.monotonic()
        line = list(command)
        apart: dict[str, object] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": 0x200}  # a process group of its own
        else:
            line = ["/bin/sh", "-c", '"$@"; exit $?', "artqr-mock", *line]
        self._process = subprocess.Popen(  # noqa: S603 - it is the user's own command
            line, env={**env, MARK: self._mark}, cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **apart,  # type: ignore[call-overload]
        )  # fmt: skip
        self._streams = [_Kept(self._process.stdout), _Kept(self._process.stderr)]

    def wait(self, limit_s: float) -> Ended:
        """Return how it ended; end it, and all that comes of it, after `limit_s`."""
        timed_out = False
        try:
            status: int | None = self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            status, timed_out = None, True
        left = self._left_over() if not timed_out else ()
        self.kill()
        if status is not None and status < 0:
            status = None  # not the client but the shell above it was killed
        out, err = (stream.content() for stream in self._streams)
        took_s = time.monotonic() - self._started_at
        return Ended(
            status=status, timed_out=timed_out, left=left, stdout=out, stderr=err, took_s=took_s
        )

    def kill(self) -> None:
        """End it and all that comes of it."""
        deadline = time.monotonic() + END_S
        while found := self._descendants():
            for process in found:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            if time.monotonic() > deadline:
                break
            psutil.wait_procs(found, timeout=0.2)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)

    def _left_over(self) -> tuple[str, ...]:
        deadline = time.monotonic() + LINGER_S
        while (found := self._descendants()) and time.monotonic() < deadline:
            psutil.wait_procs(found, timeout=LOOK_S)
        return tuple(filter(None, map(_command_line, found)))

    def _descendants(self) -> list[psutil.Process]:
        """Return every process with our mark, and their children, which may have dropped it."""
        found: dict[int, psutil.Process] = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and process.environ().get(MARK) == self._mark:
                    found[process.pid] = process
        for process in list(found.values()):
            with contextlib.suppress(psutil.Error):
                found |= {each.pid: each for each in process.children(recursive=True)}
        zombies = {pid for pid, each in found.items() if _is_zombie(each)}
        return [each for pid, each in found.items() if pid not in zombies]


class _Kept:
    """Reads a stream to its end, and keeps its beginning and its end."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None  # noqa: S101 - it is a pipe
        self._stream = stream
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def content(self) -> bytes:
        """Return what was kept, with a line in place of what was not."""
        self._thread.join(END_S)
        if not self._dropped:
            return bytes(self._head + self._tail)
        note = f"\n... {self._dropped} bytes were not kept ...\n".encode()
        return bytes(self._head) + note + bytes(self._tail)

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._stream:
            while data := os.read(self._stream.fileno(), 65536):
                room = KEPT_BYTES - len(self._head)
                self._head += data[:room]
                self._tail += data[room:]
                excess = len(self._tail) - KEPT_BYTES
                if excess > 0:
                    self._dropped += excess
                    del self._tail[:excess]


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())[:200] or process.name()
    except psutil.Error:
        return ""
