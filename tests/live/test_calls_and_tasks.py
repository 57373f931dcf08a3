"""`artqr-mock calls` and `artqr-mock tasks`: their listings, and `--follow`."""

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from tests.support.live import Buyer, Live, live
from tests.support.processes import COMMAND, DEADLINE_S, environment, serving
from tests.support.wire import exchange, request


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as server:
        yield server


@pytest.fixture(scope="module")
def buyer(server: Live) -> Buyer:
    """An account with one task, one refusal and one call of an unknown path."""
    buyer = server.buyer(credits=50, clock={"now": 0, "frozen": True})
    task_id = buyer.submit()
    buyer.call("/queryTask", task_id=task_id)
    buyer.call("/submitTask", text="no style")
    authorized = f"Authorization: APPCODE {buyer.app_code}"
    exchange(buyer.url, request("/[/red]", b"", authorized, method="GET"))
    return buyer


def command(buyer: Buyer, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--url", buyer.url, "--account", buyer.id])


def listed(buyer: Buyer, *words: str) -> list[dict[str, Any]]:
    done = command(buyer, "calls", "--json", *words)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.output)["calls"]
    return found


def test_every_call_is_a_line_with_the_number_that_explain_takes(buyer: Buyer) -> None:
    done = command(buyer, "calls")

    assert done.exit_code == 0
    header, day, *lines = done.output.splitlines()
    assert header.split() == [
        "call",
        "time",
        "operation",
        "answer",
        "yuan",
        "found",
        "task",
        "or",
        "path",
    ]
    assert day == "-- 1970-01-01 Asia/Shanghai"
    words = [line.split() for line in lines]
    assert [row[1] for row in words] == ["08:00:00"] * 4
    assert [row[2] for row in words] == ["submit_task", "query_task", "submit_task", "GET"]
    assert words[0][3:5] == ["200", "0.30"]
    assert words[2][3:5] == ["450", "-"]
    assert words[3][3:] == ["404", "I404NF", "-", "1", "/[/red]"]
    assert max(map(len, lines)) <= 80
    explained = command(buyer, "explain", words[2][0])
    assert "HTTP 450" in explained.output


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--operation", "submit_task"), [0, 2]),
        (("--status", "450"), [2]),
        (("--charged",), [0, 1]),
        (("--free",), [2, 3]),
        (("--finding", "wrong-path"), [3]),
        (("--last", "2"), [2, 3]),
        (("--last", "1", "--charged"), [1]),
        (("--last", "1", "--finding", "charset-missing"), [2]),
        (("--status", "200", "--free"), []),
    ],
)
def test_calls_are_filtered(buyer: Buyer, words: tuple[str, ...], found: list[int]) -> None:
    ids = [call["id"] for call in listed(buyer)]

    assert [call["id"] for call in listed(buyer, *words)] == [ids[index] for index in found]


def test_calls_about_a_task_are_found(buyer: Buyer) -> None:
    task_id = listed(buyer)[0]["task_id"]

    assert [call["operation"] for call in listed(buyer, "--task", task_id)] == [
        "submit_task",
        "query_task",
    ]


def test_a_finding_between_calls_counts_with_the_later_call(server: Live) -> None:
    buyer = server.buyer()
    for _ in range(2):
        buyer.submit()

    (call,) = listed(buyer, "--finding", "submit-twice")

    assert call["id"] == listed(buyer)[-1]["id"]


