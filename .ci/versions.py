"""Runs everyday.py with the lowest versions on Python 3.11 and the pinned ones on the newest
Python.

Needs only pip. A Python that this machine lacks is reported and does not fail the run. Each run
gets its own environment, which is deleted at the end.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOWEST = (3, 11)
NEWEST = ((3, 14), (3, 13), (3, 12))  # the first that is installed
# A shim of pyenv may exist and fail, so each candidate must print its version.
ASK = "import ensurepip, sqlite3, ssl, sys, venv; print(*sys.version_info[:2], sys.executable)"
# Folders with Pythons that are not on the PATH, below the home folder and the root.
AT_HOME = (".pyenv/versions/*/bin/python3", ".local/share/uv/python/cpython-*/bin/python3")
AT_ROOT = ("opt/hostedtoolcache/Python/*/x64/bin/python3", "opt/python/cp3*/bin/python3",
           "usr/local/bin/python3.*")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One set of versions on one Python."""

    name: str
    python: str
    constraints: str
    way_in: str


def main() -> None:
    """Run both sets at once and print the results one after the other."""
    found = dict(reversed([*pythons()]))  # the first one found of each version
    runs = []
    if LOWEST in found:
        runs.append(Run(name="lowest versions", python=found[LOWEST],
                        constraints="constraints-lowest.txt", way_in="slower"))  # fmt: skip
    else:
        print("lowest versions: not tried, because this machine has no Python 3.11")
    newest = next((found[version] for version in NEWEST if version in found), None)
    if newest is not None:
        runs.append(Run(name="newest Python", python=newest,
                        constraints="constraints.txt", way_in="fast"))  # fmt: skip
    else:
        print("newest Python: not tried, because this machine has no Python 3.12, 3.13 or 3.14")
    with ThreadPoolExecutor() as pool:
        ended = [*pool.map(tried, runs)]
    for run, (code, said) in zip(runs, ended, strict=True):
        print(f"{run.name}: {'passed' if code == 0 else 'FAILED'}\n{said.strip()}")
    sys.exit(any(code for code, _ in ended))


def tried(run: Run) -> tuple[int, str]:
    """Install a set, run everyday.py, and return the exit code and the output."""
    with tempfile.TemporaryDirectory(prefix="artqr-mock-versions-") as folder:
        python = str(Path(folder) / "bin" / "python")
        install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                   "-c", run.constraints, ".[test,metrics,postgres]")  # fmt: skip
        for command in (
            (run.python, "-m", "venv", folder),
            install,
            (python, str(ROOT / ".ci" / "everyday.py"), run.way_in),
        ):
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "TMPDIR": folder},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                break
        return done.returncode, done.stdout


def pythons() -> Iterator[tuple[tuple[int, int], str]]:
    """Yield the version and the path of every working Python, the best places first."""
    for candidate in dict.fromkeys(candidates()):
        try:
            done = subprocess.run(
                (candidate, "-I", "-c", ASK),
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            major, minor, path = done.stdout.strip().split(" ", 2)
            yield (int(major), int(minor)), path


def candidates() -> Iterator[str]:
    """Yield every path that may be a Python."""
    yield sys.executable
    for folder in os.get_exec_path():
        for minor in (version[1] for version in (*NEWEST, LOWEST)):
            if here := shutil.which(f"python3.{minor}", path=folder):
                yield here
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, home.glob("versions/*/bin/python3"))
    for root, patterns in ((Path.home(), AT_HOME), (Path("/"), AT_ROOT)):
        for pattern in patterns:
            yield from map(str, sorted(root.glob(pattern)))


if __name__ == "__main__":
    main()
