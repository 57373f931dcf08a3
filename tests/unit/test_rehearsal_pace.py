"""The rules on a client's pace: pauses after failures, and bounds of polling."""

import json
from typing import Any

import pytest

from mock_server.rehearsal import call_rules
from mock_server.rehearsal.call_rules import polls_in_bounds
from mock_server.store.journal import unsent
from tests.support.rehearsals import (
    ONE,
    TWO,
    Journal,
    ended,
    evidence,
    found,
    late,
    left,
    succeeded,
    wasted_ids,
)

# Backs off

MESSAGE = "Throttled by API Flow Control"
THROTTLED: dict[str, Any] = {"status": 403, "code": None, "message": MESSAGE}


@pytest.mark.parametrize("failure", [{"status": 429}, {"status": 500}, {"status": 503}, THROTTLED])
@pytest.mark.parametrize(("pause", "allowed"), [(0, False), (249, False), (250, True)])
def test_the_same_request_waits_250_ms(failure: dict[str, Any], pause: int, allowed: bool) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **failure)
        journal.submit(pause, task="t1")

    assert (found(call_rules.backs_off, case) is None) == allowed


def test_the_pause_begins_when_the_failure_was_heard() -> None:
    slow = {**late(1000), "status": 503}

    def case(pause: int) -> bool:
        journal = Journal()
        journal.query(0, status=503, sent=slow)
        journal.query(1000 + pause)
        return call_rules.backs_off(evidence(journal)) is None

    assert [case(249), case(250)] == [False, True]


def test_a_failure_that_nobody_heard_and_another_refusal_ask_for_no_pause() -> None:
    def unheard(journal: Journal) -> None:
        journal.query(0, status=503, sent={**left(100), "status": 503})
        journal.query(110)

    def refused(journal: Journal) -> None:
        journal.query(0, status=450)
        journal.query(10)

    assert found(call_rules.backs_off, unheard) is None
    assert found(call_rules.backs_off, refused) is None


def test_three_workers_side_by_side_are_in_no_hurry() -> None:
    def case(journal: Journal) -> None:
        for number in range(3):
            journal.query(number * 40, f"t{number}", status=503)
        for number in range(3):
            journal.submit(500 + number * 40, f"text {number}", status=429)

    assert found(call_rules.backs_off, case) is None


def test_three_workers_that_look_into_the_list_are_in_no_hurry_but_one_is() -> None:
    def three(journal: Journal) -> None:
        for number in range(3):
            journal.submit(number * 5, f"text {number}", status=504)
        for number in range(3):
            journal.list(500 + number * 40, status=503)

    def one(journal: Journal) -> None:
        journal.submit(0, ONE, status=504)
        for number in range(3):
            journal.list(500 + number * 40, status=503)

    assert found(call_rules.backs_off, three) is None
    assert found(call_rules.backs_off, one) is not None


def test_workers_that_start_one_after_the_other_are_in_no_hurry_but_a_chain_is() -> None:
    """Each of the three looks into the list first; nobody sees how many they are."""

    def three(journal: Journal) -> None:
        for number in range(3):
            journal.list(number * 110, status=503)

    def chain(journal: Journal) -> None:
        for number in range(3):
            journal.list(number * 110, status=503)
        journal.list(330)

    assert found(call_rules.backs_off, three) is None
    assert found(call_rules.backs_off, chain) is not None


@pytest.mark.parametrize(("tries", "allowed"), [(10, True), (11, False)])
def test_ten_tries_are_the_most(tries: int, allowed: bool) -> None:
    def case(journal: Journal) -> None:
        for number in range(tries):
            journal.submit(number * 1000, status=429)

    assert (found(call_rules.backs_off, case) is None) == allowed


def test_tries_are_counted_anew_after_a_success() -> None:
    def case(journal: Journal) -> None:
        for number in range(18):
            journal.query(number * 1000, status=200 if number == 9 else 503)

    assert found(call_rules.backs_off, case) is None


# Polls within bounds


@pytest.mark.parametrize(("count", "allowed"), [(60, True), (61, False)])
def test_sixty_queries_a_task_are_the_most(count: int, allowed: bool) -> None:
    def case(journal: Journal) -> None:
        for number in range(count):
            journal.query(number * 400)

    breach = found(polls_in_bounds, case)

    assert (breach is None) == allowed
    assert breach is None or wasted_ids(breach) == [61]


