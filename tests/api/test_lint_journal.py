"""`artqr-mock lint` on calls of our own journal: by lines, by pages, single calls."""

import json
from typing import Any

import pytest

from mock_server.domain.call.calls import MAX_BODY_BYTES
from tests.api.test_lint import found, ids, lint
from tests.support.requests import FORM
from tests.support.worlds import APP_CODE, World

TYPED = APP_CODE | {"Content-Type": FORM}


@pytest.fixture
def journal(world: World) -> list[dict[str, Any]]:
    typed = APP_CODE | {"Content-Type": FORM}
    task_id = world.submit()
    world.http.get(f"/pictures/default/{task_id}/1.png")
    world.http.post("/taskList?x=1", data="page=0", headers=typed)
    world.http.post("/submitTask", data=b"text=%FF&style_id=\xff", headers=typed)
    return world.calls()


def test_the_journal_is_judged_as_it_was_on_arrival(journal: list[dict[str, Any]]) -> None:
    on_arrival = [[each["id"] for each in call["findings"]] for call in journal]
    lines = "\n".join(json.dumps(call) for call in journal) + "\n\n"
    page = json.dumps({"calls": journal, "next": None, "dropped": 0}, indent=2)

    for text in (lines, page):
        whole = found(text)
        by_call = {
            number: [each["id"] for each in whole["findings"] if each["call"] == number]
            for number in range(1, 5)
        }
        assert list(by_call.values()) == on_arrival
        assert whole["skipped"] == 1
    assert "(line 3)" in lint(lines).output
    assert "(entry 3)" in lint(page).output


def test_a_call_whose_body_the_journal_cut_is_judged_without_it(world: World) -> None:
    world.vendor("/submitTask", {"text": "x", "your_prompt": "x" * 70_000})

    whole = found(json.dumps(world.calls()[0]))

    assert whole["without_body"] == 1
    assert whole["severities"]["error"] == 0


def test_a_broken_line_is_named(journal: list[dict[str, Any]]) -> None:
    line = json.dumps(journal[0])

    assert "line 3: it is not JSON" in lint(f"{line}\n{line}\n{line[:-5]}\n").stderr


@pytest.mark.parametrize(
    ("garbage", "words"),
    [
        (b"Listening on port 3040", "it is not JSON"), (b"{", "it is not JSON"),
        (b"caf\xe9", "it is not UTF-8 text"), (b'{"path": "\xff"}', "it is not UTF-8 text"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_line_that_cannot_be_read_is_named_and_the_others_are_judged(
    world: World, garbage: bytes, words: str, place: int
) -> None:
    world.http.post("/taskList", data="page=0", headers=TYPED)
    lines = [json.dumps(world.calls()[0]).encode()] * 2
    lines.insert(place, garbage)

    done = lint(b"\n".join(lines))

    assert done.exit_code == 1
    assert f"line {place + 1}: {words}" in done.stderr
    assert "page-out-of-range" in done.stdout
    assert "in 2 calls; 1 line could not be read" in done.stdout


def test_a_page_a_list_one_call_and_lines_of_the_journal_are_all_taken(world: World) -> None:
    world.http.post("/taskList", data="page=0", headers=TYPED)
    world.http.post("/taskList", data="page=0", headers=TYPED)
    calls = world.calls()
    crlf = "\r\n".join(json.dumps(each) for each in calls)

    for text in (json.dumps(calls), json.dumps({"calls": calls, "next": 2}, indent=1), crlf):
        assert ids(text) == [(1, "page-out-of-range"), (2, "page-out-of-range")]
    assert ids(json.dumps({**calls[0], "findings": []}, indent=2)) == [(1, "page-out-of-range")]


def test_a_page_that_is_not_the_last_says_so(world: World) -> None:
    world.http.post("/taskList", data="page=1", headers=TYPED)
    calls = world.calls()

    part, last = ({"calls": calls, "next": after} for after in (1, None))

    assert "; the journal has more after this page" in lint(json.dumps(part)).output
    assert found(json.dumps(part))["has_more"] is True
    assert "more" not in lint(json.dumps(last)).output


def test_a_journal_cut_off_in_a_line_is_judged_up_to_there(world: World) -> None:
    world.http.post("/taskList", data="page=0", headers=TYPED)
    line = json.dumps(world.calls()[0])

    done = lint(f"{line}\n{line[:-9]}")

    assert done.exit_code == 1
    assert "page-out-of-range" in done.stdout
    assert "line 2: it is not JSON" in done.stderr


def test_a_pause_on_the_clock_of_the_account_is_a_pause(world: World) -> None:
    task_id = world.submit()
    query = {"task_id": task_id}
    world.vendor("/queryTask", query)
    calls = world.calls()
    later = {**calls[1], "id": 3, "at": calls[1]["at"] + 60_000, "real_at": calls[1]["real_at"] + 1,
             "jumped_ms": 60_000}  # fmt: skip

    text = "\n".join(json.dumps(each) for each in (*calls, later))

    assert "poll-too-fast" not in [each for _, each in ids(text)]


def test_an_answer_that_never_arrived_is_a_failure_in_the_journal_too(world: World) -> None:
    world.submit()
    call = world.calls()[0]
    lost = {**call, "sent": {"what": "nothing", "status": None, "left_after_ms": None}}

    text = "\n".join(json.dumps(each) for each in (lost, call))

    assert (2, "submit-after-failure") in ids(text)


def test_a_call_that_no_server_could_read_is_judged_by_its_size_alone(world: World) -> None:
    world.http.post("/submitTask", data=b"x" * (MAX_BODY_BYTES + 1), headers=TYPED)
    large = world.calls()[0]
    broken = {**large, "method": "", "path": "*", "status": 400, "error_code": "I400RU"}
    classic = {**large, "error_code": None}

    text = "\n".join(json.dumps(each) for each in (large, broken, classic))

    assert [each["id"] for each in large["findings"]] == ["body-too-large"]
    assert ids(text) == [(1, "body-too-large"), (3, "body-too-large")]
