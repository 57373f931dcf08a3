"""`python -m mock_server` in a folder of somebody whose files are called like parts of ours."""

from pathlib import Path

import pytest

from tests.support.processes import run, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which what we import means something else."""
    for name in ("uvicorn", "flask", "click", "aiohttp", "urllib3", "uvloop"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')", "utf-8")
    return tmp_path


def test_a_server_imports_nothing_from_it(folder: Path) -> None:
    with serving(folder) as server:
        assert run("account", "list", cwd=folder, url=server.url).returncode == 0
        assert "not this one" not in server.said


def test_a_folder_that_was_named_is_still_looked_into(folder: Path) -> None:
    done = run("--version", cwd=folder, PYTHONPATH=str(folder))

    assert done.stderr == "not this one\n"
