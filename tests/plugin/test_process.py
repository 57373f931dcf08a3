"""The process that serves the tests: it ends with theirs, whatever happens to that."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mock_server import artqr_mock_server
from mock_server.domain.usage_errors import UsageError
from mock_server.settings import SettingsError
from mock_server.testing import process
from mock_server.testing.process import ServerStartError
from tests.support.processes import environment, until

# Starts a server, says where it is, and goes on as the test wants once its input ends.
PROGRAM = """
import ctypes, json, os, signal, sys
from mock_server import artqr_mock_server
from mock_server.testing import process

def show(server, **more):
    print(json.dumps({{"url": server.url, "pid": process._process.pid, **more}}), flush=True)

with artqr_mock_server(token="sesame") as server:
{body}
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="it is about fork and signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")


@contextmanager
def running_tests(
    folder: Path, body: str, **env: str
) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """Run a program that uses a server, and yield its process and what it shows."""
    text = PROGRAM.format(body="\n".join("    " + line for line in body.strip().splitlines()))
    (folder / "program.py").write_text(text, "utf-8")
    with subprocess.Popen(
        [sys.executable, "program.py"],
        cwd=folder,
        env=environment(folder, **env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        shown = json.loads(tests.stdout.readline())
        try:
            yield tests, shown
        finally:
            if tests.poll() is None:
                tests.kill()


def is_gone(shown: dict[str, Any]) -> bool:
    """Whether the process of a server has ended and nobody listens in its place."""
    if sys.platform == "linux":
        stat = Path(f"/proc/{shown['pid']}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
            return False
    address = urlsplit(shown["url"])
    with socket.socket() as client:
        return client.connect_ex((address.hostname, address.port)) != 0


@pytest.mark.parametrize(
    "end",
    ["os.kill(os.getpid(), 9)", "os._exit(3)", "os.abort()", "sys.exit(0)", "raise LookupError"],
)
@posix
def test_it_ends_however_the_process_of_the_tests_ends(tmp_path: Path, end: str) -> None:
    body = f"show(server)\nsys.stdin.read()\n{end}"
    with running_tests(tmp_path, body) as (tests, shown):
        assert not is_gone(shown)
        tests.communicate(timeout=30)

    until(lambda: is_gone(shown))


@pytest.mark.parametrize("fork", ["os.fork", "ctypes.CDLL(None).fork"])
@posix
def test_it_ends_though_a_child_that_the_tests_forked_lives_on(tmp_path: Path, fork: str) -> None:
    body = f"""
input_end, output_end = os.pipe()
child = {fork}()
if not child:
    os.close(output_end)
    os.read(0, 1)
    os._exit(0)
show(server, child=child)
os.kill(os.getpid(), signal.SIGSTOP)
"""
    with running_tests(tmp_path, body) as (tests, shown):
        tests.kill()
        tests.wait(timeout=30)
        until(lambda: is_gone(shown))
        os.kill(shown["child"], 0)  # it lives
        os.kill(shown["child"], signal.SIGKILL)


@posix
def test_a_forked_child_that_ends_in_good_order_ends_nothing_else(tmp_path: Path) -> None:
    body = """
from mock_server.testing import artqr_mock_server as again
child = os.fork()
if not child:
    with again() as other:
        own = other.url != server.url and process._process.pid
    with open("own", "w") as file:
        file.write(str(own))
    sys.exit(0)
os.waitpid(child, 0)
server.account()
show(server, own=int(open("own").read()))
sys.stdin.read()
"""
    with running_tests(tmp_path, body) as (_, shown):
        assert not is_gone(shown)
        assert shown["own"] not in (0, shown["pid"])
        until(lambda: is_gone({**shown, "pid": shown["own"], "url": "http://127.0.0.1:1"}))


@pytest.mark.slow
@posix
def test_it_ends_with_a_worker_of_xdist_that_is_lost(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import json, os
        from pathlib import Path
        from mock_server.testing import process

        def test_it(artqr):
            shown = {"url": artqr.base_url, "pid": process._process.pid}
            Path("shown.json").write_text(json.dumps(shown))
            os.kill(os.getpid(), 9)
        """
    )

    result = project.runpytest_subprocess("-n", "1", "--max-worker-restart=0")

    result.stdout.fnmatch_lines(["*worker 'gw0' crashed while running*"])
    shown = json.loads((project.path / "shown.json").read_text("utf-8"))
    until(lambda: is_gone(shown))


@linux
def test_nothing_that_configures_the_tests_reaches_it(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise SystemExit('not this one')", "utf-8")
    seen = tmp_path / "seen"
    notes = f"import os; print(os.getpid(), file=open({str(seen)!r}, 'a'))"
    (tmp_path / "sitecustomize.py").write_text(notes, "utf-8")
    foreign = {
        "ARTQR_MOCK_TOKEN": "other", "ARTQR_MOCK_CONFIG": "none.toml", "PYTHONWARNINGS": "error",
        "COVERAGE_PROCESS_START": "none", "COV_CORE_SOURCE": "x", "PYDEVD_USE_FRAME_EVAL": "NO",
        "PYTHONBREAKPOINT": "none", "FLASK_DEBUG": "1", "PYTHONPATH": f".:{Path.cwd()}",
    }  # fmt: skip
    with running_tests(tmp_path, "show(server)\nsys.stdin.read()", **foreign) as (_, shown):
        there = Path(f"/proc/{shown['pid']}")
        names = {
            line.partition("=")[0] for line in (there / "environ").read_text("utf-8").split("\0")
        }
        command = (there / "cmdline").read_text("utf-8")

    assert "PATH" in names
    assert not names & set(foreign)
    assert str(shown["pid"]) not in seen.read_text("utf-8").split()
    assert "sesame" not in command


def test_there_is_one_for_all_servers_of_a_process() -> None:
    with artqr_mock_server() as first, artqr_mock_server(seed=3) as second:
        found = process._process
        assert found is not None
        assert first.url != second.url
        assert second.default.seed == 3
    with artqr_mock_server() as third:
        third.account()
        assert process._process is found


def test_one_that_was_killed_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_process", None)  # the tests around this one keep theirs
    with artqr_mock_server():
        pass
    first = process._process
    assert first is not None
    os.kill(first.pid, signal.SIGTERM)
    first._process.wait(timeout=30)

    with artqr_mock_server() as server:
        server.account()
        assert process._process is not first


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"tokn": "x"}, TypeError, "tokn"),
        ({"token": ""}, SettingsError, "token must not be empty"),
        ({"scenario": "none such"}, UsageError, "unknown scenario 'none such'"),
        ({"database": "/proc/none/such"}, ServerStartError, "cannot write in /proc/none"),
    ],
)
def test_a_server_that_cannot_start_says_why(
    settings: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says), artqr_mock_server(**settings):
        pass


def test_a_port_that_is_taken_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        says = f"cannot listen on 127.0.0.1:{port}: .*; stop what uses it"
        with pytest.raises(ServerStartError, match=says), artqr_mock_server(port=port):
            pass

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "program",
    ["import sys; sys.stderr.write('line\\n' * 99 + 'out of luck'); sys.exit(4)",
     "import sys; sys.stdin.close(); sys.exit('out of luck')"],
)  # fmt: skip
def test_the_end_of_what_it_printed_is_shown_if_it_does_not_start(
    program: str, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_process", None)
    monkeypatch.setattr(process, "command", lambda: [sys.executable, "-I", "-c", program])
    project.makepyfile("def test_it(artqr): pass")

    result = project.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["E * the artqr server cannot start: its process ended", "*the end of its log:",
         "*out of luck"]
    )  # fmt: skip
    assert result.stdout.str().count("line\n") <= 30


@posix
def test_an_interrupted_run_still_reads_the_last_calls(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import os, signal
        from shop import submit

        def test_it(artqr):
            submit(artqr)
            os.killpg(os.getpgrp(), signal.SIGINT)  # as a terminal does
            signal.pause()
        """
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:randomly"],
        cwd=project.path,
        env=environment(project.path),
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )

    assert done.returncode == pytest.ExitCode.INTERRUPTED, done.stdout
    assert "\n1 call, 1 charged, 0.28 yuan of" in done.stdout
