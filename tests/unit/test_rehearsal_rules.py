"""The rules on a client's calls: what breaks each, and the nearest that does not."""

from typing import Any

import pytest

from mock_server.rehearsal import call_rules
from tests.support.rehearsals import (
    NOTHING_SENT,
    ONE,
    TWO,
    Journal,
    ended,
    evidence,
    found,
    late,
    left,
    page_of,
    wasted_ids,
)

# One intent, one task


def twice(journal: Journal, **second: Any) -> None:
    journal.submit(0, task="t1")
    journal.submit(900, task="t2", **second)


def test_two_tasks_of_one_text_break_the_rule_and_the_second_charge_is_wasted() -> None:
    assert wasted_ids(found(call_rules.one_task, twice)) == [2]


def test_a_free_ghost_counts_as_a_task_and_costs_nothing() -> None:
    breach = found(call_rules.one_task, lambda journal: twice(journal, charged=False))

    assert wasted_ids(breach) == []


def test_two_copies_may_be_wanted_but_not_three() -> None:
    def thrice(journal: Journal) -> None:
        twice(journal)
        journal.submit(2000, task="t3")

    assert found(call_rules.one_task, twice, copies=2) is None
    assert wasted_ids(found(call_rules.one_task, thrice, copies=2)) == [3]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"text": ONE, "style_id": "s"}, {"text": ONE, "style_id": "s", "call_back": "x"}, True),
        ({"text": ONE, "qr_code_url": "a"}, {"text": ONE, "qr_code_url": "b"}, True),
        ({"text": "", "qr_code_url": "a"}, {"qr_code_url": "a"}, True),
        ({"text": ONE, "style_id": "s", "your_prompt": "a"}, {"text": ONE, "style_id": "s"}, True),
        ({"text": ONE, "style_id": "s"}, {"text": ONE, "style_id": "r"}, False),
        ({"text": ONE, "your_prompt": "a"}, {"text": ONE, "your_prompt": "b"}, False),
        ({"text": ONE, "style_id": "s"}, {"text": TWO, "style_id": "s"}, False),
        ({"text": "a"}, {"qr_code_url": "a"}, False),
        ({"text": "a"}, {"text": " "}, False),
    ],
)
def test_an_intent_is_what_the_api_takes(
    first: dict[str, str], second: dict[str, str], same: bool
) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, fields=first, task="t1")
        journal.submit(900, fields=second, task="t2")

    assert (found(call_rules.one_task, case) is not None) == same


def test_a_submit_that_the_api_cannot_read_is_an_intent_of_its_own() -> None:
    journal = Journal()
    for at in (0, 900):
        journal.submit(at, fields={"text": "a\x00"}, status=450)

    assert len(evidence(journal).intents()) == 2


# Looks before it repeats

OPEN: dict[str, dict[str, Any]] = {
    "reset": {"sent": NOTHING_SENT},
    "504": {"status": 504},
    "500": {"status": 500},
    "page of a proxy": {"sent": page_of(502)},
    "gave up": {"sent": left(800)},
}


@pytest.mark.parametrize("outcome", OPEN.values(), ids=list(OPEN))
@pytest.mark.parametrize("task", ["t1", None])
def test_a_submit_after_an_open_outcome_needs_a_look(
    outcome: dict[str, Any], task: str | None
) -> None:
    def blind(journal: Journal) -> None:
        journal.submit(0, task=task, **outcome)
        journal.submit(2000, task="t2")

    def looking(journal: Journal) -> None:
        journal.submit(0, task=task, **outcome)
        journal.list(1000, [task] if task else [])
        journal.submit(2000, task="t2")

    assert found(call_rules.looks_first, blind) is not None
    assert found(call_rules.looks_first, looking) is None


@pytest.mark.parametrize("status", [429, 503, 450])
def test_a_submit_that_was_surely_not_carried_out_needs_no_look(status: int) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, status=status)
        journal.submit(2000, task="t1")

    assert found(call_rules.looks_first, case) is None


@pytest.mark.parametrize(
    ("task", "pages", "enough"),
    [
        (None, [1, 2, 3], True),
        (None, [1, 2], False),
        (None, [3, 2, 1], True),
        ("t1", [1], False),
        ("t1", [1, 2], True),
        ("t1", [2], True),
        ("t1", [1, 3], False),
    ],
)
def test_the_pages_up_to_the_task_are_read_or_all(
    task: str | None, pages: list[int], enough: bool
) -> None:
    """The task is on the second page of three."""

    def case(journal: Journal) -> None:
        journal.submit(0, task=task, sent=NOTHING_SENT)
        for number, page in enumerate(pages):
            shown = ["t1"] if page == 2 and task else [f"old{page}"]
            journal.list(1000 + 500 * number, shown, page=page, pages=3)
        journal.submit(5000, task="t2")

    assert (found(call_rules.looks_first, case) is None) == enough


