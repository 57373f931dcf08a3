"""`artqr-mock rehearse --receiver`: what it prints, writes and ends with, whoever receives."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from mock_server.contract import folder as contracts
from mock_server.rehearsal.receivers import delivery_ids
from mock_server.schemas import compiled
from tests.support.documents import pages
from tests.support.processes import COMMAND, DEADLINE_S, environment
from tests.support.raw_receivers import receiver as raw_receiver
from tests.support.receivers import Received, Reply, receiving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the oracles are shell commands"),
]

# The least that shows a receiver: a genuine callback, and one that it may refuse.
TWO = ("--only", "success", "--only", "not-json", "--settle", "0.2s", "--answer-time", "2s")
LINE = """echo '{"task_id": "'$id'", "status": "open", "orders": 0}'"""
OPEN = f"for id in $ARTQR_TASK_IDS; do {LINE}; done"
PASSWORD = "the-password-of-joe"


def rehearse(url: str, *words: str, folder: Path | None = None) -> Result:
    """Run the command in this process."""
    with chdir(folder or Path.cwd()):
        return CliRunner().invoke(main, ["rehearse", "--receiver", url, *words])


@contextmanager
def closed_port() -> Iterator[int]:
    """Give a port on which nobody listens, and nobody will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_receiver_that_answers_200_and_does_nothing_does_not_pass(tmp_path: Path) -> None:
    with receiving() as receiver:
        unseen = rehearse(receiver.url, *TWO)
        seen = rehearse(receiver.url, *TWO, "--oracle", OPEN, "--report", str(tmp_path))

    assert unseen.exit_code == 3, unseen.output
    assert "no delivery says anything of the receiver: nothing shows" in unseen.output
    assert "INCONCLUSIVE 2: success, not-json" in unseen.output
    assert "--oracle tells what the receiver did" in unseen.output
    assert seen.exit_code == 1
    assert "FAIL success: knows-the-truth" in seen.output
    assert "PASS not-json" in seen.output
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    schema = json.loads((contracts("contracts") / "rehearsal.schema.json").read_text("utf-8"))
    assert [str(error) for error in compiled(schema).iter_errors(report)] == []
    assert report["receiver"] == receiver.url
    assert report["drills"][0]["beliefs"][0]["status"] == "open"
    suite = Xml.parse(tmp_path / "junit.xml").getroot()[0]  # noqa: S314 - it is ours
    assert suite.attrib["name"] == "artqr-mock rehearse --receiver"
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "1")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
         "with 302: nobody follows that"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
         "Is the address of --receiver right, and does it know the task (--setup)?"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\n\x1b[31m", "500"),
        (b"", "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH_9\r\n", "the answer is not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000,
         "Its answer has 4096 bytes or more"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_told(answer: bytes, says: str) -> None:
    with raw_receiver(answer) as receiver:
        done = rehearse(f"http://127.0.0.1:{receiver.port}/hook", *TWO)

    assert says in " ".join(done.output.split())
    assert "\x1b" not in done.output
    assert done.exit_code == (3 if b"200" in answer else 1)


def test_a_slow_receiver_fails_by_its_time() -> None:
    with raw_receiver(None) as receiver:
        done = rehearse(f"http://127.0.0.1:{receiver.port}/", *TWO, "--answer-time", "0.2s",
                        "--fail-fast")  # fmt: skip

    assert done.exit_code == 1
    assert "FAIL success: answers-in-time" in done.output
    assert "and gave no whole answer to" in " ".join(done.output.split())


def test_a_receiver_that_is_down_is_not_judged() -> None:
    with closed_port() as port:
        done = rehearse(f"http://joe:{PASSWORD}@127.0.0.1:{port}/hook")

    assert done.exit_code == 3
    assert f"no receiver can be reached at 127.0.0.1:{port}: connection refused" in done.output
    assert "Start the receiver" in done.output
    assert PASSWORD not in done.output


def test_a_receiver_off_this_machine_needs_to_be_allowed() -> None:
    done = rehearse("http://192.0.2.1/hook", "--only", "success")

    assert done.exit_code == 3
    assert "--callback-host 192.0.2.1" in done.output


def test_a_receiver_without_tls_is_not_judged_by_https() -> None:
    with raw_receiver(b"HTTP/1.1 400 Bad Request\r\n\r\n") as receiver:
        done = rehearse(f"https://127.0.0.1:{receiver.port}/", *TWO)

    assert done.exit_code == 3
    assert f"no TLS with 127.0.0.1:{receiver.port}" in done.output
    assert "with http or https as it listens" in done.output


def test_one_that_goes_away_in_the_middle_is_judged_and_left_alone(tmp_path: Path) -> None:
    with receiving() as receiver:

        def once(_: Received) -> Reply:
            receiver.socket.close()  # nobody is let in any more
            return Reply()

        receiver.answer = once
        done = rehearse(receiver.url, "--settle", "0.1s", "--report", str(tmp_path),
                        "--only", "success", "--only", "huge", "--only", "dripped")  # fmt: skip

    assert done.exit_code == 1, done.output
    assert "Nothing listens for the callback" in " ".join(done.output.split())
    assert "interrupted: 2 of 3 deliveries ran" in done.output


@pytest.mark.parametrize(
    ("oracle", "code", "says"),
    [
        ("echo down >&2; exit 3", 3, "the oracle: it ended with exit code 3: down"),
        ("echo hello", 3, "the oracle: it printed 'hello', which is no JSON"),
        ("sleep 97", 3, "the oracle: it did not end within 1s"),
        ("yes", 3, "the oracle: it did not end within 1s"),
        ("true", 3, "the oracle says nothing of task"),
    ],
)
def test_an_oracle_that_fails_is_told(oracle: str, code: int, says: str) -> None:
    with receiving() as receiver:
        done = rehearse(receiver.url, *TWO, "--oracle", oracle, "--time-limit", "1s")

    assert done.exit_code == code, done.output
    assert says in done.output


@pytest.mark.parametrize("looks", [1, 2])
def test_an_oracle_that_fails_later_leaves_that_delivery_open(tmp_path: Path, looks: int) -> None:
    """Whether it fails before the delivery or after it."""
    count = f"echo x >> {tmp_path}/looks; test $(wc -l < {tmp_path}/looks) -lt {looks} || exit 4"
    oracle = f"if test $ARTQR_DELIVERY = not-json; then {count}; fi; {OPEN}"
    with receiving() as receiver:
        done = rehearse(receiver.url, *TWO, "--oracle", oracle)

    assert done.exit_code == 1  # by the other delivery
    assert "INCONCLUSIVE not-json: the oracle: it ended with exit code 4" in done.output


def test_a_setup_that_fails_names_the_delivery() -> None:
    with receiving() as receiver:
        done = rehearse(receiver.url, "--only", "success", "--setup", "exit 5")

    assert done.exit_code == 3
    assert "the setup of delivery success ended with exit code 5" in done.output


def test_setup_and_oracle_get_the_account_and_the_tasks(tmp_path: Path) -> None:
    names = ("BASE_URL", "APP_CODE", "APP_SECRET", "TASK_ID", "TASK_IDS", "DELIVERY")
    with receiving() as receiver:
        rehearse(receiver.url, "--only", "crossed", "--setup", f"env > {tmp_path}/setup",
                 "--settle", "0.1s", "--oracle", f"env > {tmp_path}/oracle; {OPEN}")  # fmt: skip

    for file in ("setup", "oracle"):
        lines = (tmp_path / file).read_text("utf-8").splitlines()
        got = dict(line.partition("=")[::2] for line in lines)
        assert all(got[f"ARTQR_{name}"] for name in names)
        assert got["ARTQR_TASK_IDS"].split()[0] == got["ARTQR_TASK_ID"]
        assert len(got["ARTQR_TASK_IDS"].split()) == 2
        assert got["ARTQR_DELIVERY"] == "crossed"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--", "true"], "a command goes with no --receiver"),
        (["--restartable"], "--restartable goes with no --receiver"),
        (["--jobs", "4"], "--jobs goes with no --receiver"),
        (["--client-timeout", "1s"], "--client-timeout goes with no --receiver"),
        (["--only", "calm"], "unknown delivery 'calm'"),
        (["--waive", "ends=no"], "unknown rule 'ends'"),
        (["--answer-time", "0s"], "answer-time must be more than 0"),
        (["--callback-host", "http://x"], "is not a host"),
    ],
)
def test_wrong_use_is_refused_with_what_to_do(words: list[str], says: str) -> None:
    done = rehearse("http://127.0.0.1:1/", *words)

    assert done.exit_code == 2, done.output
    assert says in done.output


