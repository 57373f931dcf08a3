"""The access log of `serve`: one line per call, written by a thread of its own.

Rule 1: the event loop never waits for the terminal: a line that finds MOST_WAITING lines before it
is dropped and counted.
Rule 2: a line shows only what the journal shows, where credentials are hidden.
Rule 3: lines are written in pieces that a pipe takes whole, so that the lines of several processes
do not mix.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import NamedTuple, Self, TextIO

from mock_server import json_log
from mock_server.domain.billing.charges import Charge
from mock_server.formatting import counted, cut, instant, printable, printable_lines, yuan
from mock_server.real_clock import wall_clock
from mock_server.store.journal import Entry

MOST_WAITING = 1000
MOST_PATH = 120
CLOSE_S = 2.0
# PIPE_BUF, the size up to which POSIX does not split what is written to a pipe, of Linux.
WHOLE_BYTES = 4096
NAME = "mock_server.access_log"


class PrintableFormatter(logging.Formatter):
    """Writes records as a terminal can show them: an error may quote what a client sent."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, traceback included."""
        return printable_lines(super().format(record))


class Logged(NamedTuple):
    """The parts of a call that its line needs; bodies are not kept."""

    call_id: int
    account: str | None
    at: int
    real_at: int
    request_id: str
    operation: str | None
    method: str
    path: str
    status: int
    error_code: str | None
    charge: str
    fen: int
    task_id: str | None
    findings: str
    faults: str
    held_ms: int
    request_bytes: int
    answer_bytes: int


class AccessLog:
    """Writes lines to a stream during a `with` block; `note` may be called on any thread.

    `on_left_out` is called for each line that is left out.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        as_json: bool = False,
        on_left_out: Callable[[], None] | None = None,
    ) -> None:
        self._stream = stream
        self._line_of = json_line_of if as_json else line_of
        self._left_out_line = _json_left_out if as_json else _left_out
        self._on_left_out = on_left_out
        self._waiting: SimpleQueue[Logged | None] = SimpleQueue()
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write the waiting lines; give up after CLOSE_S if the stream blocks."""
        self._waiting.put(None)
        self._thread.join(CLOSE_S)

    def note(self, call_id: int, entry: Entry) -> None:
        """Queue the line of a call, or count it as left out. Never waits."""
        if self._waiting.qsize() >= MOST_WAITING:
            self._left_out += 1
            if self._on_left_out is not None:
                self._on_left_out()
            return
        self._waiting.put(
            Logged(
                call_id,
                entry.account,
                entry.at,
                entry.real_at,
                entry.request_id,
                entry.operation,
                entry.method,
                entry.path,
                entry.status,
                entry.error_code,
                entry.charge,
                entry.fen,
                entry.task_id,
                entry.findings,
                entry.faults,
                entry.held_ms,
                entry.request.length,
                entry.answer.length,
            )
        )

    def _run(self) -> None:
        reported, is_open = 0, True
        while is_open:
            batch = [self._waiting.get(), *self._drained()]
            is_open = None not in batch
            lines = [self._line_of(each) for each in batch if each is not None]
            left_out = self._left_out
            if left_out > reported:
                lines.append(self._left_out_line(left_out - reported))
                reported = left_out
            try:
                for piece in pieces(lines):
                    self._stream.write(piece)
                    self._stream.flush()
            except (OSError, ValueError):  # the terminal was closed
                return

    def _drained(self) -> list[Logged | None]:
        found: list[Logged | None] = []
        try:
            while len(found) < MOST_WAITING:
                found.append(self._waiting.get_nowait())
        except Empty:
            pass
        return found


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


def _left_out(count: int) -> str:
    return (
        f"artqr-mock: {counted(count, 'line')} left out: calls came faster than lines could be "
        "written (`artqr-mock calls` lists them all)"
    )


def _json_left_out(count: int) -> str:
    return json_log.line(wall_clock(), "warning", NAME, _left_out(count), {"left_out": count})


def json_line_of(call: Logged) -> str:
    """Return the line of a call as JSON, with the fields of json_log.CALL_LINE."""
    method, path = cut(call.method, 20), cut(call.path, json_log.MOST_TEXT)
    values = (
        call.call_id,
        call.request_id,
        call.account,
        json_log.utc(call.at),
        call.operation,
        method,
        path,
        call.status or None,
        call.error_code,
        call.charge,
        call.fen,
        call.task_id,
        [each["id"] for each in json.loads(call.findings)],
        [each["kind"] for each in json.loads(call.faults)],
        call.held_ms,
        call.request_bytes,
        call.answer_bytes,
    )
    more = dict(zip(json_log.CALL_LINE, values, strict=True))
    message = f"{method} {cut(path, 80)} {call.status or 'no answer'}"
    return json_log.line(call.real_at, "info", NAME, message, more)


def line_of(call: Logged) -> str:
    """Return the line of a call: time, account, request, answer, cost, number of findings."""
    findings = len(json.loads(call.findings))
    parts = [
        f"{instant(call.at)}  {call.account or '-'}  call {call.call_id}",
        f"{printable(call.method, 20)} {printable(call.path, MOST_PATH)}",
        f"{call.status or 'no answer'} {call.error_code or ''}".rstrip(),
        f"{yuan(call.fen)} yuan" if call.charge == Charge.CHARGED else "free",
    ]
    if call.task_id:
        parts.append(f"task {printable(call.task_id)}")
    if findings:
        parts.append(counted(findings, "finding"))
    return "  ".join(parts)
