"""The client under rehearsal as a process: started, bounded, ended with all its descendants.

Rule 1: every process that comes of it carries a mark in its environment, so that one that detached
itself is found as well; so is one in its session, one that was seen below it and, on Linux, one
that still has its output.
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

from mock_server.real_clock import wall_clock

MARK = "ARTQR_REHEARSAL_PROCESS"
KEPT_BYTES = 256 * 1024  # of the beginning of each stream, and as much of its end
END_S = 5.0  # for killed processes to be gone
LOOK_S = 0.02
WAIT_S = 0.1  # between two looks whether the rehearsal was stopped
REMEMBER_S = 0.5  # between two looks for what it has started
DRAIN_S = 2.0  # for a stream to be read to its end
DRAIN_ALONE_S = 0.2  # the same, where what is left running may hold it open
LINGER_S = 1.0  # for what a client has started to end by itself, after it has


class StoppedError(Exception):
    """The rehearsal was stopped while the client ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a client ended. `status` None: it was ended, or nobody could see how it did.

    `left`: the command lines of processes that were still there after it. `began_at`, `ended_at`:
    real instants (ms) between which the client ran; 0 if nobody knows.
    """

    status: int | None
    timed_out: bool
    left: tuple[str, ...]
    stdout: bytes
    stderr: bytes
    took_s: float
    began_at: int = 0
    ended_at: int = 0

    @property
    def printed(self) -> str:
        """What it printed, standard output first."""
        return b"\n".join(filter(None, (self.stdout, self.stderr))).decode("utf-8", "replace")


class ClientProcess:
    """A running client. Raises OSError if it cannot be started."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> None:
        self._mark = os.urandom(16).hex()
        self._started_at = time.monotonic()
        self._began_at, self._ended_at = wall_clock(), 0
        self._seen: dict[int, psutil.Process] = {}
        line = list(command)
        apart: dict[str, object] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": 0x200}  # a process group of its own
        else:
            line = ["/bin/sh", "-c", '"$@"; exit $?', "artqr-mock", *line]
        self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - it is the user's own command
            line, env={**env, MARK: self._mark}, cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **apart,  # type: ignore[call-overload]
        )  # fmt: skip
        pipes = [pipe for pipe in (self._process.stdout, self._process.stderr) if pipe]
        self._pipes = {_place_of(pipe.fileno()) for pipe in pipes}
        self._streams = [_Kept(pipe) for pipe in pipes]

    def wait(self, limit_s: float, stop: threading.Event | None = None) -> Ended:
        """Return how it ended; end it, and all that comes of it, after `limit_s`.

        Raises StoppedError, with everything ended, once `stop` is set.
        """
        try:
            status = self._wait(limit_s, stop)
            timed_out = status is None
            if _was_killed(status):  # of the shell nothing is left to see: the client may still run
                status, timed_out = None, bool(self._outliving(limit_s - self._age_s, stop=stop))
            left = () if timed_out else self._left_over()
        finally:
            self.kill()
        for stream in self._streams:
            stream.read_for(DRAIN_S)
        return self._ended(status, left, timed_out=timed_out)

    def wait_alone(self, limit_s: float, stop: threading.Event | None = None) -> Ended:
        """Return how it ended, and leave what it has started; end everything after `limit_s`."""
        status = self._wait(limit_s, stop)
        timed_out = status is None
        if timed_out:
            self.kill()
        for stream in self._streams:
            stream.read_for(DRAIN_ALONE_S)
        return self._ended(None if _was_killed(status) else status, (), timed_out=timed_out)

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

    @property
    def _age_s(self) -> float:
        return time.monotonic() - self._started_at

    def _ended(self, status: int | None, left: tuple[str, ...], *, timed_out: bool) -> Ended:
        took_s = self._age_s
        out, err = (stream.content() for stream in self._streams)
        return Ended(
            status=status, timed_out=timed_out, left=left, stdout=out, stderr=err, took_s=took_s,
            began_at=self._began_at, ended_at=self._ended_at or wall_clock(),
        )  # fmt: skip

    def _wait(self, limit_s: float, stop: threading.Event | None) -> int | None:
        """Return the exit status, None after `limit_s`; remember what it starts meanwhile."""
        looked_at = self._started_at
        while (rest := limit_s - self._age_s) > 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._process.wait(min(WAIT_S, rest))
                self._ended_at = wall_clock()
                return status
            self._raise_if(stop)
            if time.monotonic() - looked_at >= REMEMBER_S:
                looked_at = time.monotonic()
                self._remember()
        return self._process.poll()

    def _outliving(
        self, limit_s: float, look_s: float = WAIT_S, stop: threading.Event | None = None
    ) -> list[psutil.Process]:
        """Wait for everything that comes of it; return what still runs after `limit_s`."""
        deadline = time.monotonic() + limit_s
        while (found := self._descendants()) and time.monotonic() < deadline:
            self._raise_if(stop)
            psutil.wait_procs(found, timeout=look_s)
        return found

    def _raise_if(self, stop: threading.Event | None) -> None:
        if stop is not None and stop.is_set():
            self.kill()
            raise StoppedError

    def _left_over(self) -> tuple[str, ...]:
        return tuple(filter(None, map(_command_line, self._outliving(LINGER_S, LOOK_S))))

    def _remember(self) -> None:
        """Take down what runs below it now: one that drops our mark may later lose its parent."""
        with contextlib.suppress(psutil.Error):
            for each in psutil.Process(self._process.pid).children(recursive=True):
                self._seen.setdefault(each.pid, each)

    def _descendants(self) -> list[psutil.Process]:
        """Return every process with our mark or in our session, and their children."""
        seen = self._seen.copy()  # another thread may kill it meanwhile
        found = {pid: each for pid, each in seen.items() if each.is_running()}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and self._is_ours(process):
                    found[process.pid] = process
        for process in list(found.values()):
            with contextlib.suppress(psutil.Error):
                found |= {each.pid: each for each in process.children(recursive=True)}
        self._seen |= found
        return [each for each in found.values() if not _is_zombie(each)]

    def _is_ours(self, process: psutil.Process) -> bool:
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                if os.getsid(process.pid) == self._process.pid:
                    return True
        with contextlib.suppress(OSError):  # what has dropped the mark may still print to us
            if any(_place_of(f"/proc/{process.pid}/fd/{number}") in self._pipes
                   for number in (1, 2)):  # fmt: skip
                return True
        return bool(process.environ().get(MARK) == self._mark)


class _Kept:
    """Reads a stream to its end, and keeps its beginning and its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def read_for(self, seconds: float) -> None:
        """Wait for the end of the stream."""
        self._thread.join(seconds)

    def content(self) -> bytes:
        """Return what was kept so far, with a line in place of what was not."""
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


def _place_of(file: int | str) -> tuple[int, int]:
    """Return what is the same for each end of a pipe, in whatever process."""
    found = os.stat(file)
    return found.st_dev, found.st_ino


def _was_killed(status: int | None) -> bool:
    """Whether a status is that of a killed process: of the shell above the client, that is."""
    return status is not None and status < 0


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