@pytest.mark.parametrize(
    "url", ["here", "ftp://x/", "http://", "http://h:0/", f"http://j:{PASSWORD}@:x"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    done = rehearse(url)

    assert done.exit_code == 2
    assert "write it such as http://127.0.0.1:8000/callback" in done.output
    assert PASSWORD not in done.output


def test_the_options_of_a_receiver_need_one() -> None:
    done = CliRunner().invoke(main, ["rehearse", "--oracle", "true", "--", "true"])

    assert (done.exit_code, "--oracle goes with --receiver only" in done.output) == (2, True)


def test_the_deliveries_are_listed() -> None:
    listed = rehearse("http://127.0.0.1:1/", "--list").output.splitlines()

    assert [line.strip() for line in listed if not line.startswith("    ")] == delivery_ids()


def test_a_waived_rule_does_not_count() -> None:
    with receiving(Reply(status=404)) as receiver:
        done = rehearse(receiver.url, *TWO, "--waive", "acknowledges=it knows no such task")

    assert done.exit_code == 0
    assert "waived acknowledges: it knows no such task" in done.output


def test_ctrl_c_leaves_what_is_known(tmp_path: Path) -> None:
    with receiving() as receiver:
        words = ["rehearse", "--receiver", receiver.url, "--report", str(tmp_path)]
        started = subprocess.Popen(
            [*COMMAND, *words],
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        receiver.wait_for(2)
        os.kill(started.pid, signal.SIGINT)
        output, _ = started.communicate(timeout=DEADLINE_S)

    assert started.returncode == 130, output
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["interrupted"] is True
    assert 1 <= len(report["drills"]) < report["totals"]["planned"]


def test_the_example_of_the_guide_makes_a_test_of_each_delivery(tmp_path: Path) -> None:
    page = pages.page("docs/guides/receivers.md")
    example = next(each for each in page.blocks if each.mark == "example: test_receiver.py")
    (tmp_path / "tell-tasks").write_text(f"#!/bin/sh\n{OPEN}\n", "utf-8")
    (tmp_path / "tell-tasks").chmod(0o755)
    with receiving() as receiver, chdir(tmp_path):
        names: dict[str, Any] = {}
        text = example.text.replace("http://127.0.0.1:8000/callback", receiver.url)
        exec(text, names)  # noqa: S102 - it is ours
        test = names["test_delivery"]
        (mark,) = test.pytestmark

        test("not-json")  # raises nothing
        with pytest.raises(AssertionError, match="FAIL success: knows-the-truth"):
            test("success")

    assert mark.args == ("delivery", delivery_ids())
