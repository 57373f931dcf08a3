"""The shell blocks of a page marked `<!-- run -->`: one script, one server, one shell."""

import subprocess
from pathlib import Path

from tests.support.documents import sessions
from tests.support.documents.pages import Page

RUN = "run"
# Any exit code but 0 and 1 ends the script; gates and findings exit with 1.
START = 'set -u\ntrap \'code=$?; [ "$code" -eq 1 ] || exit "$code"\' ERR\n'


def script(page: Page) -> str:
    """Return the blocks of a page to run; '' if it has none."""
    return "".join(block.text for block in page.blocks if block.mark == RUN)


def run(page: Page, folder: Path, url: str) -> "subprocess.CompletedProcess[str]":
    """Run the blocks of a page in a folder against a server."""
    text = START + script(page).replace(sessions.SHOWN_ADDRESS, url) + "\ntrue\n"
    return subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=sessions.command_environment(url, str(folder)),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
