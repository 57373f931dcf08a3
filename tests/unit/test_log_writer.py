"""The server's own log makes nobody wait, and says how much it left out."""

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mock_server.access_log import PrintableFormatter
from mock_server.json_log import JsonFormatter
from mock_server.log_writer import MOST_RECORDS, LineHandler
from tests.unit.test_access_log import Terminal

# A server whose log nobody reads: a pipe takes 64 KiB.
UNREAD = """
import logging
from mock_server.cli.serve import log_to_stderr
log_to_stderr(None, as_json=%s)
for number in range(5000):
    logging.getLogger("mock_server").error("failure %%d %%s", number, "x" * 100)
print("goes on", flush=True)
"""


@contextmanager
def logging_to(stream: io.StringIO, formatter: logging.Formatter) -> Iterator[logging.Logger]:
    """Log to a stream as `serve` does, with a logger of our own."""
    handler = LineHandler(stream)
    handler.setFormatter(formatter)
    log = logging.Logger("test")
    log.addHandler(handler)
    try:
        yield log
    finally:
        handler.close()


@pytest.mark.parametrize("formatter", [JsonFormatter(), PrintableFormatter("%(message)s")])
def test_a_blocked_pipe_delays_no_record_and_later_shows_how_many_were_left_out(
    formatter: logging.Formatter,
) -> None:
    pipe = Terminal()

    with logging_to(pipe, formatter) as log:
        log.error("first")
        assert pipe.is_asked.wait(30)
        for number in range(MOST_RECORDS + 3):
            log.error("then %d", number)
        pipe.is_open.set()

    lines = pipe.getvalue().splitlines()
    assert len(lines) == 1 + MOST_RECORDS + 1
    assert "3 lines left out: they came faster than" in lines[-1]
    if isinstance(formatter, JsonFormatter):
        assert json.loads(lines[-1])["left_out"] == 3


def test_what_is_flushed_is_written() -> None:
    stream = io.StringIO()

    with logging_to(stream, JsonFormatter()) as log:
        log.critical("why it ends")
        log.handlers[0].flush()
        said = stream.getvalue()

    assert json.loads(said)["message"] == "why it ends"


def test_a_closed_stream_ends_the_log_and_nothing_else() -> None:
    stream = io.StringIO()
    stream.close()
    before = threading.active_count()

    with logging_to(stream, JsonFormatter()) as log:
        log.error("nobody reads this")
        log.handlers[0].flush()
        log.error("nor this")

    assert threading.active_count() == before


@pytest.mark.parametrize("as_json", [True, False])
def test_a_server_goes_on_while_nobody_reads_its_log(*, as_json: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UNREAD % as_json], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        timer = threading.Timer(30, process.kill)
        timer.start()
        assert process.stdout is not None
        said = process.stdout.readline()
        timer.cancel()
        process.communicate()

    assert said == "goes on\n"
