"""`artqr-mock fault` as a person and a script use it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from mock_server.domain.faults.kinds import KINDS
from tests.support.clients import with_http_client
from tests.support.live import Live, live


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


def output_of(server: Live, *arguments: str, account: str = "default") -> Result:
    """Run a command for an account of the server."""
    where = ["--url", server.url, "--account", account]
    return CliRunner().invoke(main, ["fault", *arguments, *where])


def armed(server: Live, *arguments: str) -> dict[str, Any]:
    """Arm a fault and return it without the fields that every fault has."""
    done = output_of(server, "add", *arguments, "--json", account=server.buyer().id)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    common = ("id", "stage", "seen", "hits", "starts_at", "expires_at")
    return {name: value for name, value in found.items() if value is not None} | dict.fromkeys(
        common, 0
    )


COMMON = dict.fromkeys(("id", "stage", "seen", "hits", "starts_at", "expires_at"), 0)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("reset --operation submit_task --nth 2",
         {"kind": "reset", "commit": "after", "operation": "submit_task", "nth": 2}),
        ("delay --for 1m30s --commit before",
         {"kind": "delay", "for_ms": 90_000, "commit": "before"}),
        ("delay --for 300", {"kind": "delay", "for_ms": 300, "commit": "after"}),
        ("delay --for-ms 3s", {"kind": "delay", "for_ms": 3000, "commit": "after"}),
        ("D504TO --calls 1", {"kind": "gateway_error", "code": "D504TO", "calls_left": 1}),
        ("gateway_error --code D504TO", {"kind": "gateway_error", "code": "D504TO"}),
        ("dribble --chunk-bytes 3 --pause 50ms --every 2",
         {"kind": "dribble", "chunk_bytes": 3, "pause_ms": 50, "every": 2}),
        ("truncate --keep-bytes 9 --end reset --calls 3",
         {"kind": "truncate", "keep_bytes": 9, "end": "reset", "calls_left": 3}),
        ("truncate --inside task_id",
         {"kind": "truncate", "inside": "task_id", "end": "close"}),
        ("content_type --value Application/JSON",
         {"kind": "content_type", "value": "Application/JSON"}),
        ("wrong_length --by-bytes -5", {"kind": "wrong_length", "by_bytes": -5}),
        ("html_page --status 503 --first 2", {
            "kind": "html_page", "status": 503, "commit": "after", "first": 2}),
        ("task_slow --lasts 2h --text a*b --style pet_?",
         {"kind": "task_slow", "lasts_ms": 7_200_000, "text": "a*b", "style": "pet_?"}),
        ("platform_error --platform-code -1009 --probability 0.25",
         {"kind": "platform_error", "platform_code": -1009, "probability": 0.25}),
        ("refusal --remark no --task-id t1", {"kind": "refusal", "remark": "no", "task_id": "t1"}),
        ("--code D504TO --calls 1", {"kind": "gateway_error", "code": "D504TO", "calls_left": 1}),
        ("--remark 稍后 --operation list_tasks",
         {"kind": "refusal", "remark": "稍后", "operation": "list_tasks"}),
    ],
)  # fmt: skip
def test_what_the_words_say_is_armed(server: Live, words: str, fault: dict[str, Any]) -> None:
    assert armed(server, *words.split()) == {**COMMON, **fault}


def test_the_list_shows_what_is_armed_and_how_often_it_fired(server: Live) -> None:
    buyer = server.buyer()
    assert output_of(server, "list", account=buyer.id).output == "no fault is set\n"
    output_of(server, "add", "html_page", "--nth", "2", account=buyer.id)
    output_of(
        server, "add", "maintenance", "--starts-in", "1h", "--expires-in", "2h", account=buyer.id
    )
    buyer.submit()
    assert buyer.call("/taskList").status == 502

    head, page, window = output_of(server, "list", account=buyer.id).output.splitlines()

    assert head.split() == ["id", "fault", "for", "left", "seen", "fired"]
    assert page.split()[1:] == [
        "html_page", "status", "502", "commit", "after", "nth", "2", "unlimited", "2", "1",
    ]  # fmt: skip
    assert window.split()[1:4] == ["maintenance", "every", "call"]
    assert "from 20" in window
    assert "until 20" in window


def test_kinds_says_what_there_is() -> None:
    done = CliRunner().invoke(main, ["fault", "kinds"])
    listed = json.loads(CliRunner().invoke(main, ["fault", "kinds", "--json"]).stdout)

    assert done.exit_code == 0
    for name in KINDS:
        assert f"  {name}" in done.stdout
    assert "  delay --for DURATION [--commit COMMIT]" in done.stdout
    assert [each["kind"] for each in listed] == list(KINDS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "name a kind (`artqr-mock fault kinds` lists them), or use --code or --remark"),
        ("--code D504TO --remark no", "use --code or --remark"),
        ("rest", "did you mean 'reset'"),
        ("delay", "delay needs --for DURATION"),
        ("truncate", "truncate needs one of --keep-bytes, --inside"),
        ("task_order", "task_order needs one of --outcome, --remark, --lasts"),
        ("maintenance", "maintenance needs --expires-in DURATION"),
        ("truncate --keep-bytes 1 --inside task_id", "--keep-bytes and inside contradict each"),
        ("truncate --inside remark", "--inside: 'remark' is not one of task_id"),
        ("content_type", "content_type needs --value VALUE"),
        ("truncate --keep-bytes -1", "--keep-bytes: -1 is less than the minimum"),
        ("maintenance --starts-in 2s --expires-in 1s", "--expires-in is before the rule starts"),
        ("reset --code D504TO", "--code does not go with reset"),
        ("X999XX", "X999XX"),
        ("delay --for soon", "'soon' is not a duration"),
        ("delay --for 11m", "600000"),
        ("delay --for 1s --commit never", "before"),
        ("reset --nth 1 --first 2", "contradict"),
        ("reset --for 1s", "reset has no --for; it takes --commit"),
        (
            "truncate --keep-bytes 1 --for 1s",
            "truncate has no --for; it takes --keep-bytes, --inside",
        ),
        ("throttled --probability 1.5", "maximum"),
        ("task_fails --operation list_tasks", "affects submit_task"),
    ],
)
def test_what_cannot_be_ends_with_2_and_the_reason(
    server: Live, words: str, says: str, tmp_path: Path
) -> None:
    done = output_of(server, "add", *words.split(), account=server.buyer().id)

    assert done.exit_code == 2
    assert says in " ".join(done.output.split())
    assert not re.search(r"\w_(ms|bytes|in)\b", done.output)  # no name of a field


def test_the_bill_shows_what_was_decided_beside_what_was_sent(server: Live) -> None:
    buyer = server.buyer()
    for order in (
        {"kind": "reset", "nth": 1},
        {"kind": "html_page", "nth": 2},
        {"kind": "delay", "for_ms": 20, "nth": 3},
        {"kind": "close", "commit": "before", "nth": 4},
    ):
        buyer.world.post("/faults", order)
    for _ in range(4):
        with_http_client(buyer, "/taskList", "page=1")
    where = ["--url", server.url, "--account", buyer.id]

    printed = CliRunner().invoke(main, ["bill", *where], env={"COLUMNS": "200"}).output
    calls = json.loads(CliRunner().invoke(main, ["bill", "--json", *where]).stdout)["calls"]

    for answer in (
        "200; sent: nothing", "200; sent: altered 502", "200; sent: whole, 0.02s late",
        "none; sent: nothing",
    ):  # fmt: skip
        assert answer in printed
    assert [call["faults"][0]["kind"] for call in calls] == ["reset", "html_page", "delay", "close"]
