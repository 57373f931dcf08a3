"""Published Node packages, installed once from a lock file into the environment's folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from filelock import FileLock


def installed(lock: Path, name: str, proof: str) -> Path:
    """Return the folder `name` with the packages of a lock file; `proof` is one of their files."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing("Node packages need node and npm, which are not there")
    folder = Path(sys.prefix) / name
    folder.mkdir(exist_ok=True)
    with FileLock(folder / ".lock", timeout=300):
        if not (folder / "node_modules" / proof).is_file():
            for file in ("package.json", "package-lock.json"):
                shutil.copy(lock / file, folder / file)
            install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                install, cwd=folder, capture_output=True, text=True, timeout=240, check=False
            )
            if done.returncode != 0:
                missing(f"npm could not install {proof}: {done.stderr[-500:]}")
    return folder


def missing(what: str) -> NoReturn:
    """Fail in CI, where Node and a browser are required; skip on other machines."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
