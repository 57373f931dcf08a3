"""The retry bill: each rule by the nearest cases on its two sides."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_server.audit.history import History
from mock_server.audit.retry_bill import RetryBill, bill_json, bill_of, intents_json
from tests.support.rehearsals import (
    NOTHING_SENT,
    ONE,
    TWO,
    Journal,
    callback,
    ended,
    evidence,
    late,
    left,
    page_of,
    succeeded,
)

REFUSAL: dict[str, Any] = {"charged": True}  # a submit without a task, with status 200


def bill(case: Callable[[Journal], object], **more: Any) -> RetryBill:
    """Return the bill of the calls that `case` adds to a journal."""
    journal = Journal()
    case(journal)
    return bill_of(evidence(journal, **more))


def classes(case: Callable[[Journal], object], **more: Any) -> dict[int, str]:
    """Return the class of each charged call."""
    return {each.id: str(each.kind) for each in bill(case, **more).charges}


def retried(journal: Journal) -> None:
    """A POST that an adapter repeats three times; only the last answer comes."""
    for number in range(3):
        journal.submit(number * 100, task=f"lost{number}", sent=NOTHING_SENT)
    journal.finished(300)


def test_the_sentence_counts_submits_intents_waste_and_names_the_calls() -> None:
    found = bill(retried)

    says = "4 submits, 1 intent, 3 wasted, 0.84 yuan: duplicate-submit calls 1, 2, 3."
    assert found.sentence == says
    assert [each.why for each in found.wasted] == [
        "Call 4 made a task of the same intent: one task was wanted."
    ] * 3
    assert found.praise is None


def test_a_careful_client_wastes_nothing() -> None:
    found = bill(lambda journal: journal.finished(0))

    assert found.sentence == "1 submit, 1 intent, nothing wasted."
    assert [str(each.kind) for each in found.charges] == ["useful", "useful"]


# Submits


def test_the_duplicate_is_the_submit_whose_task_was_used_less() -> None:
    def first_used(journal: Journal) -> None:
        journal.finished(0)
        journal.submit(700, task="t2")

    def second_used(journal: Journal) -> None:
        journal.submit(0, task="t0")
        journal.finished(100)

    def second_known(journal: Journal) -> None:
        journal.submit(0, task="t0", sent=NOTHING_SENT)
        journal.submit(100, task="t1")

    def neither(journal: Journal) -> None:
        journal.submit(0, task="t1")
        journal.submit(100, task="t2")

    cases = (first_used, second_used, second_known, neither)
    assert [[each.id for each in bill(case).of("duplicate-submit")] for case in cases] == [
        [4], [1], [1], [2],
    ]  # fmt: skip


@pytest.mark.parametrize(("ghost_first", "expected"), [(True, [2]), (False, [])])
def test_a_task_that_was_made_for_free_makes_a_later_charge_a_duplicate(
    ghost_first: bool, expected: list[int]
) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, task="t1", charged=not ghost_first)
        journal.submit(100, task="t2", charged=ghost_first)

    found = bill(case)

    assert [each.id for each in found.wasted] == expected
    assert all("for free" in each.why for each in found.wasted)


def test_copies_are_wanted_as_often_as_somebody_says() -> None:
    def thrice(journal: Journal) -> None:
        for number in range(3):
            journal.submit(number * 1000, task=f"t{number}")

    counts = [len(bill(thrice, copies=copies).wasted) for copies in (1, 2, 3)]

    assert counts == [2, 1, 0]


def test_a_task_that_succeeded_and_was_not_fetched_is_an_orphan() -> None:
    def case(journal: Journal, **change: Any) -> None:
        journal.submit(0, task="t1")
        journal.tasks["t1"] |= {**succeeded("t1", 4), **change}

    def fetched(**how: Any) -> Callable[[Journal], None]:
        def with_a_fetch(journal: Journal) -> None:
            case(journal)
            journal.fetch(1000, **how)

        return with_a_fetch

    assert classes(case) == {1: "orphan"}
    assert classes(fetched(number=2)) == {1: "useful"}  # one of four is enough
    assert classes(fetched(sent=left(100))) == {1: "orphan"}  # the client broke it off
    assert classes(fetched(sent=NOTHING_SENT)) == {1: "useful"}  # the wire did
    gone = {"status": 404, "task": None, "path": "/pictures/a/t1/1.png"}
    assert classes(fetched(**gone)) == {1: "useful"}
    head = {"method": "HEAD"}
    assert classes(fetched(**head)) == {1: "orphan"}
    changes: tuple[dict[str, Any], ...] = (
        {"status": "failed"}, {"status": "running"}, {"pictures": []},
    )  # fmt: skip
    for change in changes:
        journal = Journal()
        case(journal, **change)
        assert [str(each.kind) for each in bill_of(evidence(journal)).charges] == ["useful"]
    assert classes(case, tasks={}) == {1: "useful"}


@pytest.mark.parametrize(
    ("folder", "expected"), [("gone/pictures", "useful"), ("pictures", "orphan")]
)
def test_a_picture_whose_link_leads_elsewhere_is_out_of_sight(folder: str, expected: str) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, task="t1")
        journal.tasks["t1"] |= succeeded("t1")
        links = [f"http://127.0.0.1:1/{folder}/a/t1/1.png"]
        result = {"ret_code": 0, "status": "succeeded", "resList": links}
        journal.call(1000, "query_task", {"task_id": "t1"}, result, "t1")

    assert classes(case) == {1: expected, 2: "useful"}


@pytest.mark.parametrize("sent", [None, NOTHING_SENT])
def test_a_charged_refusal_is_one_whatever_was_called(sent: dict[str, Any] | None) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, sent=sent)
        journal.call(100, "query_task", {"task_id": "x"}, {"ret_code": "-1"}, None, sent=sent)
        journal.call(200, "list_tasks", {}, {"showapi_res_code": -1}, None, sent=sent)
        journal.submit(300, TWO, status=450)

    assert set(classes(case).values()) == {"refusal-in-200"}
    assert len(classes(case)) == 3


def test_an_answer_that_the_journal_cut_is_no_refusal() -> None:
    journal = Journal()
    cut = {"headers": [], "encoding": "utf-8", "body": '{"ret_code": 0, "contentl'}
    journal.list(0, ["t1"], answer=cut)

    assert [str(each.kind) for each in bill_of(evidence(journal)).charges] == ["useful"]


# Queries


@pytest.mark.parametrize(
    ("pause", "expected"), [(979, "poll-before-the-end"), (980, "useful"), (3000, "useful")]
)
def test_one_query_a_second_is_needed_and_no_more(pause: int, expected: str) -> None:
    def case(journal: Journal) -> None:
        journal.query(0)
        journal.query(pause)

    assert classes(case) == {1: "useful", 2: expected}


def test_a_fast_poller_is_charged_for_what_exceeds_one_query_a_second() -> None:
    def case(journal: Journal) -> None:
        for number in range(21):
            journal.query(number * 100)

    assert [number for number, kind in classes(case).items() if kind == "useful"] == [1, 11, 21]


def test_the_query_that_tells_the_end_is_useful_and_every_later_one_is_not() -> None:
    def case(journal: Journal) -> None:
        journal.query(0)
        journal.query(100, ended=True)
        journal.query(200, ended=True)
        journal.query(9000, ended=True)

    late_polls = {3: "poll-after-the-end", 4: "poll-after-the-end"}
    assert classes(case) == {1: "useful", 2: "useful", **late_polls}
    assert bill(case).wasted[0].why == "The client knew from call 2 that the task had ended."


def test_a_query_that_was_under_way_at_the_end_came_too_early_and_not_too_late() -> None:
    def case(journal: Journal) -> None:
        journal.query(0, ended=True, sent=late(500))
        journal.query(300, ended=True, sent=late(900))

    assert classes(case) == {1: "useful", 2: "poll-before-the-end"}


def test_a_lost_answer_is_no_fault_and_is_asked_for_again_at_once() -> None:
    def case(journal: Journal) -> None:
        journal.query(0, sent=NOTHING_SENT)
        journal.query(50, sent=page_of(502))
        journal.query(100)
        journal.query(150, sent=NOTHING_SENT)  # hasty all the same

    assert classes(case) == {
        1: "useful", 2: "useful", 3: "useful", 4: "poll-before-the-end",
    }  # fmt: skip


def test_time_that_the_clock_jumped_over_is_a_pause() -> None:
    def case(journal: Journal) -> None:
        journal.query(0, jumped_ms=0)
        journal.query(10, jumped_ms=5000)
        journal.query(20, jumped_ms=5000)

    assert classes(case) == {1: "useful", 2: "useful", 3: "poll-before-the-end"}


def test_a_client_that_was_started_again_knows_nothing() -> None:
    def case(journal: Journal) -> None:
        journal.query(0, ended=True)
        journal.list(100)
        journal.query(2000, ended=True)
        journal.list(2100)

    again = {"earlier": (ended(1),), "restarted_after": 2}
    assert set(classes(case, **again).values()) == {"useful"}
    assert classes(case)[3] == "poll-after-the-end"


def test_a_query_that_confirms_a_callback_is_useful() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, task="t1")
        journal.query(3000, ended=True)

    found = classes(case, callbacks=[callback(2000, 200)])
    assert found == {1: "useful", 2: "useful"}


# Lists


def test_a_list_is_useful_while_it_tells_something() -> None:
    def case(journal: Journal) -> None:
        journal.list(0, ["t1"])
        journal.list(100, ["t1"])  # too soon
        journal.list(200, ["t1", "t2"])  # a new task
        journal.list(2000, ["t1", "t2"])  # none has ended
        for task in ("t1", "t2"):
            journal.query(4000, task, ended=True)
        journal.list(9000, ["t1", "t2"])  # all had
        journal.list(9001, page=2)  # another page

    kinds = classes(case)
    assert {number: kinds[number] for number in (1, 2, 3, 4, 7, 8)} == {
        1: "useful", 2: "poll-before-the-end", 3: "useful", 4: "useful", 7: "poll-after-the-end",
        8: "useful",
    }  # fmt: skip


def test_a_list_whose_answer_was_lost_is_compared_with_the_same_page_alone() -> None:
    def case(journal: Journal) -> None:
        journal.list(0, ["t1"], page=1, pages=2)
        journal.list(100, ["t1"], page=2, pages=2, sent=NOTHING_SENT)
        journal.list(200, ["t1"], page=1, pages=2, sent=NOTHING_SENT)

    assert classes(case) == {1: "useful", 2: "useful", 3: "poll-before-the-end"}


def test_a_list_that_looks_for_a_lost_submit_is_useful_belongs_to_it_and_is_praised() -> None:
    def case(journal: Journal) -> None:
        journal.list(0)
        journal.submit(100, task="t1", sent=NOTHING_SENT)
        journal.list(200, ["t1"])
        journal.query(3000, ended=True)
        journal.fetch(3100)

    found = bill(case)

    assert not found.wasted
    assert found.charges[2].intent == f"{ONE} (pet_cat)"
    assert found.praise == (
        "After call 2, whose outcome was open, it looked into the task list first (call 3) and "
        "submitted nothing again."
    )


def test_a_look_that_saw_too_few_pages_is_not_praised() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, task="t1", sent=NOTHING_SENT)
        journal.list(200, ["old"], page=1, pages=2)
        journal.submit(400, task="t2")

    assert bill(case).praise is None


# Intents


@pytest.mark.parametrize(
    ("second", "count"),
    [
        ({"text": ONE, "style_id": "s", "your_prompt": "p"}, 1),
        ({"text": ONE, "qr_code_url": "i", "style_id": "s"}, 1),
        ({"text": ONE, "style_id": "r"}, 2),
        ({"qr_code_url": ONE, "style_id": "s"}, 2),
    ],
)
def test_text_beats_image_and_style_beats_prompt(second: dict[str, str], count: int) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, fields={"text": ONE, "style_id": "s"}, task="t1")
        journal.submit(900, fields=second, task="t2")

    found = bill(case)

    assert (len(found.intents), len(found.wasted)) == (count, 2 - count)


@pytest.mark.parametrize("known", ["query", "list", "callback", "nothing", "a day"])
def test_where_nobody_said_how_many_the_same_is_wanted_again_once_the_end_was_known(
    known: str,
) -> None:
    journal = Journal()
    journal.submit(0, task="t1")
    if known == "query":
        journal.query(1000, ended=True)
    elif known == "list":
        items = [{"task_id": "t1", "status": "succeeded", "resList": ["x"]}]
        body = {"ret_code": 0, "allPages": 1, "currentPage": 1, "contentlist": items}
        journal.call(1000, "list_tasks", {"page": "1"}, body, None)
    again = 24 * 3_600_000 if known == "a day" else 3000
    journal.submit(again, task="t2")
    told = [callback(2000, 200)] if known == "callback" else []
    history = History.of_account(
        (each.call for each in journal.calls), journal.tasks.values(), callbacks=told
    )

    found = bill_of(history)

    assert len(found.intents) == (1 if known == "nothing" else 2)
    assert len(found.of("duplicate-submit")) == (known == "nothing")
    assert len(set(found.intents)) == len(found.intents)


def test_calls_that_the_journal_let_go_are_said() -> None:
    found = bill(lambda journal: journal.finished(0), dropped=120)

    assert found.sentence == (
        "1 submit, 1 intent, nothing wasted. The journal let 120 earlier calls go: more may have "
        "been wasted."
    )


def test_a_query_of_an_unknown_task_belongs_to_no_intent() -> None:
    found = bill(lambda journal: journal.query(0, "older"))

    assert [each.intent for each in found.charges] == [None]
    assert intents_json(found) == [
        {"intent": None, "submits": 0, "charges": 1, "fen": 28, "wasted": 0, "fen_wasted": 0}
    ]


def test_a_hostile_text_is_printable_and_short() -> None:
    found = bill(lambda journal: journal.submit(0, "\x1b[31m" + "x" * 5000, task="t1"))

    (label,) = found.intents
    assert label.isprintable()
    assert len(label) < 200


def test_a_long_bill_keeps_the_wasted_charges_and_says_how_many_are_missing() -> None:
    def case(journal: Journal) -> None:
        journal.query(0)
        for number in range(1, 30):
            journal.query(number * 3000)
        journal.query(87_100)

    shown = bill_json(bill(case), most=3)

    assert [each["call"] for each in shown["charges"]] == [1, 2, 31]
    assert shown["left_out"] == 28
    assert [row["charges"] for row in shown["classes"]] == [30, 0, 1, 0, 0, 0]


def test_a_sentence_names_so_many_calls_as_a_person_reads() -> None:
    def case(journal: Journal) -> None:
        for number in range(20):
            journal.query(number * 10)

    assert bill(case).sentence == (
        "0 submits, 0 intents, 19 wasted, 5.32 yuan: poll-before-the-end calls 2, 3, 4, 5, 6, 7, "
        "8, 9 and 11 more."
    )
