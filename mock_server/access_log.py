"""The access log of `serve`: one line per call, written by a thread of its own.

Rule 1: the event loop never waits for the terminal: a line that finds MOST_WAITING lines before it
is dropped and counted.
Rule 2: a line shows only what the journal shows, where credentials are hidden.
"""

import json
import logging
import threading
from queue import Empty, SimpleQueue
from typing import NamedTuple, Self, TextIO

from mock_server.domain.billing.charges import Charge
from mock_server.formatting import counted, instant, printable, printable_lines, yuan
from mock_server.store.journal import Entry

MOST_WAITING = 1000
MOST_PATH = 120
CLOSE_S = 2.0


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
    method: str
    path: str
    status: int
    error_code: str | None
    charge: str
    fen: int
    task_id: str | None
    findings: str


class AccessLog:
    """Writes lines to a stream during a `with` block; `note` may be called on any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
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
            return
        self._waiting.put(
            Logged(
                call_id,
                entry.account,
                entry.at,
                entry.method,
                entry.path,
                entry.status,
                entry.error_code,
                entry.charge,
                entry.fen,
                entry.task_id,
                entry.findings,
            )
        )

    def _run(self) -> None:
        reported, is_open = 0, True
        while is_open:
            batch = [self._waiting.get(), *self._drained()]
            is_open = None not in batch
            lines = [line_of(each) for each in batch if each is not None]
            left_out = self._left_out
            if left_out > reported:
                lines.append(
                    f"artqr-mock: {counted(left_out - reported, 'line')} left out: calls came "
                    "faster than lines could be written (`artqr-mock calls` lists them all)"
                )
                reported = left_out
            try:
                self._stream.write("".join(f"{line}\n" for line in lines))
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
