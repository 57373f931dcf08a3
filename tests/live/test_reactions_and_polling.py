"""`artqr-mock reactions` and `artqr-mock polling`, as a user runs them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from tests.support.live import Buyer, Live, live

FROZEN = {"now": 0, "frozen": True}


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live(journal_calls=12) as server:
        yield server


def command(buyer: Buyer, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--url", buyer.url, "--account", buyer.id])


def shown(buyer: Buyer, *words: str) -> dict[str, Any]:
    """Return the JSON that a command prints."""
    found: dict[str, Any] = json.loads(command(buyer, *words, "--json").stdout)
    return found


@pytest.fixture
def polling_buyer(server: Live) -> Buyer:
    """An account whose client polled every 3 s until its task had ended."""
    buyer = server.buyer(credits=1000, seed=1, clock=FROZEN)
    task_id = buyer.submit()
    for _ in range(4):
        buyer.clock(advance="3s")
        buyer.call("/queryTask", task_id=task_id)
    return buyer


def test_an_account_without_calls_has_nothing_to_show(server: Live) -> None:
    buyer = server.buyer(credits=5)

    done = command(buyer, "reactions")

    assert (done.exit_code, done.output) == (0, "the client met no error\n")
    assert command(buyer, "polling").output == (
        "the client made no task, so there is nothing to poll\n"
    )


def test_a_wrong_reaction_is_shown_with_advice_and_exit_code_1(server: Live) -> None:
    buyer = server.buyer(credits=5)
    for _ in range(2):
        buyer.call("/submitTask", text="https://example.com/")

    done = command(buyer, "reactions")

    assert done.exit_code == 1
    assert "450 -1 style_id" in done.output
    assert "fix    repeated the same submit after" in done.output
    assert "advice: do not repeat it unchanged" in done.output
    assert "1 error handled wrongly" in done.output
    (row,) = shown(buyer, "reactions")["reactions"]
    assert (row["means"], row["verdict"], row["met"], row["calls"]) == ("fix", "wrong", 2, [1, 2])


def test_polling_shows_tasks_schedules_and_a_suggestion(polling_buyer: Buyer) -> None:
    done = command(polling_buyer, "polling", "--schedule", "every 5s", "--max-lag", "1s")

    assert done.exit_code == 0, done.output
    assert "10.3s      4       3          0   1.12    1.7s  query" in done.output
    assert 'suggested: "first 10s, then 1s": 2 polls, 0.56 yuan (0.00 to 0.56' in done.output
    assert 'your schedule, "every 5s": 3 polls, 0.84 yuan' in done.output
    assert "1 task only" in done.output


def test_polling_as_json_has_the_same(polling_buyer: Buyer) -> None:
    found = shown(polling_buyer, "polling", "--schedule", "every 5s")

    assert (found["yours"]["polls"], found["yours"]["lag_ms"]) == (4, 1707)
    assert (found["suggested"]["polls"], found["wanted"]["lag_ms"]) == (2, 4707)
    assert (found["clock_rate"], found["dropped"], found["unread"]) == (0, 0, False)


def test_what_the_journal_dropped_and_what_was_not_read_is_said(polling_buyer: Buyer) -> None:
    few = command(polling_buyer, "polling", "--last", "2")

    assert "only the last 2 calls were read" in few.output
    assert "the client made no task" in few.output

    for _ in range(12):
        polling_buyer.call("/taskList")

    for name in ("polling", "reactions"):
        assert "no longer in the journal, which is bounded" in command(polling_buyer, name).output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["polling", "--schedule", "sometimes"], "is not a schedule: write"),
        (["polling", "--max-lag", "soon"], "is not a duration"),
        (["polling", "--last", "0"], "0 is not in the range"),
        (["reactions", "--copies", "0"], "0 is not in the range"),
    ],
)
def test_wrong_use_says_what_to_write(server: Live, words: list[str], says: str) -> None:
    done = command(server.buyer(credits=5), *words)

    assert done.exit_code == 2
    assert says in done.output.replace("\n", " ")


@pytest.mark.parametrize("name", ["polling", "reactions"])
def test_an_account_or_a_server_that_is_not_there_is_told(server: Live, name: str) -> None:
    nobody = CliRunner().invoke(main, [name, "--url", server.url, "--account", "no-such"])
    nowhere = CliRunner().invoke(main, [name, "--url", "http://127.0.0.1:9"])

    assert (nobody.exit_code, nowhere.exit_code) == (2, 3)
