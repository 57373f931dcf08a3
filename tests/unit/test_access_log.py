"""The access log never blocks its caller, and reports the lines it left out."""

import io
import threading

import pytest

from mock_server.access_log import MOST_WAITING, AccessLog
from mock_server.domain.call.redaction import Capture
from mock_server.store.journal import Entry

NOTHING = Capture(body=b"", length=0, sha256=None)


def entry(**other: object) -> Entry:
    values: dict[str, object] = {
        "account": "default", "at": 0, "real_at": 0, "request_id": "", "operation": "submit_task",
        "method": "POST", "path": "/submitTask", "status": 200, "error_code": None,
        "charge": "charged", "fen": 28, "task_id": "ef2e", "request_headers": "",
        "request": NOTHING, "answer_headers": "", "answer": NOTHING,
    }  # fmt: skip
    return Entry(**{**values, **other})  # type: ignore[arg-type]


class Terminal(io.StringIO):
    """A stream that blocks until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.is_open = threading.Event()
        self.is_asked = threading.Event()

    def write(self, text: str) -> int:
        self.is_asked.set()
        self.is_open.wait(30)
        return super().write(text)


@pytest.mark.parametrize(
    ("other", "line"),
    [
        ({}, "1970-01-01 08:00:00  default  call 7  POST /submitTask  200  0.28 yuan  task ef2e"),
        (
            {"status": 403, "error_code": "B403MQ", "charge": "never", "task_id": None,
             "findings": '[{"id":"a"},{"id":"b"}]'},
            "1970-01-01 08:00:00  default  call 7  POST /submitTask  403 B403MQ  free  2 findings",
        ),
        (
            {"account": None, "status": 0, "charge": "never", "task_id": None, "method": "G\x1bT",
             "path": "/[/red]\x1b[2J\n"},
            r"1970-01-01 08:00:00  -  call 7  G\x1bT /[/red]\x1b[2J\n  no answer  free",
        ),
    ],
)  # fmt: skip
def test_a_call_is_one_line(other: dict[str, object], line: str) -> None:
    stream = io.StringIO()

    with AccessLog(stream) as log:
        log.note(7, entry(**other))

    assert stream.getvalue() == f"{line}\n"


def test_a_blocked_terminal_delays_no_call_and_later_shows_how_much_was_left_out() -> None:
    terminal = Terminal()

    with AccessLog(terminal) as log:
        log.note(0, entry())
        assert terminal.is_asked.wait(30)
        for number in range(1, MOST_WAITING + 4):
            log.note(number, entry())
        terminal.is_open.set()

    lines = terminal.getvalue().splitlines()
    assert len(lines) == 1 + MOST_WAITING + 1
    assert lines[-1].startswith("artqr-mock: 3 lines left out: calls came faster than lines")


def test_a_terminal_that_has_gone_ends_the_log_and_nothing_else() -> None:
    stream = io.StringIO()
    stream.close()

    with AccessLog(stream) as log:
        log.note(1, entry())
        log.note(2, entry())