@pytest.mark.parametrize(("short", "allowed"), [(5, True), (6, False)])
def test_five_short_gaps_are_the_most(short: int, allowed: bool) -> None:
    def case(journal: Journal) -> None:
        for number in range(short + 1):
            journal.query(number * 179)
        journal.query(10_000)

    breach = found(polls_in_bounds, case)

    assert (breach is None) == allowed
    assert breach is None or wasted_ids(breach) == [7]


def test_a_gap_of_200_ms_is_not_short_nor_one_that_is_off_by_the_clocks() -> None:
    def case(journal: Journal) -> None:
        for number in range(20):
            journal.query(number * 180)

    assert found(polls_in_bounds, case) is None


@pytest.mark.parametrize(("overlaps", "allowed"), [(2, True), (3, False)])
def test_two_queries_may_begin_while_another_is_open(overlaps: int, allowed: bool) -> None:
    def case(journal: Journal) -> None:
        for number in range(overlaps):
            journal.query(number * 3000, sent=late(1500))
            journal.query(number * 3000 + 1000, sent=late(400))

    assert (found(polls_in_bounds, case) is None) == allowed


def test_three_pollers_of_three_tasks_are_no_hurry() -> None:
    def case(journal: Journal) -> None:
        for number in range(60):
            journal.query(number * 100, f"t{number % 3}", sent=late(150))

    assert found(polls_in_bounds, case) is None


@pytest.mark.parametrize(("more", "verdict"), [(0, "fine"), (1, "note"), (2, "broken")])
def test_one_query_after_the_end_is_a_note_and_a_second_one_breaks_the_rule(
    more: int, verdict: str
) -> None:
    def case(journal: Journal) -> None:
        journal.query(0)
        for number in range(more + 1):
            journal.query(1000 + number * 1000, ended=True)

    breach = found(polls_in_bounds, case)

    assert (breach is None) == (verdict == "fine")
    if breach is not None:
        assert breach.is_note == (verdict == "note")
        assert wasted_ids(breach) == list(range(3, 3 + more))


def test_an_end_that_was_not_heard_and_a_query_under_way_are_no_end() -> None:
    def case(journal: Journal) -> None:
        journal.query(0, ended=True, sent=left(500))
        journal.query(1000, ended=True, sent=late(900))
        journal.query(1500, ended=True, sent=late(900))

    assert found(polls_in_bounds, case) is None


def test_what_was_wasted_is_that_of_all_tasks() -> None:
    def case(journal: Journal) -> None:
        for task in ("t1", "t2", "t3"):
            for at in range(3 if task != "t3" else 2):
                journal.query(at * 1000, task, ended=True)

    assert wasted_ids(found(polls_in_bounds, case)) == [2, 3, 5, 6]


def test_a_note_does_not_hide_a_breach() -> None:
    def case(journal: Journal) -> None:
        for at in (0, 1000):
            journal.query(at, "t1", ended=True)
        for at in (0, 1000, 2000):
            journal.query(at, "t2", ended=True)

    breach = found(polls_in_bounds, case)

    assert breach is not None
    assert not breach.is_note


def fetches(*calls: dict[str, Any], **more: Any) -> bool:
    """Whether these fetches of one picture break the rule."""
    journal = Journal()
    journal.submit(0, task="t1")
    journal.tasks["t1"] |= succeeded("t1", 2)
    for number, each in enumerate(calls):
        journal.fetch(1000 + 500 * number, **each)
    return polls_in_bounds(evidence(journal, **more)) is not None


def test_a_picture_is_not_fetched_again_once_it_is_whole() -> None:
    cut = {"sent": {**late(0), "what": "cut"}}

    assert fetches({}, {})
    assert not fetches({}, {"number": 2})
    assert not fetches(cut, {})
    assert not fetches({"sent": json.loads(unsent(5))}, {})  # it hung up before it had all of it
    assert not fetches({"status": 404}, {})
    assert not fetches({"method": "HEAD"}, {})
    assert not fetches({"sent": late(900)}, {})  # the first is still under way
    assert fetches(cut, {}, {})


def test_a_client_that_is_started_again_may_query_and_fetch_again() -> None:
    more = {"earlier": (ended(None),), "restarted_after": 2}

    def case(journal: Journal) -> None:
        for at in (0, 1000, 2000):
            journal.query(at, ended=True)

    assert not fetches({}, {}, **more)
    in_two_runs, in_one = found(polls_in_bounds, case, **more), found(polls_in_bounds, case)
    assert in_two_runs is not None
    assert in_two_runs.is_note
    assert in_one is not None
    assert not in_one.is_note


def test_an_intent_of_another_text_is_no_repetition() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, ONE, status=429)
        journal.submit(1, TWO, status=429)

    assert found(call_rules.backs_off, case) is None
