"""Installs contenders with npm, pip and apt-get, at the versions of versions.toml.

Each has a folder of its own, with a mark that names the version: what is there already is not
installed again, and a failure of one leaves the others alone.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from benchmarks.contenders.contender import NotInstalledError

VERSIONS = Path(__file__).parents[1] / "versions.toml"
MARK = "installed.txt"
INSTALL_S = 600


@cache
def versions() -> dict[str, dict[str, str]]:
    """Return the pinned versions, by the tool that installs them."""
    return tomllib.loads(VERSIONS.read_text("utf-8"))


def from_npm(package: str, folder: Path) -> None:
    """Install a package of npm with all that it needs. Raises NotInstalledError."""
    wanted = f"{package}@{versions()['npm'][package]}"
    if is_marked(folder, wanted):
        return
    npm = program("npm", "nodejs npm")
    fresh(folder)
    carry_out(
        [
            npm,
            "install",
            "--prefix",
            str(folder),
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            wanted,
        ],
        f"{wanted} cannot be installed with npm",
    )
    mark(folder, wanted)


def from_pip(package: str, folder: Path) -> None:
    """Install a package of Python in an environment of its own. Raises NotInstalledError."""
    wanted = f"{package}=={versions()['pip'][package]}"
    if is_marked(folder, wanted):
        return
    fresh(folder)
    failed = f"{wanted} cannot be installed with pip"
    carry_out([sys.executable, "-m", "venv", str(folder)], failed)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    carry_out([*pip, "--disable-pip-version-check", wanted], failed)
    mark(folder, wanted)


def program(name: str, debian: str) -> str:
    """Return the path of a program of the system; as root on Debian it is installed first.

    `debian` names its packages there. Raises NotInstalledError.
    """
    found = _found(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        carry_out(["apt-get", "update", "-q"], "apt-get cannot be used")
        carry_out(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", *debian.split()],
            f"{debian} cannot be installed with apt-get",
        )
        found = _found(name)
    if found is None:
        raise NotInstalledError(f"{name} is not installed: `apt-get install {debian}` brings it")
    return found


def _found(name: str) -> str | None:
    # Debian keeps servers where only root looks.
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def carry_out(command: Sequence[str], failed: str) -> None:
    """Run a command that installs something. Raises NotInstalledError with what it printed."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=INSTALL_S,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(f"{failed}: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it printed nothing").splitlines()
        raise NotInstalledError(f"{failed}: {said[-1][:200]}")


def is_marked(folder: Path, wanted: str) -> bool:
    """Whether exactly this version is installed there."""
    file = folder / MARK
    return file.exists() and file.read_text("utf-8").strip() == wanted


def mark(folder: Path, wanted: str) -> None:
    """Note which version is there now, complete."""
    (folder / MARK).write_text(f"{wanted}\n", "utf-8")


def fresh(folder: Path) -> None:
    """Begin a folder anew: half an installation is worth nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