def test_many_calls_are_read_page_by_page(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    buyer = server.buyer(credits=50)
    for _ in range(7):
        buyer.call("/taskList", page="0")
    ids = [call["id"] for call in listed(buyer)]
    monkeypatch.setattr("mock_server.admin_client.PAGE", 3)
    monkeypatch.setattr("mock_server.cli.calls.PAGE", 3)

    assert [call["id"] for call in listed(buyer)] == ids
    assert [call["id"] for call in listed(buyer, "--last", "5")] == ids[2:]
    assert len(listed(buyer, "--finding", "page-out-of-range", "--last", "5")) == 5


def test_an_account_without_calls_and_tasks_says_so(server: Live) -> None:
    buyer = server.buyer()

    assert command(buyer, "calls").output == "no call was found\n"
    assert command(buyer, "tasks").output == "no task was found\n"
    assert json.loads(command(buyer, "calls", "--json").output) == {"calls": [], "dropped": 0}
    assert json.loads(command(buyer, "tasks", "--json").output) == {"tasks": []}


def test_the_calls_of_nobody_are_listed(server: Live) -> None:
    exchange(server.url, request("/submitTask"))

    done = CliRunner().invoke(main, ["calls", "--nobody", "--url", server.url])

    assert (done.exit_code, "400 A400MA" in done.output) == (0, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--finding", "wrong-pat"), "did you mean 'wrong-path'?"),
        (("--finding", "zzz"), "unknown finding 'zzz'; valid: "),
        (("--operation", "delete"), "submit_task"),
        (("--status", "99"), "--status"),
        (("--last", "0"), "--last"),
        (("--nobody",), "leave --account out"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(
    buyer: Buyer, words: tuple[str, ...], says: str
) -> None:
    done = command(buyer, "calls", *words)

    assert (done.exit_code, says in done.output) == (2, True), done.output


def test_tasks_are_listed_with_their_status_and_what_they_encode(server: Live) -> None:
    buyer = server.buyer(clock={"now": 0, "frozen": True})
    ids = [buyer.submit(text=text) for text in ("[/red]\x1b[2J" + "x" * 50, "second", "third")]
    buyer.world.post(f"/tasks/{ids[1]}", {"state": "failed"})

    header, day, *lines = command(buyer, "tasks").output.splitlines()
    failed = json.loads(command(buyer, "tasks", "--status", "failed", "--json").output)["tasks"]
    last = json.loads(command(buyer, "tasks", "--last", "2", "--json").output)["tasks"]

    assert header.split() == ["number", "submitted", "task", "status", "encodes"]
    assert day.startswith("-- 1970-01-01")
    assert [line.split()[:4] for line in lines] == [
        ["1", "08:00:00", ids[0], "pending"],
        ["2", "08:00:00", ids[1], "failed"],
        ["3", "08:00:00", ids[2], "pending"],
    ]
    assert r"[/red]\x1b[2Jxxx" in lines[0]
    assert "\x1b" not in lines[0]
    assert [task["task_id"] for task in failed] == [ids[1]]
    assert [task["task_id"] for task in last] == ids[1:]
    assert command(buyer, "tasks", "--status", "failed", "--last", "1").output.count("\n") == 3


def test_the_bill_shows_its_last_lines_and_the_whole_total(buyer: Buyer) -> None:
    last = json.loads(command(buyer, "bill", "--last", "2", "--json").output)
    tasks = command(buyer, "bill", "--by", "task", "--last", "1", "--format", "csv").output
    wrong = command(buyer, "bill", "--by", "operation", "--last", "1")

    assert [call["id"] for call in last["calls"]] == [call["id"] for call in listed(buyer)][-2:]
    assert last["charges"] == 2
    assert tasks.count("\n") == 2
    assert (wrong.exit_code, "--last goes with" in wrong.output) == (2, True)


def test_the_bill_of_a_hostile_client_is_printed_with_the_numbers_of_its_calls(
    buyer: Buyer,
) -> None:
    done = command(buyer, "bill")

    assert done.exit_code == 0, done.output
    assert "/[/red]" in done.output
    for call in listed(buyer):
        assert f" {call['id']} " in done.output


@contextmanager
def following(url: str, folder: Path, *words: str) -> Iterator[tuple[Any, "queue.Queue[str]"]]:
    """Run a command that follows; its lines are put into a queue."""
    process = subprocess.Popen(
        [*COMMAND, *words, "--follow", "--url", url], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=folder, env=environment(folder),
    )  # fmt: skip
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.put(line.rstrip("\n"))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield process, lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def test_new_calls_are_followed_until_ctrl_c(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer()
    buyer.call("/taskList")

    with following(server.url, tmp_path, "calls", "--account", buyer.id) as (process, lines):
        first = [lines.get(timeout=DEADLINE_S) for _ in range(3)]
        buyer.submit()
        new = lines.get(timeout=DEADLINE_S)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=DEADLINE_S)

    assert first[2].split()[2] == "list_tasks"
    assert new.split()[2] == "submit_task"
    assert code == 0


def test_tasks_are_followed_as_json_lines_through_a_change_and_a_reset(
    server: Live, tmp_path: Path
) -> None:
    buyer = server.buyer(clock={"frozen": True})
    task_id = buyer.submit()
    words = ("tasks", "--json", "--account", buyer.id)

    with following(server.url, tmp_path, *words) as (_, lines):
        seen = [json.loads(lines.get(timeout=DEADLINE_S))]
        buyer.world.post(f"/tasks/{task_id}", {"state": "failed"})
        seen.append(json.loads(lines.get(timeout=DEADLINE_S)))
        other = buyer.submit()
        seen.append(json.loads(lines.get(timeout=DEADLINE_S)))

    assert [(task["task_id"], task["status"]) for task in seen] == [
        (task_id, "pending"),
        (task_id, "failed"),
        (other, "pending"),
    ]


def test_following_ends_with_3_when_the_server_goes_away(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as server,
        following(server.url, tmp_path, "calls", "--nobody") as (process, lines),
    ):
        exchange(server.url, request("/submitTask"))
        lines.get(timeout=DEADLINE_S)
        server.kill()
        code = process.wait(timeout=DEADLINE_S)
        said = process.stderr.read()

    assert code == 3
    assert said.startswith("artqr-mock: --follow ended: no artqr-mock answers at ")
    assert "Traceback" not in said
