"""Writes the lines of a log on a thread of its own: nobody waits for a terminal or a full pipe.

Rule 1: a line that finds `most` lines before it is left out and counted; a line says how many,
once something can be written again.
Rule 2: lines are written in pieces that a pipe takes whole, so that the lines of several processes
do not mix.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TextIO, TypeVar

from mock_server.formatting import counted

T = TypeVar("T")

CLOSE_S = 2.0
# A record of the server may have a long traceback: these are a few MiB at most.
MOST_RECORDS = 200
# PIPE_BUF, the size up to which POSIX does not split what is written to a pipe, of Linux.
WHOLE_BYTES = 4096


class LineWriter(Generic[T]):
    """Writes what it is given, as lines, to a stream; `put` may be called on any thread.

    `line_of` makes a line, and is called on the writer's thread; `left_out_line` says how many
    were left out. The thread starts with the first line.
    """

    def __init__(
        self,
        stream: TextIO,
        line_of: Callable[[T], str],
        left_out_line: Callable[[int], str],
        *,
        most: int,
        name: str,
    ) -> None:
        self._stream = stream
        self._line_of = line_of
        self._left_out_line = left_out_line
        self._most = most
        # An event is set once everything before it is written; None ends the thread.
        self._waiting: SimpleQueue[T | threading.Event | None] = SimpleQueue()
        self._left_out = 0
        self._reported = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._is_started = False

    def put(self, item: T) -> bool:
        """Queue a line, or count it as left out and return False. Never waits."""
        if self._waiting.qsize() >= self._most:
            self._left_out += 1
            return False
        self._waiting.put(item)
        if not self._is_started:
            self._start()
        return True

    def flush(self) -> None:
        """Wait until everything is written, CLOSE_S at most: the stream may block."""
        if not self._thread.is_alive():
            return
        written = threading.Event()
        self._waiting.put(written)
        written.wait(CLOSE_S)

    def close(self) -> None:
        """Write what waits, and end the thread; give up after CLOSE_S."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(CLOSE_S)

    def _start(self) -> None:
        with self._lock:
            if not self._is_started:
                self._is_started = True
                self._thread.start()

    def _run(self) -> None:
        is_open = True
        while is_open:
            batch = [self._waiting.get(), *self._drained()]
            is_open = None not in batch
            flushed = [each for each in batch if isinstance(each, threading.Event)]
            try:
                self._write(
                    [each for each in batch if not isinstance(each, threading.Event | None)]
                )
            except (OSError, ValueError):  # the terminal was closed
                is_open = False
            for event in flushed:
                event.set()

    def _write(self, batch: list[T]) -> None:
        lines = [self._line_of(each) for each in batch]
        left_out = self._left_out
        if left_out > self._reported:
            lines.append(self._left_out_line(left_out - self._reported))
            self._reported = left_out
        for piece in pieces(lines):
            self._stream.write(piece)
            self._stream.flush()

    def _drained(self) -> list[T | threading.Event | None]:
        found: list[T | threading.Event | None] = []
        try:
            while len(found) < self._most:
                found.append(self._waiting.get_nowait())
        except Empty:
            pass
        return found


class LineHandler(logging.Handler):
    """Writes the records of a server, so that a failure makes no call wait for the log."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._writer: LineWriter[str] = LineWriter(
            stream, str, self._left_out_line, most=MOST_RECORDS, name="log"
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record. Never waits."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - as the handlers of the library do
            self.handleError(record)
        else:
            self._writer.put(line)

    def flush(self) -> None:
        """Wait until all records are written, CLOSE_S at most."""
        self._writer.flush()

    def close(self) -> None:
        """Write what waits, and end."""
        self._writer.close()
        super().close()

    def _left_out_line(self, count: int) -> str:
        message = f"{counted(count, 'line')} left out: they came faster than they could be written"
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, None, None)
        record.left_out = count
        return self.format(record)


def pieces(lines: Iterable[str]) -> Iterator[str]:
    """Return whole lines in pieces of WHOLE_BYTES at most; a longer line is a piece of its own."""
    piece, size = "", 0
    for line in lines:
        added = len(line.encode("utf-8", "replace")) + 1
        if piece and size + added > WHOLE_BYTES:
            yield piece
            piece, size = "", 0
        piece, size = f"{piece}{line}\n", size + added
    if piece:
        yield piece
