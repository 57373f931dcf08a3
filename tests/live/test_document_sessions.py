"""The commands of the pages have the output that the pages show."""

from pathlib import Path

import pytest

from tests.support.documents import pages, scripts, sessions
from tests.support.documents.pages import Page

SESSIONS = [
    pytest.param(session, id=f"{page.name}-{number}")
    for page in pages.all_pages()
    for number, session in enumerate(sessions.written(page.text), 1)
]
SCRIPTS = [pytest.param(page, id=page.name) for page in pages.all_pages() if scripts.script(page)]


@pytest.mark.parametrize("session", SESSIONS)
def test_a_session_gives_what_it_prints(session: str) -> None:
    assert sessions.commands(session)

    played = sessions.masked(sessions.played(session))

    assert played == sessions.masked(session), "run `python -m tests.support.documents`"


@pytest.mark.parametrize("page", SCRIPTS)
def test_the_shell_commands_of_a_page_work(page: Page, tmp_path: Path) -> None:
    with sessions.fresh_server() as url:
        done = scripts.run(page, tmp_path, url)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_shell_command_that_does_not_work_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- run -->\n```sh\nartqr-mock clock nest\necho later\n```\n", "utf-8")

    with sessions.fresh_server() as url:
        done = scripts.run(Page(page), tmp_path, url)

    assert done.returncode == 2
    assert "later" not in done.stdout
