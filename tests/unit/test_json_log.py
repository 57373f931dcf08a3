"""The log as JSON: one object on a line, whatever a client sent."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from mock_server import json_log
from mock_server.access_log import AccessLog
from mock_server.json_log import CALL_LINE, ERROR_LINE, EVERY_LINE, JsonFormatter
from mock_server.log_writer import WHOLE_BYTES, pieces
from tests.unit.test_access_log import Terminal, entry

HOSTILE = '"},\x00\n\r\x1b[2J\x7f\x85\u2028\u202e</script>\ud800é创'


def written(*entries: object) -> list[str]:
    """Return the lines of calls."""
    stream = io.StringIO()
    with AccessLog(stream, as_json=True) as log:
        for number, each in enumerate(entries):
            log.note(number, each)  # type: ignore[arg-type]
    return stream.getvalue().splitlines(keepends=True)


@pytest.fixture
def logged() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger that writes JSON, and where to."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("mock_server.test")
    log.addHandler(handler)
    yield log, stream
    log.removeHandler(handler)


def test_a_call_is_one_object_with_every_documented_field() -> None:
    (line,) = written(
        entry(
            at=1_000, real_at=61_500, findings='[{"id":"wrong-path"}]', request_id="R",
            faults='[{"id":1,"kind":"delay"}]', held_ms=250,
        )
    )  # fmt: skip

    found = json.loads(line)
    assert list(found) == [*EVERY_LINE, *CALL_LINE]
    assert found["time"] == "1970-01-01T00:01:01.500Z"
    assert found["account_time"] == "1970-01-01T00:00:01.000Z"
    assert found["message"] == "POST /submitTask 200"
    assert [found[name] for name in ("call", "status", "fen", "task")] == [0, 200, 28, "ef2e"]
    assert [found[name] for name in ("findings", "faults")] == [["wrong-path"], ["delay"]]
    assert found["held_ms"] == 250


def test_what_is_not_known_is_null() -> None:
    (line,) = written(entry(account=None, status=0, operation=None, task_id=None))

    found = json.loads(line)
    assert {name for name, value in found.items() if value is None} == {
        "account", "status", "operation", "task", "error_code",
    }  # fmt: skip
    assert found["message"] == "POST /submitTask no answer"


def test_hostile_bytes_are_escaped_and_lines_stay_whole() -> None:
    lines = written(entry(path="/" + HOSTILE, method=HOSTILE, task_id=HOSTILE), entry())

    assert len(lines) == 2
    for line in lines:
        assert all(" " <= each <= "~" for each in line[:-1])
        assert line[-1] == "\n"
    assert json.loads(lines[0])["path"] == "/" + HOSTILE


def test_a_line_of_a_call_is_never_longer_than_a_pipe_takes_in_one_piece() -> None:
    (line,) = written(entry(path="/" + "\x00" * 50_000, method="\x00" * 5_000))

    assert len(line) <= WHOLE_BYTES
    assert json.loads(line)["path"].endswith("…")


def test_lines_are_written_in_whole_pieces() -> None:
    lines = ["a" * 1500, "b" * 2500, "c" * 3000, "é" * 3000, "d"]

    found = [*pieces(lines)]

    assert "".join(found) == "".join(f"{line}\n" for line in lines)
    assert [len(piece.splitlines()) for piece in found] == [2, 1, 1, 1]
    assert [*pieces([])] == []


def test_lines_that_are_left_out_are_counted_in_a_line_of_their_own() -> None:
    terminal, dropped = Terminal(), []

    with AccessLog(terminal, as_json=True, on_left_out=lambda: dropped.append(1)) as log:
        log.note(0, entry())
        assert terminal.is_asked.wait(30)
        for number in range(1, 1004):
            log.note(number, entry())
        terminal.is_open.set()

    found = json.loads(terminal.getvalue().splitlines()[-1])
    assert list(found) == [*EVERY_LINE, "left_out"]
    assert (found["level"], found["left_out"], len(dropped)) == ("warning", 3, 3)


def test_an_error_of_the_server_is_one_object_with_its_traceback() -> None:
    # Not logged: pytest captures what is, and a worker of xdist cannot report a lone surrogate.
    log = logging.getLogger("mock_server.test")
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        record = log.makeRecord(
            log.name, logging.ERROR, __file__, 1, "it failed: %s", (HOSTILE,), sys.exc_info()
        )

    (line,) = JsonFormatter().format(record).splitlines()
    found = json.loads(line)
    assert list(found) == [*EVERY_LINE, *ERROR_LINE]
    assert found["message"] == f"it failed: {HOSTILE}"
    assert (found["level"], found["logger"]) == ("error", "mock_server.test")
    assert found["exception"] == "ValueError"
    assert "test_json_log.py" in found["traceback"]
    assert all(" " <= each <= "~" for each in line)


def test_a_long_message_is_cut(logged: tuple[logging.Logger, io.StringIO]) -> None:
    log, stream = logged
    log.error("%s", "x" * 100_000)

    assert len(stream.getvalue()) < json_log.MOST_MESSAGE + 500


def test_what_nobody_catches_is_logged_too(
    logged: tuple[logging.Logger, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stream = logged
    for hook in ("excepthook",):
        monkeypatch.setattr(sys, hook, getattr(sys, hook))
        monkeypatch.setattr(threading, hook, getattr(threading, hook))
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    ours, warned = logging.getLogger("mock_server"), logging.getLogger("py.warnings")
    for log in (ours, warned):
        log.addHandler(handler)
    try:
        json_log.take_over()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old habit", stacklevel=1)
        sys.excepthook(KeyError, KeyError("main"), None)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    finally:
        logging.captureWarnings(capture=False)
        for log in (ours, warned):
            log.removeHandler(handler)

    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [each["level"] for each in found] == ["warning", "critical", "critical"]
    assert "old habit" in found[0]["message"]
    assert [each["exception"] for each in found[1:]] == ["KeyError", "ZeroDivisionError"]


@pytest.mark.parametrize("said", ["x" * 9000, HOSTILE * 900, "short"])
@pytest.mark.parametrize("with_traceback", [True, False])
def test_a_line_of_one_of_several_processes_is_no_longer_than_a_pipe_takes_whole(
    said: str, *, with_traceback: bool
) -> None:
    record = logging.makeLogRecord({"msg": said, "name": "mock_server", "levelname": "ERROR"})
    if with_traceback:
        try:
            raise RuntimeError(HOSTILE * 900, "its end")
        except RuntimeError:
            record.exc_info = sys.exc_info()

    text = JsonFormatter(WHOLE_BYTES).format(record)

    found = json.loads(text)
    assert len(text.encode()) < WHOLE_BYTES
    assert found["message"].startswith(said[:1])
    if with_traceback and said == "short":
        assert found["traceback"].endswith("its end')")
