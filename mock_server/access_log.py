"""The access log of `serve`: one line per call, which a thread of its own writes (log_writer.py).

Rule 1: the event loop never waits for the terminal: a line that finds MOST_WAITING lines before it
is dropped and counted.
Rule 2: a line shows only what the journal shows, where credentials are hidden.
"""

import json
import logging
from collections.abc import Callable
from typing import NamedTuple, Self, TextIO

from mock_server import json_log
from mock_server.domain.billing.charges import Charge
from mock_server.formatting import counted, cut, instant, printable, printable_lines, yuan
from mock_server.log_writer import LineWriter
from mock_server.real_clock import wall_clock
from mock_server.store.journal import Entry

MOST_WAITING = 1000
MOST_PATH = 120
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
        self._writer: LineWriter[Logged] = LineWriter(
            stream,
            json_line_of if as_json else line_of,
            _json_left_out if as_json else _left_out,
            most=MOST_WAITING,
            name="access-log",
        )
        self._on_left_out = on_left_out

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write the waiting lines; give up after a moment if the stream blocks."""
        self._writer.close()

    def note(self, call_id: int, entry: Entry) -> None:
        """Queue the line of a call, or count it as left out. Never waits."""
        is_taken = self._writer.put(
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
        if not is_taken and self._on_left_out is not None:
            self._on_left_out()


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
