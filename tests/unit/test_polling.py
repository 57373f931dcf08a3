"""The polling report: what a client's polls came to, and what other schedules would."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.audit.obligations import MOST_QUERIES
from mock_server.audit.polling import MOST_TASKS, Polling, TaskPolls, polling, polling_json
from mock_server.audit.replay import PolledTask, Tariff, batches, frontier, predict, suggested
from mock_server.audit.schedules import Schedule, parse_schedule
from mock_server.domain.findings import SHORT_PAUSE_MS
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drill import RATE
from tests.support.rehearsals import BEGIN, NOTHING_SENT, Journal, callback, evidence, late

TARIFF = Tariff(readings=DEFAULT_READINGS, price=Fraction(28))


def ending(journal: Journal, task: str, after: int | None, **more: Any) -> None:
    """Let a task end so many real ms after the client's first call; None: never."""
    at = None if after is None else BEGIN + int(after * RATE)
    journal.tasks[task] |= {"ends_at": at, "queries_left": None, **more}


def report(journal: Journal, **more: Any) -> Polling:
    """Return the report of a drill."""
    return polling(evidence(journal, **more), rate=RATE)


def polled(*polls: int, end: int = 800, **more: Any) -> TaskPolls:
    """Return the report of a task that was submitted at 0, ended, and was polled then."""
    journal = Journal()
    journal.submit(0, task="t1")
    ending(journal, "t1", end)
    for at in polls:
        journal.query(at, ended=at >= end)
    (found,) = report(journal, **more).tasks
    return found


def tasks(*lasts: int | None) -> list[PolledTask]:
    """Return tasks that are known at 0."""
    return [PolledTask(id=f"t{number}", known_at=0, ends_at=ms) for number, ms in enumerate(lasts)]


# What the client did


def test_a_task_has_its_polls_waste_lag_and_price() -> None:
    found = polled(300, 600, 900)

    assert (found.polls, found.wasted, found.after_end, found.bursts) == (3, 2, 0, 0)
    assert (found.lag_ms, found.heard_by, found.fen) == (1000, "query", 84)
    assert found.task.lasts_ms == 8000


def test_the_lag_ends_when_the_client_has_the_answer() -> None:
    journal = Journal()
    journal.submit(0, task="t1")
    ending(journal, "t1", 800)
    journal.query(900, ended=True, sent=late(50))

    assert report(journal).tasks[0].lag_ms == 1500


def test_polls_after_the_end_and_bursts_are_counted() -> None:
    found = polled(100, 110, 120, 900, 1500, 2000)

    assert (found.after_end, found.bursts, found.wasted) == (2, 2, 5)


def test_after_a_jump_of_the_clock_polls_are_no_burst() -> None:
    journal = Journal()
    journal.submit(0, task="t1", jumped_ms=0)
    ending(journal, "t1", 800)
    for number in range(3):
        journal.query(0, ended=True, jumped_ms=60_000 * (number + 1))

    assert report(journal).tasks[0].bursts == 0


def test_a_client_hears_of_an_end_by_a_list_or_a_callback() -> None:
    journal = Journal()
    journal.submit(0, task="t1")
    journal.submit(10, task="t2")
    ending(journal, "t1", 800)
    ending(journal, "t2", 800)
    items = [{"task_id": "t1", "status": "succeeded", "resList": ["x"]}]
    page = {"ret_code": 0, "allPages": 1, "currentPage": 1, "contentlist": items}
    journal.call(850, "list_tasks", {"page": "1"}, page, None)
    told = [callback(900, 200, task="t2"), callback(820, 500, task="t1")]

    found = report(journal, callbacks=told).tasks

    assert [(each.heard_by, each.lag_ms) for each in found] == [("list", 500), ("callback", 1000)]


def test_a_callback_before_the_end_tells_no_end() -> None:
    assert polled(900, callbacks=[callback(100, 200)]).heard_by == "query"


def test_who_never_heard_has_no_lag() -> None:
    found = polled(300, 600)

    assert (found.lag_ms, found.heard_by) == (None, None)


def test_without_a_task_there_is_nothing_to_try() -> None:
    found = report(Journal())

    assert (found.schedules, found.suggested) == ((), None)
    assert found.notes == ("the client made no task, so there is nothing to poll",)
    assert polling_json(found)["yours"]["lag_ms"] is None


