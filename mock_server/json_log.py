"""The log as JSON: one object on a line, for programs that collect logs.

Rule 1: whatever a client sent, a line holds only printable ASCII, and no line break.
Rule 2: a value that is not known is null, so every line of a kind has the same fields.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mock_server.formatting import cut

# So a line of a call is at most as long as a pipe takes in one piece.
MOST_TEXT = 400
MOST_MESSAGE = 8_000
MOST_TRACEBACK = 20_000

# Every field and its meaning; docs/reference/log-fields.md shows them.
EVERY_LINE = {
    "time": "Real time, UTC, RFC 3339 with milliseconds: of a call, when it was identified.",
    "level": "`debug`, `info`, `warning`, `error` or `critical`. A call is `info`.",
    "logger": "The part of the server that writes: `mock_server.access_log` for calls.",
    "pid": "The process, which tells the workers of one server apart.",
    "message": "The line for a person.",
}
CALL_LINE = {
    "call": "The id of the call, as in `artqr-mock calls`.",
    "request_id": "The answer's `X-Ca-Request-Id`; empty for a picture or a short link.",
    "account": "The account that the call named; null: none that is known.",
    "account_time": "What the clock of that account showed, UTC.",
    "operation": "`submit_task`, `query_task`, `list_tasks`, `get_picture`, `follow_short_link`; "
    "null: no route of the API.",
    "method": "The method of the request.",
    "path": "Path and query, with credentials as `***`.",
    "status": "The HTTP status; null: no answer was sent.",
    "error_code": "The gateway's error, such as `B403MQ`; null: none.",
    "charge": "`charged`, or why not: `not_200`, `not_metered`, `never`.",
    "fen": "What it cost, in fen.",
    "task": "The task that it concerns; null: none.",
    "findings": "The ids of its findings.",
    "faults": "The kinds of the faults that happened to it.",
    "held_ms": "How long it was held before it was handled.",
    "request_bytes": "The size of the body of the request.",
    "answer_bytes": "The size of the body of the answer.",
}
LEFT_OUT_LINE = {
    "left_out": "So many lines were left out before this one, because they came faster than they "
    "could be written: of calls if `logger` is `mock_server.access_log`, else of the server.",
}
ERROR_LINE = {
    "exception": "The type of the exception.",
    "traceback": "Where it came from. A line break is written `\\n`.",
}


def take_over() -> None:
    """Have warnings, and errors that nobody catches, logged like everything else."""
    log = logging.getLogger("mock_server")

    def uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        log.critical("an error was not caught: %s", error, exc_info=(kind, error, trace))

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    logging.captureWarnings(capture=True)
    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread


class JsonFormatter(logging.Formatter):
    """Writes records of the server itself as JSON, traceback included.

    `longest`: the most bytes of a line with its break. Of a longer one the end of the traceback is
    left, which says what failed.
    """

    def __init__(self, longest: int | None = None) -> None:
        super().__init__()
        self._longest = longest

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        more: dict[str, Any] = {}
        if (left_out := getattr(record, "left_out", None)) is not None:
            more["left_out"] = left_out
        if record.exc_info and record.exc_info[0] is not None:
            more["exception"] = record.exc_info[0].__name__
            more["traceback"] = self.formatException(record.exc_info)[-MOST_TRACEBACK:]
        message = cut(record.getMessage(), MOST_MESSAGE)
        text = _line_of(record, message, more)
        while self._longest is not None and len(text) >= self._longest:
            trace = more.get("traceback", "")
            if len(trace) >= len(message):
                more["traceback"] = trace[len(trace) // 8 + 1 :]
            else:
                message = cut(message, len(message) - len(message) // 8 - 1)
            text = _line_of(record, message, more)
        return text


def _line_of(record: logging.LogRecord, message: str, more: Mapping[str, Any]) -> str:
    at = int(record.created * 1000)
    return line(at, record.levelname.lower(), record.name, message, more)


def line(at: int, level: str, logger: str, message: str, more: Mapping[str, Any]) -> str:
    """Return one line, without its line break; `at` is real time in ms."""
    head = {"time": utc(at), "level": level, "logger": logger, "pid": os.getpid()}
    return json.dumps({**head, "message": message, **more})


def utc(at: int) -> str:
    """Return an instant (ms) as RFC 3339, in UTC."""
    text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
