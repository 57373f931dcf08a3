"""The list of tasks: those that are kept, page by page, in both orders, wherever the page is."""

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.call.paging import Page
from mock_server.domain.task.tasks import Task
from mock_server.simulator import Simulator
from mock_server.store import task_list
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction
from tests.support import worlds
from tests.support.sqlite_steps import steps_of
from tests.support.stored_tasks import stored_task
from tests.support.worlds import START_AT

HOUR_MS = 3_600_000

# The ends are close together, so that many are in one minute and around its edges.
ends = st.none() | st.integers(START_AT, START_AT + 300_000) | st.sampled_from(
    [START_AT + minute * 60_000 + ms for minute in (1, 2, 3) for ms in (-1, 0, 1)]
)  # fmt: skip


@settings(max_examples=30)
@given(
    inserted=st.lists(ends, max_size=30),
    forced=st.lists(st.tuples(st.integers(0, 29), ends), max_size=20),
    waits=st.lists(st.integers(-1, 320_000), min_size=1, max_size=10),
    before=st.sampled_from([0, 0, 985]),
)
def test_the_list_has_the_tasks_that_are_kept_page_by_page_in_both_orders(
    inserted: list[int | None], forced: list[tuple[int, int | None]], waits: list[int], before: int
) -> None:
    planned = dict(enumerate([START_AT + 1] * before + inserted, start=1))

    def work(tx: Transaction) -> None:
        for number, ends_at in planned.items():
            task_rows.insert(tx, stored_task(number, ends_at))
        for which, ends_at in forced:
            if (number := before + which + 1) in planned:
                planned[number] = ends_at
                task_rows.set_plan(tx, stored_task(number, ends_at))
        for at in (START_AT + wait for wait in waits):
            kept = [number for number, end in planned.items() if end is None or end > at]
            check_pages(tx, at, kept)

    with worlds.simulator() as simulator:
        simulator.database.run(work)


def check_pages(tx: Transaction, at: int, kept: list[int]) -> None:
    """Check the list of an instant, at its ends and around the edges of blocks."""
    assert task_list.kept(tx, DEFAULT_ID, at) == len(kept)
    for oldest_first in (False, True):
        listed = kept if oldest_first else kept[::-1]
        for size in (7, 50):
            last = len(kept) // size + 1
            for number in {1, 2, last // 2 + 1, last - 1 or 1, last, last + 1, 1_000 // size + 1}:
                page = Page(number=number, size=size)
                total, found = task_list.page(tx, DEFAULT_ID, at, page, oldest_first=oldest_first)
                assert total == len(kept)
                assert [each.number for each in found] == listed[page.offset : page.offset + size]


def test_both_databases_list_the_same_pages(simulator: Simulator) -> None:
    planned = {number: START_AT + number % 7 * 1_000 for number in range(1, 2_101)}
    planned[700] = START_AT + HOUR_MS

    def work(tx: Transaction) -> None:
        for number, ends_at in planned.items():
            task_rows.insert(tx, stored_task(number, ends_at))
        task_rows.set_plan(tx, stored_task(5, None))
        lasting = {**planned, 5: 2 * START_AT}
        for at in (0, START_AT, START_AT + 3_000, START_AT + 7_000, START_AT + HOUR_MS):
            check_pages(tx, at, [number for number, end in lasting.items() if end > at])

    simulator.database.run(work)


def fill(tx: Transaction, last: int) -> None:
    for number in range(1, last + 1):
        task_rows.insert(tx, stored_task(number, START_AT + number * 1_000))


def listed(tx: Transaction, at: int, number: int) -> list[Task]:
    return task_list.page(tx, DEFAULT_ID, at, Page(number=number, size=50))[1]


def test_the_last_page_takes_no_more_steps_than_the_first() -> None:
    with worlds.simulator() as simulator:
        simulator.database.run(lambda tx: fill(tx, 20_000))
        for at, pages in ((START_AT, 400), (START_AT + 5_500_000, 290)):
            for number in (1, 100, pages):
                found = simulator.database.read(partial(listed, at=at, number=number))
                newest = 20_000 - 50 * (number - 1)
                assert [each.number for each in found] == list(range(newest, newest - 50, -1))
            assert simulator.database.read(partial(listed, at=at, number=pages + 1)) == []
            first, last = (
                steps_of(simulator, partial(listed, at=at, number=number)) for number in (1, pages)
            )
            assert last < 1.5 * first


def test_the_first_page_takes_no_more_steps_for_ten_times_as_many_tasks() -> None:
    taken = []
    for many in (1_000, 10_000):
        with worlds.simulator() as simulator:
            simulator.database.run(lambda tx, many=many: fill(tx, many))  # type: ignore[misc]
            taken.append(steps_of(simulator, partial(listed, at=START_AT, number=1)))

    assert taken[1] < 1.1 * taken[0]
