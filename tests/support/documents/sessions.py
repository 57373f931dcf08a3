"""The console sessions of the pages: run them, mask the parts that no seed fixes, compare.

A session is between `<!-- session -->` and `<!-- /session -->`. Each runs against a fresh server
with seed 1, in an empty folder. A backslash continues a command on the next line.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from mock_server.real_clock import wall_clock
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.documents import command_server
from tests.support.worlds import RealClock

MARKED = re.compile(r"(<!-- session -->\n```console\n)(.*?)(```\n<!-- /session -->)", re.DOTALL)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)
END = "--- end of a command:"
SHOWN_ADDRESS = "http://127.0.0.1:3040"
# The parts of an output that depend on the time and on real entropy.
MASKS = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<moment>"),
    (r"\d{4}-\d\d-\d\d", "<day>"),
    (r"\b\d\d:\d\d:\d\d\b", "<time>"),
    (r"\b1\d{12}\b", "<instant>"),
    (r"(?m)^( *)Date: .*$", r"\1Date: <moment>"),
    (r"\bcurl/[\d.]+\d", "curl/<version>"),
    (r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "<request id>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<nonce>"),
    (r"\b\d{9}\b", "<app key>"),
    (r"\b[0-9a-f]{32}\b", "<secret>"),
    (r"\r", ""),
    (r"(?m) +$", ""),
)


def written(text: str) -> list[str]:
    """Return the sessions as a page shows them."""
    return [found[2] for found in MARKED.finditer(text)]


def commands(session: str) -> list[str]:
    """Return the command lines of a session."""
    return COMMAND.findall(session)


def masked(text: str) -> str:
    """Return a session without the parts that differ in each run."""
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return text


def replayed(text: str) -> str:
    """Return a page whose sessions have their present output."""

    def anew(found: re.Match[str]) -> str:
        session = played(found[2])
        return found[0] if masked(session) == masked(found[2]) else found[1] + session + found[3]

    return MARKED.sub(anew, text)


def played(session: str) -> str:
    """Run every command in one shell against a fresh server; return the session with its output."""
    with fresh_server() as url, tempfile.TemporaryDirectory() as folder:
        wanted = commands(session)
        steps = [f"{command}\nprintf -- '{END} %s\\n' $?" for command in wanted]
        done = subprocess.run(
            ["bash", "-c", "\n".join(steps).replace(SHOWN_ADDRESS, url)],
            cwd=folder,
            env=command_environment(url, folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
    outputs_and_codes = re.split(rf"{END} (\d+)\n", _shown(done.stdout, url))
    outputs, codes = outputs_and_codes[0::2], outputs_and_codes[1::2]
    assert len(codes) == len(wanted), f"the session ended early:\n{done.stdout}"
    # Gates and findings exit with 1; any other code is a mistake in the page.
    wrong = [command for command, code in zip(wanted, codes, strict=True) if code not in "01"]
    assert not wrong, f"{wrong} failed:\n{done.stdout}"
    shown = zip(wanted, outputs, strict=False)
    parts = [f"$ {command}\n{out}{_line_end(out)}" for command, out in shown]
    return re.sub(r"(?m) +$", "", "".join(parts))


def _shown(output: str, url: str) -> str:
    host, shown_host = url.rpartition("/")[2], SHOWN_ADDRESS.rpartition("/")[2]
    return output.replace(host, shown_host).replace("\r", "")


def _line_end(output: str) -> str:
    return "" if not output or output.endswith("\n") else "\n"


def command_environment(url: str, home: str) -> dict[str, str]:
    """Return an environment with `artqr-mock` on the path and the address of that server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARTQR_")}
    places = dict.fromkeys(("HOME", "XDG_DATA_HOME", "TMPDIR"), home)
    own = {"ARTQR_MOCK_URL": url, "COLUMNS": "80"}
    return {**kept, **places, **command_server.environment(), **own}


@contextmanager
def fresh_server() -> Iterator[str]:
    """Run a server with seed 1 and a frozen real clock, so that tasks change only when moved."""
    real_now = RealClock(wall_clock())
    settings = Settings(port=0, database=":memory:", seed=1)
    with running(settings, real_now=real_now) as server:
        yield server.url
