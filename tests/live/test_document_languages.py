"""Runs the examples in other languages from the documentation."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import closing
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


def started(*command: str, cwd: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(cwd, **env),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def run(*command: str, cwd: Path, **env: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = started(*command, cwd=cwd, PATH=path, **env)
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
        output = run(java, source, cwd=tmp_path, ARTQR_BASE_URL=url)

    assert output == "all is well\n"


def test_the_tests_in_node_say_that_artqr_mock_is_not_on_the_path(tmp_path: Path) -> None:
    node = program("node")
    shutil.copytree(EXAMPLES / "node", tmp_path, dirs_exist_ok=True)

    done = started(node, "--test", "--test-reporter", "tap", cwd=tmp_path, PATH=str(tmp_path))

    assert done.returncode == 1
    assert "artqr-mock not found on PATH" in done.stdout


def test_the_example_in_java_says_that_no_server_answers(tmp_path: Path) -> None:
    java = program("java")
    source = str(EXAMPLES / "java" / "ArtQrExample.java")

    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        path = os.environ["PATH"]
        done = started(java, source, cwd=tmp_path, PATH=path, ARTQR_BASE_URL=nobody)

    assert done.returncode == 1
    assert done.stderr == (
        f"no artqr-mock answers at {nobody}: start one with `artqr-mock serve`, or set "
        "ARTQR_BASE_URL\n"
    )
