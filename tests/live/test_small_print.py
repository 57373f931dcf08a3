"""Messages of commands on missing, cut and misspelt input."""

from pathlib import Path

import pytest

from tests.support.live import live
from tests.support.processes import run
from tests.support.wire import AUTHORIZED, exchange, request


def test_the_bill_says_how_many_calls_the_journal_has_let_go(tmp_path: Path) -> None:
    with live(journal_calls=5) as server:
        buyer = server.buyer(credits=50)
        for _ in range(9):
            buyer.submit()

        done = run("bill", "--account", buyer.id, cwd=tmp_path, url=server.url)

    assert "earlier calls are no longer in the journal" in done.stdout
    assert "9 charged" in done.stdout


def test_the_rows_of_a_bill_have_their_day_where_the_clock_was_moved_over_one(
    tmp_path: Path,
) -> None:
    with live() as server:
        buyer = server.buyer(credits=50)
        buyer.submit()
        buyer.clock(advance="25h")
        buyer.submit()

        done = run("bill", "--account", buyer.id, cwd=tmp_path, url=server.url)

    days = {line.split()[0] for line in done.stdout.splitlines() if "submit_task" in line}
    assert len(days) == 2


@pytest.mark.parametrize("url", ["notaurl", "ftp://127.0.0.1", ""])
def test_an_address_that_is_none_is_wrong_use(tmp_path: Path, url: str) -> None:
    done = run("bill", "--url", url, cwd=tmp_path, url="http://127.0.0.1:1")

    assert done.returncode == 2
    assert "is not an address such as" in done.stderr
    assert "Warning" not in done.stderr


@pytest.mark.parametrize("space", ["  ", "\t"])
def test_white_space_around_a_header_value_is_no_part_of_it(space: str) -> None:
    with live() as server:
        raw = request("/taskList", b"", *AUTHORIZED, f"X-Padded:{space}a{space}")
        assert exchange(server.url, raw).status == 200
        (call,) = server.admin.account("default").calls()

    assert ["x-padded", "a"] in call["request"]["headers"]
