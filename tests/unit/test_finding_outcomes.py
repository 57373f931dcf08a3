"""What became of the tasks, and what a client could know when it called: stories of both kinds."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import (
    CallEvent,
    Outcomes,
    TaskFacts,
    Told,
    judge_outcomes,
    judge_sequence,
    known_at,
    list_page,
)
from mock_server.domain.findings.call_events import ListPage
from mock_server.domain.findings.outcomes import MANY_POLLS

T0 = 1_700_000_000_000
HOUR = 3_600_000
SUBMIT = CallEvent(
    id=1, at=T0, real_at=T0, operation=Operation.SUBMIT_TASK, status=200, body="b", task_id="t"
)
QUERY = replace(SUBMIT, operation=Operation.QUERY_TASK, body="q", asked_id="t")
ENDED = replace(QUERY, ended=True)
LIST = replace(SUBMIT, operation=Operation.LIST_TASKS, task_id=None, body="l")
LOST = replace(SUBMIT, status=0)
FAILED = replace(SUBMIT, status=504, code="D504TO", task_id=None)
SPENT = replace(QUERY, status=403, code="B403MQ", task_id=None)
THROTTLED = replace(QUERY, status=429, code="T429PA", task_id=None)


def story(*events: tuple[int, CallEvent]) -> list[CallEvent]:
    """Events at ms after the start; an answer that takes a time is there that long after it."""
    return [
        replace(
            event, id=number, at=T0 + ms, real_at=T0 + ms,
            answered_at=None if event.answered_at is None else T0 + ms + event.answered_at,
        )
        for number, (ms, event) in enumerate(events)
    ]  # fmt: skip


def between(*events: tuple[int, CallEvent], told: Told | None = None) -> list[list[str]]:
    calls = story(*events)
    found = judge_sequence(calls, told or Told())
    return [[hit.id for hit in found.get(call.id, [])] for call in calls]


def late(event: CallEvent, ms: int) -> CallEvent:
    return replace(event, answered_at=ms)


def page(
    *ids: str, ended: Sequence[str] = (), newest: bool = True, whole: bool = False
) -> CallEvent:
    shown = ListPage(ids=ids, ended=frozenset(ended), has_newest=newest, is_whole=whole)
    return replace(LIST, page=shown)


# 13: what the client could know.


def test_a_submit_while_the_answer_is_outstanding_is_judged_the_same_before_and_after_it() -> None:
    waiting = between((0, late(SUBMIT, 10_000)), (1_000, SUBMIT))
    gave_up = between((0, late(LOST, 900)), (1_000, SUBMIT))
    gave_up_later = between((0, late(LOST, 5_000)), (1_000, SUBMIT))

    assert waiting == gave_up == gave_up_later == [[], ["submit-after-failure"]]


def test_a_submit_after_an_answer_that_was_late_is_paid_twice() -> None:
    assert between((0, late(SUBMIT, 900)), (1_000, SUBMIT)) == [[], ["submit-twice"]]


def test_a_refusal_or_an_end_that_was_on_its_way_is_not_held_against_a_client() -> None:
    assert between((0, late(SPENT, 500)), (100, SPENT)) == [[], []]
    assert between((0, late(SPENT, 500)), (100, SPENT), (600, SPENT))[2] == ["went-on"]
    assert between((0, late(ENDED, 3_000)), (2_000, QUERY), (4_000, QUERY)) == [
        [], [], ["poll-after-end"]
    ]  # fmt: skip


def test_a_call_that_was_booked_later_than_one_begun_after_it_is_judged_in_order() -> None:
    calls = story((1_000, SUBMIT), (0, late(LOST, 900)))

    found = judge_sequence(calls)

    assert {number: [hit.id for hit in hits] for number, hits in found.items()} == {
        0: ["submit-after-failure"]
    }


@pytest.mark.parametrize(
    ("held", "sent", "known"),
    [
        (0, None, 0),
        (0, {"left_after_ms": None, "late_ms": 300, "lasts_ms": 50}, 350),
        (0, {"left_after_ms": 200, "late_ms": 300, "lasts_ms": 0}, 200),
        (300, {"left_after_ms": None, "late_ms": 300, "lasts_ms": 0}, 0),
        (200, {"left_after_ms": 200, "late_ms": 0, "lasts_ms": 0}, 0),
        (0, {"left_after_ms": None}, 0),
    ],
)
def test_an_answer_is_known_when_it_was_sent_or_given_up(
    held: int, sent: dict[str, int | None] | None, known: int
) -> None:
    assert known_at(T0, held, sent) == T0 + known


# 14: pauses, and wishes.


def test_a_fast_clock_makes_no_pause_and_a_jump_does() -> None:
    fast = [replace(event, at=T0 + number * 30_000) for number, event in
            enumerate(story((0, QUERY), (50, QUERY)))]  # fmt: skip
    jumped = [replace(fast[0]), replace(fast[1], jumped_ms=5_000)]

    assert [hit.id for hit in judge_sequence(fast)[1]] == ["poll-too-fast"]
    assert judge_sequence(jumped) == {}


def test_a_double_submit_on_a_very_fast_clock_is_found() -> None:
    calls = story((0, SUBMIT), (700, SUBMIT))
    calls = [replace(event, at=T0 + 1000 * (event.real_at - T0)) for event in calls]

    assert [hit.id for hit in judge_sequence(calls)[1]] == ["submit-twice"]


@pytest.mark.parametrize(
    "seen",
    [ENDED, page("t", ended=["t"])],
    ids=["a query", "a list"],
)
def test_the_same_submit_after_its_end_was_seen_is_another_wish(seen: CallEvent) -> None:
    assert between((0, SUBMIT), (5_000, seen), (10_000, SUBMIT)) == [[], [], []]
    assert between((0, SUBMIT), (5_000, QUERY), (10_000, SUBMIT))[2] == ["submit-twice"]
    assert between((0, SUBMIT), (5_000, page("t")), (10_000, SUBMIT))[2] == ["submit-twice"]
    other = replace(ENDED, task_id="u")
    assert between((0, SUBMIT), (5_000, other), (10_000, SUBMIT))[2] == ["submit-twice"]


def test_the_same_submit_after_a_callback_told_of_its_end_is_another_wish() -> None:
    told = Told(ends={"t": T0 + 7_000})

    assert between((0, SUBMIT), (8_000, SUBMIT), told=told) == [[], []]
    assert between((0, SUBMIT), (6_000, SUBMIT), told=told) == [[], ["submit-twice"]]


def test_a_double_submit_is_found_however_long_the_client_waited() -> None:
    assert between((0, SUBMIT), (HOUR, SUBMIT)) == [[], ["submit-twice"]]
    assert between((0, SUBMIT), (24 * HOUR, SUBMIT)) == [[], []]


# 15: what a page of the list can show.

LOST_OUT = replace(FAILED, task_id="t")  # it was executed


@pytest.mark.parametrize(
    ("failed", "looked", "finding"),
    [
        (FAILED, page(whole=True), None),
        (FAILED, page("a", "b"), None),
        (FAILED, page("a", "b", newest=False), "submit-after-failure"),
        (FAILED, LIST, None),
        (FAILED, replace(page("a"), status=403), "submit-after-failure"),
        (LOST_OUT, page("a", "b", newest=False), "submit-after-failure"),
        (LOST_OUT, page("t", "a"), "submit-twice"),
        (replace(LOST, answered_at=0), page("t", "a"), "submit-twice"),
    ],
)
def test_a_list_clears_a_submit_only_if_it_could_show_the_task(
    failed: CallEvent, looked: CallEvent, finding: str | None
) -> None:
    assert between((0, failed), (5_000, looked), (10_000, SUBMIT))[2] == (
        [finding] if finding else []
    )


def test_a_client_that_takes_up_the_task_it_found_on_the_list_is_right() -> None:
    other = replace(SUBMIT, body="c", task_id="u")

    assert between((0, LOST_OUT), (5_000, page("t")), (6_000, QUERY), (11_000, ENDED),
                   (12_000, other)) == [[], [], [], [], []]  # fmt: skip


def test_a_list_that_was_asked_for_before_or_is_outstanding_clears_nothing() -> None:
    assert between((0, page("a")), (10, FAILED), (5_000, SUBMIT))[2] == ["submit-after-failure"]
    assert between((0, FAILED), (10, late(page("a"), 9_000)), (5_000, SUBMIT))[2] == [
        "submit-after-failure"
    ]


def test_a_page_full_of_later_tasks_shows_nothing_of_an_earlier_one() -> None:
    later = replace(SUBMIT, body="c", task_id="u")

    assert between((0, FAILED), (10, later), (20, page("u")), (5_000, SUBMIT))[3] == [
        "submit-after-failure"
    ]
    assert between((0, FAILED), (10, later), (20, page("u", "a")), (5_000, SUBMIT))[3] == []


@pytest.mark.parametrize("shape", ["{%s}", '{"pagebean":{%s}}', '{"showapi_res_body":{%s}}'])
def test_a_page_is_read_in_every_shape(shape: str) -> None:
    inside = '"currentPage":2,"allPages":2,"contentlist":[{"task_id":"a","status":"succeeded"}]'
    answer = (shape % inside).encode()

    assert list_page(answer) == ListPage(
        ids=("a",), ended=frozenset("a"), has_newest=False, is_whole=False
    )
    last = list_page(answer, oldest_first=True)
    assert last is not None
    assert last.has_newest
    assert list_page(b"[]") is None


# 16: the same request, begun after the refusal.


def test_a_retry_is_of_the_same_request_and_begun_after_the_refusal() -> None:
    other = replace(QUERY, body="other", asked_id="u", task_id="u")

    assert between((0, THROTTLED), (100, QUERY)) == [[], ["retry-at-once"]]
    assert between((0, THROTTLED), (100, other)) == [[], []]
    assert between((0, late(THROTTLED, 500)), (100, QUERY)) == [[], []]
    assert between((0, late(THROTTLED, 5_000)), (5_100, QUERY)) == [[], ["retry-at-once"]]
    assert between((0, THROTTLED), (50, other), (2_000, QUERY)) == [[], [], []]


# 18: what became of the tasks.

TASK = {"t": TaskFacts(pictures=4, is_over=False)}
OVER = {"t": TaskFacts(pictures=4, is_over=True)}


def outcomes(calls: list[CallEvent], facts: Outcomes) -> list[str]:
    return [hit.id for hits in judge_outcomes(calls, facts).values() for hit in hits]


def test_polling_without_bound_is_found_once() -> None:
    many = story(*[(number * 2_000, QUERY) for number in range(MANY_POLLS + 50)])
    long = story(*[(number * 180_000, QUERY) for number in range(30)])

    assert outcomes(many, Outcomes(tasks=TASK)) == ["polling-without-bound"]
    assert outcomes(long, Outcomes(tasks=TASK)) == ["polling-without-bound"]


def test_polling_that_stops_or_ends_is_right() -> None:
    ten_minutes = story(*[(number * 5_000, QUERY) for number in range(120)])
    ends = story(*[(number * 5_000, QUERY) for number in range(120)], (600_000, ENDED),
                 *[(600_000 + number * 5_000, QUERY) for number in range(120)])  # fmt: skip
    two = story(*[(number * 5_000, replace(QUERY, task_id=str(number % 2), asked_id=None))
                  for number in range(240)])  # fmt: skip

    for calls in (ten_minutes, ends, two):
        assert outcomes(calls, Outcomes(tasks=TASK)) == []


def test_a_task_that_nobody_looked_at_is_found_once_it_is_too_late() -> None:
    calls = story((0, SUBMIT))

    assert outcomes(calls, Outcomes(tasks=TASK)) == []
    assert outcomes(calls, Outcomes(tasks=OVER)) == ["task-never-looked-at"]
    assert outcomes(calls, Outcomes(tasks=TASK, has_ended=True)) == ["task-never-looked-at"]


@pytest.mark.parametrize(
    ("calls", "facts"),
    [
        ([(0, SUBMIT), (1, QUERY)], Outcomes(tasks=OVER)),
        ([(0, SUBMIT), (1, page("t", ended=["t"]))], Outcomes(tasks=OVER)),
        ([(0, SUBMIT)], Outcomes(tasks=OVER, told=frozenset("t"))),
        ([(0, SUBMIT)], Outcomes(tasks=OVER, fetched={"t": frozenset({1, 2, 3, 4})})),
        ([(0, SUBMIT)], Outcomes(tasks=OVER, is_whole=False)),
        ([(0, LOST)], Outcomes(tasks=OVER)),
        ([(0, SUBMIT)], Outcomes()),
    ],
)
def test_a_task_that_somebody_looked_at_or_could_not_know_of_is_not(
    calls: list[tuple[int, CallEvent]], facts: Outcomes
) -> None:
    assert outcomes(story(*calls), facts) == []


def test_some_of_the_pictures_are_found_and_all_or_none_are_not() -> None:
    calls = story((0, SUBMIT), (5_000, ENDED))

    for fetched, found in (((1,), ["pictures-not-fetched"]), ((1, 2, 3, 4), []), ((), [])):
        facts = {"t": frozenset(fetched)}
        assert outcomes(calls, Outcomes(tasks=OVER, fetched=facts)) == found
        assert outcomes(calls, Outcomes(tasks=TASK, fetched=facts)) == []


def test_an_id_that_nobody_gave_out_is_found() -> None:
    wrong = replace(QUERY, status=450, task_id=None, asked_id="0f3f1c2b5a6d7e8f90a1b2c4")
    made = replace(SUBMIT, task_id="0f3f1c2b5a6d7e8f90a1b2c3")
    calls = story((0, made), (1, wrong))

    ((hit,),) = judge_outcomes(calls, Outcomes()).values()

    assert (hit.id, hit.hint) == ("task-id-unknown", "; the nearest is 0f3f1c2b5a6d7e8f90a1b2c3")


UNKNOWN = replace(QUERY, status=450, task_id=None, asked_id="0f3f1c2b5a6d7e8f90a1b2c4")


@pytest.mark.parametrize(
    ("calls", "facts", "found"),
    [
        ([(0, UNKNOWN)], Outcomes(), ["task-id-unknown"]),
        ([(0, UNKNOWN)], Outcomes(carried=frozenset({UNKNOWN.asked_id or ""})), []),
        ([(0, page(UNKNOWN.asked_id or "")), (1, UNKNOWN)], Outcomes(), []),
        ([(0, UNKNOWN)], Outcomes(tasks={UNKNOWN.asked_id or "": TASK["t"]}), []),
        ([(0, UNKNOWN)], Outcomes(is_whole=False), []),
        ([(0, replace(UNKNOWN, asked_id="null"))], Outcomes(), []),
        ([(0, replace(UNKNOWN, asked_id="{{id}}"))], Outcomes(), []),
        ([(0, replace(UNKNOWN, asked_id=None))], Outcomes(), []),
    ],
)
def test_an_id_that_a_call_or_a_callback_carried_is_not(
    calls: list[tuple[int, CallEvent]], facts: Outcomes, found: list[str]
) -> None:
    assert outcomes(story(*calls), facts) == found
