"""`serve` writes one line per call to standard error if that is a terminal."""

import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import wire
from tests.support.processes import COMMAND, DEADLINE_S, Server, environment, serving, until

CALL = "POST /submitTask  200  0.28 yuan  task "


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if "  call " in line]


def output_of(server: Server) -> list[str]:
    """Return a server's standard output without the parts that differ in each run."""
    text = server.stdout.read_text("utf-8").replace(server.url, "URL")
    return [line for line in text.splitlines() if not line.startswith("database: ")]


def test_a_file_gets_no_line_unless_it_is_asked_for(tmp_path: Path) -> None:
    with serving(tmp_path) as silent:
        wire.exchange(silent.url, wire.submit())
        silent.end(signal.SIGTERM)

    assert silent.stderr.read_text("utf-8") == ""


@pytest.mark.parametrize("flag", ["--log-level=info", "--verbose"])
def test_every_entrance_has_its_lines_and_standard_output_stays_as_it_is(
    tmp_path: Path, flag: str
) -> None:
    with serving(tmp_path, "--seed=1") as plain, serving(tmp_path, "--seed=1", flag) as server:
        wire.exchange(server.url, wire.submit())
        wire.exchange(server.url, wire.request("/nothing?appcode=some-guess-9", method="GET"))
        wire.exchange(server.url, b"GARBAGE\r\n\r\n")
        wire.exchange(server.url, wire.request("/_mock/health", method="GET"))
        said = [output_of(each) for each in (plain, server)]
        server.end(signal.SIGTERM)
        plain.end(signal.SIGTERM)

    found = lines(server.stderr.read_text("utf-8"))
    assert len(found) == 3
    assert CALL in found[0]
    assert "GET /nothing?appcode=***  " in found[1]
    assert "some-guess-9" not in server.said
    assert said[0] == said[1]
    assert len(said[0]) == 4


def test_quiet_wins(tmp_path: Path) -> None:
    with serving(tmp_path, "--log-level=info", "--quiet") as server:
        wire.exchange(server.url, wire.submit())
        server.end(signal.SIGTERM)

    assert lines(server.stderr.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("flags", "count"), [((), 1), (("--quiet",), 0), (("--log-level=error",), 0)]
)
def test_a_terminal_gets_a_line_per_call(
    tmp_path: Path, flags: tuple[str, ...], count: int
) -> None:
    ready = tmp_path / "ready.json"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--database", ":memory:", "--ready-file", str(ready),
         *flags],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, cwd=tmp_path,
        env=environment(tmp_path),
    )  # fmt: skip
    os.close(theirs)
    try:
        assert process.stdout
        url = process.stdout.readline().decode().strip().removeprefix("ARTQR_BASE_URL=")
        until(ready.exists)
        wire.exchange(url, wire.submit())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=DEADLINE_S) == 0
        said = _read(ours)
    finally:
        process.kill()
        process.communicate()
        os.close(ours)

    assert len(lines(said)) == count


def _read(terminal: int) -> str:
    parts = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # a terminal reports in this way that its writer has exited
        pass
    return b"".join(parts).decode()