def test_a_list_that_was_lost_or_read_before_the_failure_shows_nothing() -> None:
    def lost(journal: Journal) -> None:
        journal.submit(0, sent=NOTHING_SENT)
        journal.list(1000, sent=NOTHING_SENT)
        journal.submit(2000, task="t1")

    def early(journal: Journal) -> None:
        journal.list(0)
        journal.submit(100, sent=left(800))
        journal.submit(2000, task="t1")

    assert found(call_rules.looks_first, lost) is not None
    assert found(call_rules.looks_first, early) is not None


def test_one_look_is_enough_for_all_later_submits() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, sent=NOTHING_SENT)
        journal.list(1000)
        journal.submit(2000, status=429)
        journal.submit(4000, task="t1")

    assert found(call_rules.looks_first, case) is None


def test_a_further_copy_needs_no_look_but_a_third_submit_of_two_does() -> None:
    def two(journal: Journal) -> None:
        journal.submit(0, sent=NOTHING_SENT)
        journal.submit(1000, task="t2")

    def three(journal: Journal) -> None:
        two(journal)
        journal.submit(2000, task="t3")

    assert found(call_rules.looks_first, two, copies=2) is None
    assert found(call_rules.looks_first, three, copies=2) is not None


# Stops at a final refusal

QUOTA: dict[str, Any] = {"status": 403, "code": "B403MQ"}


@pytest.mark.parametrize(
    "refusal",
    [
        QUOTA,
        {"status": 403, "code": "A403IS"},
        {"status": 400, "code": "A400AC"},
        {"status": 403, "code": None, "message": "User Arrears"},
        {"status": 403, "code": None, "message": "Invalid Signature, Server StringToSign:`x`"},
    ],
)
def test_one_worker_makes_one_more_call_at_most(refusal: dict[str, Any]) -> None:
    def once_more(journal: Journal) -> None:
        journal.submit(0, **refusal)
        journal.submit(1000, TWO, **refusal)

    def twice_more(journal: Journal) -> None:
        once_more(journal)
        journal.list(2000, **refusal)

    assert found(call_rules.stops, once_more) is None
    assert found(call_rules.stops, twice_more) is not None


def test_what_no_client_heard_or_what_passes_stops_nobody() -> None:
    def unheard(journal: Journal) -> None:
        journal.submit(0, **QUOTA, sent=NOTHING_SENT)
        for at in (1000, 2000, 3000):
            journal.list(at)

    def throttled(journal: Journal) -> None:
        journal.submit(0, status=403, code=None, message="Throttled by API Flow Control")
        for at in (1000, 2000, 3000):
            journal.list(at)

    assert found(call_rules.stops, unheard) is None
    assert found(call_rules.stops, throttled) is None


@pytest.mark.parametrize(("more", "allowed"), [(3, True), (4, False)])
def test_three_workers_make_three_more_calls_at_most(more: int, allowed: bool) -> None:
    def case(journal: Journal) -> None:
        for number in range(3):
            journal.submit(
                number * 30, f"text {number}", **QUOTA, sent={**late(150), "status": 403}
            )
        for number in range(more):
            journal.submit(200 + 30 * number, f"more {number}", **QUOTA)

    assert (found(call_rules.stops, case) is None) == allowed


def test_fetching_pictures_after_a_final_refusal_is_no_further_call() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **QUOTA)
        for number in range(1, 5):
            journal.fetch(1000, "t1", number)

    assert found(call_rules.stops, case) is None


def test_a_client_that_is_started_again_may_go_on() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **QUOTA)
        journal.submit(1000, task="t1")
        journal.query(2000)
        journal.query(3000, ended=True)

    assert found(call_rules.stops, case, earlier=(ended(1),), restarted_after=1) is None
    assert found(call_rules.stops, case) is not None


@pytest.mark.parametrize(
    ("refusal", "repeated"),
    [
        ({"status": 450}, True),
        ({"status": 200, "charged": True}, True),
        ({"status": 400, "code": "I400CT"}, True),
        ({"status": 429}, False),
        ({"status": 403, "code": "S403TE"}, False),
        ({"status": 200, "faults": [{"id": 1, "kind": "platform_error"}]}, False),
    ],
)
def test_a_refused_submit_is_not_sent_again_unchanged(
    refusal: dict[str, Any], repeated: bool
) -> None:
    def unchanged(journal: Journal) -> None:
        journal.submit(0, **refusal)
        journal.submit(1000, **refusal)

    def changed(journal: Journal) -> None:
        journal.submit(0, **refusal)
        journal.submit(1000, fields={"text": ONE, "style_id": "pet_cat", "x": "1"}, **refusal)

    assert (found(call_rules.stops, unchanged) is not None) == repeated
    assert found(call_rules.stops, changed) is None


def test_a_submit_that_was_sent_before_the_refusal_was_heard_is_no_repetition() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, status=450, sent={**late(500), "status": 450})
        journal.submit(100, status=450)

    assert found(call_rules.stops, case) is None


def test_a_refusal_in_200_that_is_repeated_is_a_wasted_charge() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0)
        journal.submit(1000)

    assert wasted_ids(found(call_rules.stops, case)) == [2]
    assert found(call_rules.stops, case, copies=2) is None
