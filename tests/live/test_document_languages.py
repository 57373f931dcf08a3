"""Runs the examples in other languages from the documentation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.documents import generator, pages, sessions
from tests.support.documents.pages import ROOT
from tests.support.node import missing
from tests.support.processes import environment

EXAMPLES = ROOT / "docs" / "examples"
PAGE = "docs/guides/other-languages.md"


def program(name: str) -> str:
    """Return the path of a program; CI must have it."""
    return shutil.which(name) or missing(f"the examples need {name}, which is not there")


def run(*command: str, cwd: Path, **env: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(cwd, PATH=path, **env),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_shows_every_example() -> None:
    shown = generator.included_files(pages.page(PAGE).text)
    there = [file for folder in ("node", "java") for file in (EXAMPLES / folder).iterdir()]

    assert sorted(shown) == sorted(file.relative_to(ROOT).as_posix() for file in there)


def test_the_tests_in_node_pass(tmp_path: Path) -> None:
    node = program("node")
    shutil.copytree(EXAMPLES / "node", tmp_path, dirs_exist_ok=True)

    output = run(node, "--test", "--test-reporter", "tap", cwd=tmp_path)

    assert "# pass 5\n" in output
    assert "# fail 0\n" in output


def test_the_example_in_java_runs(tmp_path: Path) -> None:
    java = program("java")
    source = str(EXAMPLES / "java" / "ArtQrExample.java")

    with sessions.fresh_server() as url:
        output = run(java, source, cwd=tmp_path, ARTQR_MOCK_URL=url)

    assert output == "all is well\n"
