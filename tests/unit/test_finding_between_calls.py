"""Findings between calls: each rule on a history that has it, and on histories that do not."""

from dataclasses import replace

import pytest

from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import CallEvent, has_ended, judge_sequence

T0 = 1_700_000_000_000
SUBMIT = CallEvent(
    id=1, at=T0, real_at=T0, operation=Operation.SUBMIT_TASK, status=200, body="b", task_id="t"
)
FAILED = replace(SUBMIT, status=504, code="D504TO", task_id=None)
REFUSED = replace(SUBMIT, status=450, task_id=None)
QUERY = replace(SUBMIT, operation=Operation.QUERY_TASK)
LIST = replace(SUBMIT, operation=Operation.LIST_TASKS, task_id=None)
SPENT = replace(QUERY, status=403, code="B403MQ", task_id=None)


def found(*events: CallEvent, pause: int = 5_000, real_pause: int | None = None) -> list[list[str]]:
    """Return the findings of each call, with a pause between the calls."""
    real = pause if real_pause is None else real_pause
    story = [
        replace(
            event, id=number, at=T0 + number * pause, real_at=T0 + number * real,
            jumped_ms=number * max(0, pause - real),
        )
        for number, event in enumerate(events)
    ]  # fmt: skip
    by_call = judge_sequence(story)
    return [[hit.id for hit in by_call.get(event.id, [])] for event in story]


def test_the_same_submit_after_a_failure_is_an_error() -> None:
    assert found(FAILED, SUBMIT) == [[], ["submit-after-failure"]]


def test_a_submit_that_was_never_answered_is_a_failure_too() -> None:
    assert found(replace(FAILED, status=0, code=None), SUBMIT)[1] == ["submit-after-failure"]


def test_a_client_that_lists_first_may_submit_again() -> None:
    assert found(FAILED, LIST, SUBMIT) == [[], [], []]


def test_a_list_that_was_not_answered_says_nothing() -> None:
    assert found(FAILED, replace(LIST, status=504), SUBMIT)[2] == ["submit-after-failure"]


def test_another_submit_after_a_failure_is_another_wish() -> None:
    assert found(FAILED, replace(SUBMIT, body="c")) == [[], []]


def test_the_same_submit_after_it_was_accepted_is_paid_twice() -> None:
    assert found(SUBMIT, SUBMIT) == [[], ["submit-twice"]]
    assert found(SUBMIT, LIST, SUBMIT)[2] == ["submit-twice"]


def test_the_same_submit_much_later_is_another_wish() -> None:
    assert found(SUBMIT, SUBMIT, pause=24 * 3_600_000) == [[], []]


@pytest.mark.parametrize("refused", [REFUSED, replace(REFUSED, status=200)])
def test_a_refusal_that_is_sent_again_unchanged_is_found(refused: CallEvent) -> None:
    assert found(refused, refused) == [[], ["refusal-repeated"]]


def test_a_submit_after_credits_were_bought_is_fine() -> None:
    assert found(replace(SUBMIT, status=403, code="B403MQ", task_id=None), SUBMIT) == [[], []]


def test_polls_within_a_second_are_found_and_slower_ones_are_not() -> None:
    assert found(QUERY, QUERY, pause=999) == [[], ["poll-too-fast"]]
    assert found(QUERY, QUERY, pause=1_000) == [[], []]
    assert found(QUERY, replace(QUERY, task_id="u"), pause=1) == [[], []]


def test_a_pause_on_either_clock_is_a_pause() -> None:
    assert found(QUERY, QUERY, pause=20_000, real_pause=3) == [[], []]
    assert found(QUERY, QUERY, pause=0, real_pause=1_500) == [[], []]


def test_polls_after_the_end_was_answered_are_found_each_time() -> None:
    ended = replace(QUERY, ended=True)

    assert found(QUERY, ended, ended, QUERY)[2:] == [["poll-after-end"], ["poll-after-end"]]


@pytest.mark.parametrize(
    "asked",
    [
        replace(QUERY, status=429, code="T429PA"),
        replace(QUERY, status=503, code="X503BZ"),
        replace(QUERY, status=403, code="Throttled by API Flow Control"),
    ],
)
def test_a_retry_without_a_pause_is_found(asked: CallEvent) -> None:
    asked = replace(asked, task_id=None)

    assert found(asked, QUERY, pause=200) == [[], ["retry-at-once"]]
    assert found(asked, QUERY, pause=2_000) == [[], []]
    assert found(asked, LIST, pause=200) == [[], []]


def test_a_client_that_goes_on_after_a_final_refusal_is_found() -> None:
    assert found(SPENT, SPENT, SPENT) == [[], ["went-on"], ["went-on"]]
    assert found(SPENT, QUERY) == [[], []]


def test_a_nonce_that_comes_again_is_found_unless_it_was_hidden() -> None:
    named = replace(QUERY, nonce="n")

    assert found(named, QUERY, named) == [[], [], ["nonce-reused"]]
    assert found(*[replace(QUERY, nonce="***")] * 2) == [[], []]
    assert found(named, replace(QUERY, nonce="m")) == [[], []]


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (b'{"showapi_res_body":{"status":"succeeded","resList":["u"]}}', True),
        (b'{"showapi_res_body":{"status":"failed","resList":[]}}', True),
        (b'{"resList":["u"]}', True),
        (b'{"status":"FAILED"}', True),
        (b'{"status":3}', True),
        (b'{"status":1}', False),
        (b'{"showapi_res_body":{"status":"running","resList":[]}}', False),
        (b'{"showapi_res_body":{"status":["failed"]}}', False),
        (b'{"showapi_res_body":[]}', False),
        (b"[]", False),
        (b"<html>", False),
        (b"\xff", False),
        (b"[" * 100_000, False),
    ],
)
def test_an_answer_says_whether_the_task_has_ended(answer: bytes, ended: bool) -> None:
    assert has_ended(answer) is ended
