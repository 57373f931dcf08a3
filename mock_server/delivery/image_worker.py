"""The process that reads source images: one after the other, with bounds that it cannot pass.

It reads frames (length, image) on its standard input and writes frames (length, JSON) on its
standard output. It ends when its input does, when an image takes too long, and when it was idle.
"""

import contextlib
import faulthandler
import json
import os
import signal
import struct
import sys
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from mock_server.delivery import qr_reader
from mock_server.domain.task.source_images import SourceError

LENGTH = struct.Struct(">I")
CPU_S = 3.0
WALL_S = 8.0
IDLE_S = 60.0
MEMORY_BYTES = 768 * 1024 * 1024  # beside what the process has before its first image


def main(cpu_s: float) -> None:
    """Read images until there are no more, each in so many seconds of a processor at most."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this
    source, answers, nowhere = _streams()
    _watch(source)
    _warm_up()
    _bound_memory()
    while True:
        # A watchdog of the interpreter's own, which needs neither signals nor this thread.
        faulthandler.dump_traceback_later(IDLE_S, exit=True, file=nowhere)
        head = source.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return
        content = source.read(LENGTH.unpack(head)[0])
        faulthandler.dump_traceback_later(WALL_S, exit=True, file=nowhere)
        answer = json.dumps(_read(content, cpu_s)).encode()
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _streams() -> tuple[BinaryIO, BinaryIO, BinaryIO]:
    """Return input, output and nowhere; what a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = Path(os.devnull).open("wb")  # noqa: SIM115 - for as long as the process lives
    os.dup2(nowhere.fileno(), 1)
    return sys.stdin.buffer, answers, nowhere


def _watch(source: BinaryIO) -> None:
    """Have the system send SIGIO when something happens to the input, if it can."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none

        signal.signal(signal.SIGIO, signal.SIG_IGN)
        fcntl.fcntl(source, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(source, fcntl.F_GETFL)
        fcntl.fcntl(source, fcntl.F_SETFL, flags | os.O_ASYNC)
    except (ImportError, AttributeError, OSError):
        return


def _warm_up() -> None:
    """Load the libraries, so that what they need is not counted as an image's."""
    with contextlib.suppress(SourceError):
        qr_reader.read(b"")


def _bound_memory() -> None:
    """Bound the memory where the system can; elsewhere the bounds on pixels have to do."""
    try:
        import resource  # noqa: PLC0415 - Windows has none

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (ImportError, OSError, ValueError):
        return


def _read(content: bytes, cpu_s: float) -> dict[str, str | None]:
    # The system itself ends the process, in whatever library it is: when its time is up, and when
    # the server has gone, which is all that can happen to the input before there is an answer.
    timer, gone = getattr(signal, "ITIMER_PROF", None), getattr(signal, "SIGIO", None)
    if timer is not None:
        signal.setitimer(timer, cpu_s)
    if gone is not None:
        signal.signal(gone, signal.SIG_DFL)
    try:
        return asdict(qr_reader.read(content))
    except SourceError as error:
        return asdict(error.read)
    finally:
        if gone is not None:
            signal.signal(gone, signal.SIG_IGN)
        if timer is not None:
            signal.setitimer(timer, 0)