def test_tasks_that_never_end_give_no_suggestion() -> None:
    journal = Journal()
    journal.submit(0, task="t1")
    ending(journal, "t1", None)

    found = report(journal)

    assert (found.schedules, found.suggested) == ((), None)
    assert found.notes == ("no task ends, so no schedule is better than another",)


@pytest.mark.parametrize("odd", [{"queries_left": 0}, {"content": None}])
def test_a_task_without_a_duration_is_left_out(odd: dict[str, Any]) -> None:
    journal = Journal()
    journal.submit(0, task="t1")
    ending(journal, "t1", 800, **odd)

    found = report(journal)

    assert found.suggested is None
    assert found.notes[0].startswith("1 task left out: without a duration")


def test_a_task_that_the_client_never_heard_of_is_left_out() -> None:
    journal = Journal()
    journal.submit(0, task="t1", sent=NOTHING_SENT)
    ending(journal, "t1", 800)

    assert report(journal).notes[0] == "1 task left out: the client never heard of it"

    journal.query(300)

    assert report(journal).suggested is not None


def test_older_tasks_are_not_the_clients() -> None:
    journal = Journal()
    journal.submit(0, task="t1")
    ending(journal, "t1", 800)
    journal.tasks["old"] = dict(journal.tasks["t1"])

    assert [each.task.id for each in report(journal).tasks] == ["t1"]


def test_a_report_lists_a_bounded_number_of_tasks_and_says_so() -> None:
    journal = Journal()
    for number in range(MOST_TASKS + 3):
        journal.submit(number, f"https://example.com/{number}", task=f"t{number}")
        ending(journal, f"t{number}", 800)
        journal.query(900, f"t{number}", ended=True)

    found = polling_json(report(journal))

    assert len(found["tasks"]) == MOST_TASKS
    assert found["yours"]["queries"] == MOST_TASKS + 3
    assert found["notes"] == [
        f"only the first {MOST_TASKS} of {MOST_TASKS + 3} tasks are listed; sums have all"
    ]


# What a schedule comes to


def test_a_poll_at_the_end_itself_tells_it() -> None:
    found = predict(parse_schedule("every 5s"), tasks(10_000, 10_001), TARIFF)

    assert (found.polls, found.lags_ms, found.fen) == (5, (0, 4999), 140)
    assert (found.lag_ms, found.worst_lag_ms, found.missed) == (2500, 4999, 0)


def test_a_schedule_gives_up() -> None:
    found = predict(parse_schedule("every 1s"), tasks(None, 61_000, 60_000), TARIFF)

    assert (found.polls, found.missed, found.lags_ms) == (3 * MOST_QUERIES, 1, (0,))


def test_a_list_shows_a_whole_batch() -> None:
    found = predict(parse_schedule("list every 5s"), tasks(3000, 12_000, 8000), TARIFF)

    assert (found.polls, found.fen) == (3, 84)
    assert sorted(found.lags_ms) == [2000, 2000, 3000]


def test_tasks_that_do_not_run_together_are_no_batch() -> None:
    first, second = (
        PolledTask(id="a", known_at=0, ends_at=5000),
        PolledTask(id="b", known_at=5000, ends_at=9000),
    )

    assert [len(each) for each in batches([second, first])] == [1, 1]


@pytest.mark.parametrize(
    ("readings", "fen"),
    [
        ({}, 84),
        ({"charge.polls": "submit-only"}, 0),
        ({"task.unfinished": "refused"}, 28),
        ({"task.unfinished": "refused", "refusal.status": "200"}, 84),
    ],
)
def test_the_price_follows_the_readings(readings: dict[str, str], fen: int) -> None:
    tariff = Tariff(readings=with_readings(DEFAULT_READINGS, readings), price=Fraction(28))

    found = predict(parse_schedule("every 4s"), tasks(12_000), tariff)

    assert (found.polls, found.fen) == (3, fen)
    assert found.fen_range == (
        0,
        28 if len(readings) == 1 and "task.unfinished" in readings else 84,
    )


def test_the_cheapest_within_the_lag_is_suggested() -> None:
    found = [
        predict(parse_schedule(each), tasks(9000, 10_000), TARIFF)
        for each in ("every 1s", "every 10s", "first 9s, then 1s")
    ]

    assert suggested(found, 600) is found[1]
    assert suggested(found, 400) is found[2]
    assert suggested([], 400) is None


