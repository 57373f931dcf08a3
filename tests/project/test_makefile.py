"""`make demo` and `make serve` install what users need; the other targets add the rest once."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAIN, WITH_TOOLS = "-e .", "-e '.[dev]'"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def commands(target: str, venv: Path) -> list[str]:
    """Return the commands that a target would run with an environment."""
    output = subprocess.run(
        ["make", "--dry-run", target, f"VENV={venv}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
    )
    return output.stdout.splitlines()


def installed(target: str, venv: Path) -> list[str]:
    """Return what a target would install with pip."""
    return [
        what
        for line in commands(target, venv)
        for what in (PLAIN, WITH_TOOLS)
        if " pip install " in line and line.endswith(what)
    ]


def stamp(venv: Path, name: str, at: int) -> None:
    """Mark a step as done, so many seconds after the files that it depends on."""
    newest = max((ROOT / each).stat().st_mtime for each in ("pyproject.toml", "constraints.txt"))
    (venv / name).touch()
    os.utime(venv / name, (newest + at, newest + at))


@pytest.mark.parametrize("target", ["demo", "serve"])
def test_what_users_run_installs_the_plain_package(target: str, tmp_path: Path) -> None:
    assert installed(target, tmp_path) == [PLAIN]


@pytest.mark.parametrize("target", ["test", "test-fast", "lint", "bench"])
def test_what_contributors_run_adds_the_tools(target: str, tmp_path: Path) -> None:
    assert installed(target, tmp_path) == [PLAIN, WITH_TOOLS]

    stamp(tmp_path, ".ready", 1)
    assert installed(target, tmp_path) == [WITH_TOOLS]


@pytest.mark.parametrize("target", ["demo", "serve", "test", "lint"])
def test_with_everything_installed_nothing_is_installed_again(target: str, tmp_path: Path) -> None:
    stamp(tmp_path, ".ready", 1)
    stamp(tmp_path, ".ready-dev", 2)

    assert installed(target, tmp_path) == []
    assert len(commands(target, tmp_path)) <= 3


def test_a_changed_dependency_is_installed_in_both_steps(tmp_path: Path) -> None:
    stamp(tmp_path, ".ready", -1)
    stamp(tmp_path, ".ready-dev", 0)

    assert installed("test", tmp_path) == [PLAIN, WITH_TOOLS]
