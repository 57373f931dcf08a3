"""Clients that behave badly as processes: they are bounded, and nothing of them is left."""

import os
import sys
import threading
from pathlib import Path

import psutil
import pytest

from mock_server.rehearsal.client_process import KEPT_BYTES, ClientProcess, Ended, StoppedError
from tests.support.processes import is_gone, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="clients use setsid")

LONG_S = 30.0  # longer than any of them needs
MOST_GROWTH = 32 * 1024 * 1024


def start(line: str, folder: Path) -> ClientProcess:
    """Start a client that is a line of shell."""
    return ClientProcess(["/bin/sh", "-c", line], os.environ, folder)


def run(line: str, folder: Path, limit_s: float = LONG_S) -> Ended:
    """Run a client that is a line of shell to its end."""
    return start(line, folder).wait(limit_s)


def python(program: str) -> str:
    """Return the line of shell that runs a program in Python."""
    return f"exec '{sys.executable}' -c '{program}'"


def has_ended(file: Path) -> bool:
    """Whether the process whose number is in a file has ended."""
    return is_gone(int(file.read_text("utf-8")))


@pytest.mark.parametrize("status", [0, 3, 126])
def test_the_exit_code_is_seen(tmp_path: Path, status: int) -> None:
    ended = run(f"echo out; echo err >&2; exit {status}", tmp_path)

    assert (ended.status, ended.timed_out, ended.left) == (status, False, ())
    assert (ended.stdout, ended.stderr) == (b"out\n", b"err\n")


@pytest.mark.parametrize(
    "detach",
    [
        "setsid sleep 97 & echo $! > pid",
        "nohup sleep 97 >/dev/null 2>&1 & echo $! > pid",
        "(sleep 97 & echo $! > pid)",
        "setsid sh -c '(sleep 97 & echo $! > pid)'",
        'env -i PATH="$PATH" sleep 97 & echo $! > pid',
    ],
)
def test_a_process_that_detached_itself_is_named_and_ended(tmp_path: Path, detach: str) -> None:
    ended = run(detach, tmp_path)

    assert ended.status == 0
    assert ended.left == ("sleep 97",)
    assert has_ended(tmp_path / "pid")


def test_a_daemon_without_our_environment_is_found_if_it_was_seen_below_the_client(
    tmp_path: Path,
) -> None:
    client = start("env -i setsid sleep 97 & echo $! > pid; while [ ! -e go ]; do sleep 0.05; done",
                   tmp_path)  # fmt: skip
    until((tmp_path / "pid").exists)
    threading.Timer(1.5, (tmp_path / "go").touch).start()

    ended = client.wait(LONG_S)

    assert ended.left == ("sleep 97",)
    assert has_ended(tmp_path / "pid")


def test_a_daemon_without_our_environment_that_was_never_seen_is_found_by_its_output(
    tmp_path: Path,
) -> None:
    """It forks twice at once, so that its parent is gone before anybody looks."""
    ended = run("env -i setsid sh -c '(sleep 97 & echo $! > pid)'", tmp_path)

    assert ended.left == ("sleep 97",)
    assert has_ended(tmp_path / "pid")


def test_a_child_that_ends_by_itself_soon_is_not_left(tmp_path: Path) -> None:
    assert run("sleep 0.2 &", tmp_path).left == ()


def test_a_client_that_kills_its_parent_is_waited_for(tmp_path: Path) -> None:
    ended = run("kill -9 $PPID; sleep 0.3; echo done > done", tmp_path)

    assert (ended.status, ended.timed_out) == (None, False)
    assert (tmp_path / "done").exists()


def test_a_client_that_kills_its_parent_and_stays_is_ended_at_the_limit(tmp_path: Path) -> None:
    ended = run("echo $$ > pid; kill -9 $PPID; exec sleep 97", tmp_path, limit_s=1.0)

    assert (ended.status, ended.timed_out) == (None, True)
    assert has_ended(tmp_path / "pid")


def test_a_client_that_ignores_sigterm_is_ended_at_the_limit(tmp_path: Path) -> None:
    ended = run("trap '' TERM INT HUP; echo $$ > pid; sleep 97; sleep 97", tmp_path, limit_s=1.0)

    assert (ended.status, ended.timed_out) == (None, True)
    assert has_ended(tmp_path / "pid")


def test_of_two_hundred_megabytes_the_beginning_and_the_end_are_kept(tmp_path: Path) -> None:
    program = (
        'import sys; out = sys.stdout.buffer; out.write(b"first\\n"); '
        "block = bytes(range(256)) * 4096; "
        '[out.write(block) for _ in range(200)]; out.write(b"\\nlast")'
    )
    before = psutil.Process().memory_info().rss

    ended = run(python(program), tmp_path)

    assert ended.status == 0
    assert ended.stdout.startswith(b"first\n\x00\x01")
    assert ended.stdout.endswith(b"\nlast")
    assert len(ended.stdout) < 2 * KEPT_BYTES + 100
    assert b"bytes were not kept" in ended.stdout
    assert psutil.Process().memory_info().rss - before < MOST_GROWTH


def test_a_client_may_close_its_output(tmp_path: Path) -> None:
    ended = run("echo said; exec >&- 2>&-; sleep 0.3; exit 4", tmp_path)

    assert (ended.status, ended.stdout) == (4, b"said\n")


def test_a_client_has_no_terminal_and_no_input(tmp_path: Path) -> None:
    program = (
        "import sys; print(repr(sys.stdin.read()))\n"
        'try: open("/dev/tty")\n'
        'except OSError: print("no terminal")\n'
    )
    assert run(python(program), tmp_path).stdout.splitlines() == [b"''", b"no terminal"]


def test_a_client_is_ended_with_the_rehearsal(tmp_path: Path) -> None:
    stop = threading.Event()
    client = start("setsid sleep 97 & echo $! > pid; echo $$ > own; sleep 97", tmp_path)
    until((tmp_path / "own").exists)
    stop.set()

    with pytest.raises(StoppedError):
        client.wait(LONG_S, stop)

    assert has_ended(tmp_path / "pid")
    assert has_ended(tmp_path / "own")


def test_what_a_setup_starts_runs_until_it_is_ended(tmp_path: Path) -> None:
    setup = start("sleep 97 >/dev/null 2>&1 & echo $! > pid", tmp_path)

    ended = setup.wait_alone(LONG_S)

    assert (ended.status, ended.left) == (0, ())
    assert not has_ended(tmp_path / "pid")
    setup.kill()
    assert has_ended(tmp_path / "pid")


def test_two_clients_do_not_end_each_other(tmp_path: Path) -> None:
    first, second = (start("sleep 97", tmp_path) for _ in range(2))

    first.kill()

    assert second.wait(0.5).timed_out
