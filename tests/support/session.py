"""The curl session of README.md: run it, mask what no seed fixes, compare.

`python -m tests.support.session` writes its output anew.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mock_server.real_clock import wall_clock
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.readme import README
from tests.support.worlds import RealClock

MARKED = re.compile(r"(<!-- session -->\n```console\n)(.*?)(```\n<!-- /session -->)", re.DOTALL)
SHOWN_ADDRESS = "http://127.0.0.1:3040"
# What depends on the moment and on real entropy.
MASKS = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<moment>"),
    (r"\b\d\d:\d\d:\d\d\b", "<time>"),
    (r"(?m)^Date: .*$", "Date: <moment>"),
    (r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "<request id>"),
    (r"\r", ""),
    (r"(?m) +$", ""),
)


def written() -> str:
    """Return the session as README.md shows it."""
    found = MARKED.search(README.read_text("utf-8"))
    assert found, "README.md has no session"
    return found[2]


def commands() -> list[str]:
    """Return its command lines."""
    return [line[2:] for line in written().splitlines() if line.startswith("$ ")]


def masked(text: str) -> str:
    """Return a session without what differs each time."""
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return text


def played() -> str:
    """Run every command against a fresh server and return the session that came of it."""
    with _server() as url, tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {
            "ARTQR_MOCK_URL": url,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "80",
        }
        parts = []
        for command in commands():
            done = subprocess.run(
                command.replace(SHOWN_ADDRESS, url),
                shell=True,
                cwd=folder,
                env=environ,
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            )
            output = done.stdout.replace(url, SHOWN_ADDRESS).replace("\r", "")
            parts.append(f"$ {command}\n{output}" + ("" if output.endswith("\n") else "\n"))
    return re.sub(r"(?m) +$", "", "".join(parts))


@contextmanager
def _server() -> Iterator[str]:
    # The clock stands still, or a slow machine would see a task further on than README.md does.
    real_now = RealClock(wall_clock())
    settings = Settings(port=0, database=":memory:", seed=1)
    with running(settings, real_now=real_now) as server:
        yield server.url


if __name__ == "__main__":
    session = played()
    text = README.read_text("utf-8")
    README.write_text(MARKED.sub(lambda found: found[1] + session + found[3], text), "utf-8")
