"""What an oracle prints of a receiver, and what is said of one that prints something else."""

import os
import re
import sys
import threading

import pytest

from mock_server.rehearsal.receivers.belief import Belief, OracleError, beliefs
from mock_server.rehearsal.receivers.oracle import ask
from mock_server.rehearsal.receivers.order import ReceiverOrder


def test_each_line_is_what_the_receiver_knows_of_a_task() -> None:
    printed = b"""{"task_id": "a", "status": "succeeded", "orders": 1, "links": ["http://x/1.png"]}
        {"task_id": "b", "status": "unknown"}
        {"task_id": "of-another", "status": "open"}"""

    assert beliefs(printed, ["a", "b", "c"]) == {
        "a": Belief(task_id="a", status="succeeded", orders=1, links=("http://x/1.png",)),
        "b": Belief(task_id="b", status="unknown"),
    }


@pytest.mark.parametrize("printed", [
    b'{"status": "open"}',
    b'[{"task_id": "a", "status": "open"}]',
    b'{\n  "task_id": "a",\n  "status": "open",\n  "files": null\n}\n',
])  # fmt: skip
def test_one_task_needs_no_id_and_any_layout_is_read(printed: bytes) -> None:
    assert beliefs(printed, ["a"]) == {"a": Belief(task_id="a", status="open")}


def test_an_oracle_that_prints_nothing_says_nothing() -> None:
    assert beliefs(b"\n", ["a"]) == {}


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        (b"done", "it printed 'done', which is no JSON"),
        (b"3", "it printed '3': print a JSON object"),
        (b"\xff\xfe", "is not UTF-8"),
        (b'{"task_id": "a", "status": "suceeded"}', "did you mean 'succeeded'?"),
        (b'{"task_id": "a"}', "unknown status 'None'"),
        (b'{"task_id": "a", "status": "open", "orders": -1}', "orders is a whole number, not '-1'"),
        (b'{"task_id": "a", "status": "open", "orders": true}', "orders is a whole number"),
        (b'{"task_id": "a", "status": "open", "files": "x"}', "files is a list of texts"),
        (b'{"status": "open"}', "has no task_id: name the task in each line"),
        (b"[" * 100_000, "is no JSON"),
    ],
)
def test_anything_else_is_refused_with_what_to_print(printed: bytes, says: str) -> None:
    with pytest.raises(OracleError, match=re.escape(says)):
        beliefs(printed, ["a", "b"])


@pytest.mark.skipif(sys.platform == "win32", reason="the oracles are shell commands")
@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("echo lost >&2; exit 7", "it ended with exit code 7: lost"),
        ("./nothing-there", "exit code 127"),
        ("sleep 97", "it did not end within 0.4s: make it quicker, or raise --time-limit"),
        ("yes | head -c 3000000", "it printed more than 256 KiB"),
        ("kill -9 $$", "it ended with exit code 137"),
    ],
)
def test_a_command_that_fails_is_told(command: str, says: str) -> None:
    limit_s = 0.4 if "97" in command else 9
    order = ReceiverOrder(receiver="http://127.0.0.1:1/", time_limit_s=limit_s)

    with pytest.raises(OracleError, match=re.escape(says)):
        ask(command, order, os.environ, ["a"], threading.Event())


@pytest.mark.skipif(sys.platform == "win32", reason="the oracle is a shell command")
def test_the_command_gets_the_tasks() -> None:
    order = ReceiverOrder(receiver="http://127.0.0.1:1/")
    line = """{\\"task_id\\": \\"$id\\", \\"status\\": \\"open\\"}"""
    command = f'test "$ARTQR_TASK_ID" = a && for id in $ARTQR_TASK_IDS; do echo "{line}"; done'

    assert [*ask(command, order, os.environ, ["a", "b"], threading.Event())] == ["a", "b"]
