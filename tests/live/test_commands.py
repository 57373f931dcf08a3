"""The commands in processes of their own, as a person and a script use them."""

import json
import os
import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
import urllib3
from PIL import Image

from mock_server.cli.common import commands_of
from mock_server.cli.main import main
from tests.support.live import Live, live
from tests.support.processes import COMMAND, environment, run
from tests.support.receivers import Reply, receiving


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server for the commands."""
    with live() as running:
        yield running


@pytest.fixture(scope="module")
def nobody() -> Iterator[str]:
    """An address that refuses connections: its port is taken, but nothing listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def output_of(server: Live, cwd: Path, *arguments: str) -> str:
    """Run a command that succeeds and return its output."""
    done = run(*arguments, cwd=cwd, url=server.url)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def json_of(server: Live, cwd: Path, *arguments: str) -> Any:
    """Run a command that succeeds with `--json` and return its value."""
    return json.loads(output_of(server, cwd, *arguments, "--json"))


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Yield every command and group."""
    found: list[tuple[str, ...]] = [path]
    for name, command in commands_of(group).items():
        here = (*path, name)
        found += commands(command, here) if isinstance(command, click.Group) else [here]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("keeps_picture", [False, True])
def test_the_demo_plays_to_the_end_and_leaves_only_the_picture_that_was_asked_for(
    tmp_path: Path, keeps_picture: bool
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    out = ["--out", str(there / "picture.png")] if keeps_picture else []
    foreign = {"ARTQR_MOCK_TOKEN": "of another server", "ARTQR_MOCK_PORT": "1"}

    done = run("demo", *out, cwd=here, TMPDIR=str(there), **foreign)

    assert (done.returncode, done.stderr) == (0, "")
    assert "resList" in done.stdout
    assert "charged" in done.stdout
    assert list(here.iterdir()) == []
    if not keeps_picture:
        assert "\npicture: not kept; " in done.stdout
        assert list(there.iterdir()) == []
        return
    (picture,) = re.findall(r"^picture: (.+\.png)$", done.stdout, re.MULTILINE)
    assert Path(picture).is_relative_to(there)
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert min(image.size) >= 512
    assert [each for each in there.rglob("*") if each.is_file()] == [Path(picture)]


@pytest.mark.slow
def test_every_command_tells_what_it_does(tmp_path: Path) -> None:
    with main.make_context("artqr-mock", ["serve"], resilient_parsing=True):
        paths = commands()

    assert {("serve",), ("demo",), ("env",), ("ready",), ("bill",), ("clock", "next")} <= {*paths}
    for path in paths:
        done = run(*path, "--help", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: ")
    assert list(tmp_path.iterdir()) == []


def test_what_env_prints_can_be_evaluated_and_called_with(server: Live, tmp_path: Path) -> None:
    exports = output_of(server, tmp_path, "env")
    script = f'{exports}\nprintf "%s\\n" "$ARTQR_BASE_URL" "$ARTQR_APP_CODE" "$ARTQR_APP_SECRET"'
    done = subprocess.run(
        ["sh", "-eu", "-c", script], capture_output=True, text=True, check=True,
        env=environment(tmp_path),
    )  # fmt: skip

    url, app_code, secret = done.stdout.splitlines()
    assert (url, app_code) == (server.url, "mock-demo")
    assert secret == json_of(server, tmp_path, "env")["ARTQR_APP_SECRET"]
    authorized = {"Authorization": f"APPCODE {app_code}"}
    assert urllib3.request("POST", f"{url}/taskList", headers=authorized).status == 200


def test_env_quotes_what_a_shell_would_take_apart(server: Live, tmp_path: Path) -> None:
    for line in output_of(server, tmp_path, "env").splitlines():
        export, assignment = shlex.split(line)
        assert export == "export"
        assert re.fullmatch(r"ARTQR_(BASE_URL|APP_CODE|APP_KEY|APP_SECRET)=.+", assignment)


@pytest.mark.slow
def test_an_account_is_made_shown_listed_and_reset(server: Live, tmp_path: Path) -> None:
    made = json_of(
        server, tmp_path, "account", "create", "--name", "team blue", "--credits", "3", "--seed",
        "5", "--now", "0", "--frozen", "--reading", "charge.polls=submit-only",
    )  # fmt: skip
    assert (made["name"], made["balance"], made["seed"]) == ("team blue", 3, 5)
    assert made["clock"] == {"now": 0, "rate": 1.0, "frozen": True}
    assert made["readings"]["charge.polls"] == "submit-only"

    assert json_of(server, tmp_path, "account", "show", "--account", made["id"]) == made
    shown = output_of(server, tmp_path, "account", "show", "--account", made["id"])
    assert made["app_code"] in shown
    assert "1970-01-01 08:00:00" in shown

    listed = json_of(server, tmp_path, "account", "list")["accounts"]
    assert made in listed
    assert "team blue" in output_of(server, tmp_path, "account", "list")

    output_of(server, tmp_path, "clock", "advance", "1h", "--account", made["id"])
    again = json_of(server, tmp_path, "account", "reset", "--account", made["id"])
    assert again == made


@pytest.mark.slow
def test_the_clock_is_moved_and_shown(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer(clock={"frozen": True, "now": 0}, seed=1)
    account = ("--account", buyer.id)

    assert json_of(server, tmp_path, "clock", "show", *account)["now"] == 0
    assert json_of(server, tmp_path, "clock", "advance", "1h30m", *account)["now"] == 5_400_000
    assert output_of(server, tmp_path, "clock", "show", *account).startswith("1970-01-01 09:30:00")
    task_id = buyer.submit()
    event = json_of(server, tmp_path, "clock", "next", *account)["event"]
    assert (event["kind"], event["task_id"]) == ("task_end", task_id)
    assert "notice due, 357 days ahead\n" in output_of(server, tmp_path, "clock", "next", *account)
    assert "package expiry: package" in output_of(server, tmp_path, "clock", "next", *account)
    assert "nothing" in output_of(server, tmp_path, "clock", "next", *account)
    assert json_of(server, tmp_path, "clock", "rate", "60", *account)["rate"] == 60
    assert json_of(server, tmp_path, "clock", "thaw", *account)["frozen"] is False
    assert json_of(server, tmp_path, "clock", "freeze", *account)["frozen"] is True


def test_readings_are_shown_and_set_for_people_and_for_programs(
    server: Live, tmp_path: Path
) -> None:
    buyer = server.buyer()
    account = ("--account", buyer.id)
    before = json_of(server, tmp_path, "readings", "show", *account)

    words = ("refusal.status=200", "task.words=numbers")
    changed = json_of(server, tmp_path, "readings", "set", *words, *account)
    shown = output_of(server, tmp_path, "readings", "show", *account)

    assert changed == {**before, "refusal.status": "200", "task.words": "numbers"}
    assert re.search(r"refusal\.status +200 +\(set by hand; default 450\)", shown)
    listed = output_of(server, tmp_path, "readings", "list", *account)
    assert "refusal.status: 450, 200  (observed; 200: set by hand)" in listed
    assert buyer.call("/submitTask").status == 200
    wrong = run("readings", "set", "task.word=numbers", *account, cwd=tmp_path, url=server.url)
    assert (wrong.returncode, "did you mean 'task.words'?" in wrong.stderr) == (2, True)
    half = run("readings", "set", "task.words", *account, cwd=tmp_path, url=server.url)
    assert (half.returncode, "ID=WORD" in half.stderr) == (2, True)


def test_the_bill_is_printed_for_people_and_for_programs(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer(credits=50)
    buyer.submit()
    buyer.call("/submitTask", text="no style")
    account = ("--account", buyer.id)

    bill = json_of(server, tmp_path, "bill", *account)
    assert (bill["charges"], bill["fen"], bill["balance"]) == (1, 30, 49)
    assert [(call["status"], call["charged"]) for call in bill["calls"]] == [
        (200, True),
        (450, False),
    ]
    assert "calls" not in json_of(server, tmp_path, "bill", "--no-calls", *account)
    table = output_of(server, tmp_path, "bill", *account)
    assert "submit_task" in table
    assert "0.30 yuan" in table
    assert "anything but HTTP 200 is free" in table


def test_ready_says_whether_a_server_answers(server: Live, nobody: str, tmp_path: Path) -> None:
    assert output_of(server, tmp_path, "ready", "--wait", "5s") == f"ready: {server.url}\n"

    done = run("ready", "--wait", "100ms", cwd=tmp_path, url=nobody)
    assert done.returncode == 3
    assert nobody in done.stderr


@pytest.mark.parametrize(
    "command", ["env", "account list", "account show", "clock next", "clock advance 1s", "bill"]
)
def test_without_a_server_a_command_says_how_to_start_one(
    nobody: str, tmp_path: Path, command: str
) -> None:
    done = run(*command.split(), cwd=tmp_path, url=nobody)

    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith(f"artqr-mock: no artqr-mock answers at {nobody}")
    assert "artqr-mock serve" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("bill --account nobody", "nobody"),
        ("env --account nobody", "nobody"),
        ("clock advance soon", "30s"),
        ("clock rate 0", "rate"),
        ("clock rate fast", "fast"),
        ("account create --reading charge.pols=submit-only", "charge.polls"),
        ("account create --reading charge.polls", "ID=WORD"),
        ("account create --credits -1", "credits"),
        ("ready --wait soon", "30s"),
        ("clok", "clok"),
        ("serve --port many", "many"),
    ],
)
def test_wrong_use_is_told_with_what_to_do_instead(
    server: Live, tmp_path: Path, command: str, hint: str
) -> None:
    done = run(*command.split(), cwd=tmp_path, url=server.url)

    assert done.returncode == 2
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_stops_reading_is_no_error(server: Live, tmp_path: Path) -> None:
    env = environment(tmp_path, ARTQR_MOCK_URL=server.url)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [*COMMAND, "account", "list"], stdout=nobody,
            stderr=subprocess.PIPE, text=True, check=False, env=env,
        )  # fmt: skip

    assert "Traceback" not in done.stderr


def test_callbacks_are_listed_shown_and_delivered_again(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer()
    with receiving(Reply(status=500, body=b"not today")) as receiver:
        task_id = buyer.submit(call_back=receiver.url)
        account = ("--account", buyer.id)
        assert "due, 0 attempts, next try" in output_of(
            server, tmp_path, "callbacks", "list", *account
        )
        buyer.clock(advance="1m", settle=True)

        (planned,) = json_of(server, tmp_path, "callbacks", "list", *account)
        number = str(planned["id"])
        shown = output_of(server, tmp_path, "callbacks", "show", number, *account)
        again = json_of(server, tmp_path, "callbacks", "resend", number, *account)

    assert f"failed, 1 attempt, last: HTTP 500  task {task_id} to {receiver.url}" in shown
    assert f"> POST {receiver.url}/\n> Host: " in shown  # as it went over the wire
    assert f'"task_id":"{task_id}"' in shown
    assert shown.endswith("< \n< not today\n")
    assert (again["copy_of"], again["by_hand"], again["state"]) == (planned["id"], True, "failed")
    assert len(receiver.received) == 2


def test_a_callback_that_is_not_there_is_wrong_use(server: Live, tmp_path: Path) -> None:
    done = run("callbacks", "show", "999999", cwd=tmp_path, url=server.url)

    assert done.returncode == 2
    assert "has no callback 999999" in done.stderr
