"""Real processes: the server and the commands as a user starts them."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

DEADLINE_S = 30.0
TICK_S = 0.01
COMMAND = (sys.executable, "-m", "mock_server")


@dataclass(frozen=True)
class Server:
    """A server in its own process; its output goes to files."""

    process: subprocess.Popen[bytes]
    ready_file: Path
    stdout: Path
    stderr: Path

    @property
    def ready(self) -> dict[str, Any]:
        """The content of the ready file."""
        found: dict[str, Any] = json.loads(self.ready_file.read_text("utf-8"))
        return found

    @property
    def url(self) -> str:
        """Its address."""
        url: str = self.ready["url"]
        return url

    @property
    def said(self) -> str:
        """Its output so far, standard error last."""
        return self.stdout.read_text("utf-8") + self.stderr.read_text("utf-8")

    def end(self, signal_number: int) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(timeout=DEADLINE_S)

    def kill(self) -> None:
        """Kill it with SIGKILL, without a shutdown."""
        self.process.kill()
        self.process.wait(timeout=DEADLINE_S)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment that neither reads nor writes the tester's own files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARTQR_")}
    where = {name: str(home) for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "TMPDIR")}
    return {**kept, **where, "COLUMNS": "200", **more}


def start(
    folder: Path, *flags: str, database: str = ":memory:", env: Mapping[str, str] | None = None
) -> Server:
    """Start a server on a free port and return at once."""
    count = len(list(folder.glob("*.stdout")))
    server_files = [folder / f"server{count}.{end}" for end in ("stdout", "stderr")]
    ready_file = folder / f"ready{count}.json"
    command = [*COMMAND, "serve", "--port", "0", "--ready-file", str(ready_file)]
    if database:
        command += ["--database", database]
    with server_files[0].open("wb") as stdout, server_files[1].open("wb") as stderr:
        process = subprocess.Popen(
            [*command, *flags],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=environment(folder, **(env or {})),
        )
    return Server(process, ready_file, *server_files)


def wait_until_ready(server: Server, seconds: float = DEADLINE_S) -> Server:
    """Return once the ready file exists."""
    until(lambda: server.ready_file.exists() or server.process.poll() is not None, seconds)
    if not server.ready_file.exists():
        raise AssertionError(f"the server ended before it was ready:\n{server.said}")
    return server


@contextmanager
def serving(
    folder: Path, *flags: str, database: str = ":memory:", env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server during a `with` block, once it answers."""
    server = start(folder, *flags, database=database, env=env)
    try:
        yield wait_until_ready(server)
    finally:
        if server.process.poll() is None:
            server.kill()


def run(
    *arguments: str, cwd: Path, url: str | None = None, **env: str
) -> "subprocess.CompletedProcess[str]":
    """Run one of our commands to its end."""
    if url is not None:
        env["ARTQR_MOCK_URL"] = url
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env=environment(cwd, **env),
    )


def is_gone(pid: int) -> bool:
    """Whether a process has ended; nobody may have asked for its exit code yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(condition: Any, seconds: float = DEADLINE_S) -> None:
    """Return once a condition holds; fail if it does not within `seconds`."""
    never = threading.Event()
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        never.wait(TICK_S)