def test_if_none_is_quick_enough_the_quickest_is_suggested() -> None:
    found = [
        predict(parse_schedule(each), tasks(9500), TARIFF) for each in ("every 1s", "every 4s")
    ]

    assert suggested(found, 0) is found[0]


def test_a_schedule_that_misses_an_end_is_not_suggested() -> None:
    found = [
        predict(parse_schedule(each), tasks(80_000), TARIFF) for each in ("every 1s", "every 5s")
    ]

    assert suggested(found, 60_000) is found[1]


def test_the_frontier_has_what_nothing_beats() -> None:
    found = [
        predict(parse_schedule(each), tasks(10_500), TARIFF)
        for each in ("every 1s", "every 10s", "first 10s, then 1s", "every 500ms")
    ]

    assert [each.schedule.name for each in frontier(found)] == ["first 10s, then 1s", "every 0.5s"]


# Schedules in words


@pytest.mark.parametrize(
    ("text", "name", "first"),
    [
        ("every 5s", "every 5s", [5000, 10_000, 15_000]),
        ("First 20s, then every 5s", "first 20s, then 5s", [20_000, 25_000, 30_000]),
        ("first 0s then 250ms", "first 0s, then 250ms", [0, 250, 500]),
        (
            "first 1s, then 1s x2 up to 3s",
            "first 1s, then 1s x2 up to 3s",
            [1000, 2000, 4000, 7000],
        ),
        ("list every 1m", "list every 60s", [60_000]),
    ],
)
def test_a_schedule_is_read_and_named(text: str, name: str, first: list[int]) -> None:
    found = parse_schedule(text)

    assert found.name == name
    assert list(found.instants())[: len(first)] == first
    assert len(list(found.instants())) == MOST_QUERIES


@given(
    first=st.integers(0, 86_400_000), gap=st.integers(100, 86_400_000),
    factor=st.sampled_from([1.0, 1.5, 2.0]), by_list=st.booleans(),
)  # fmt: skip
def test_the_name_of_a_schedule_can_be_read_again(
    first: int, gap: int, factor: float, by_list: bool
) -> None:
    schedule = Schedule(first_ms=first, gap_ms=gap, factor=factor, by_list=by_list)

    assert list(parse_schedule(schedule.name).instants()) == list(schedule.instants())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a schedule: write"),
        ("soon", "is not a schedule: write"),
        ("every", "is not a schedule: write"),
        ("every 5", "is not a duration"),
        ("every -5s", "is not a duration"),
        ("every 0s", "a pause lasts 100 ms at least"),
        ("every 2d", "a pause lasts 24h at most"),
        ("first 1s, then 1s x99", "a pause grows by x1 to x10"),
        ("first 1s, then 5s x2 up to 1s", "'up to' is less than the first pause"),
        ("every 5s" + " " * 999, "is not a schedule: write"),
        ("every \x1b[31m5s", "is not a duration"),
    ],
)
def test_a_text_that_is_no_schedule_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_schedule(text)


@pytest.mark.parametrize(("count", "is_tried"), [(1, True), (20, True), (21, False)])
def test_a_list_schedule_that_somebody_asks_for_needs_all_tasks_on_one_page(
    count: int, is_tried: bool
) -> None:
    journal = Journal()
    for number in range(count):
        journal.submit(number, f"https://a/{number}", task=f"t{number}")
        ending(journal, f"t{number}", 800)

    found = polling(evidence(journal), rate=RATE, wanted=parse_schedule("list every 2s"))

    assert (found.wanted is not None, found.untried is None) == (is_tried, is_tried)


def test_without_a_task_no_schedule_can_be_tried() -> None:
    found = polling(evidence(Journal()), rate=RATE, wanted=parse_schedule("every 2s"))

    assert found.wanted is None
    assert found.untried == "no schedule can be tried: no task with a duration was made"


def test_no_schedule_that_is_tried_is_taken_for_haste() -> None:
    journal = Journal()
    for number, after in enumerate((300, 800, 1500)):
        journal.submit(number, f"https://a/{number}", task=f"t{number}")
        ending(journal, f"t{number}", after)

    tried = [each.schedule for each in report(journal).schedules]

    assert min(each.gap_ms for each in tried) == SHORT_PAUSE_MS
