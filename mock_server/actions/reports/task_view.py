"""The tasks and callbacks of an account as a person looks through them. Only reads."""

from dataclasses import dataclass

from mock_server.actions.accounts import lookup
from mock_server.actions.operations import pictures
from mock_server.actions.reports import call_list
from mock_server.domain.account.accounts import Account
from mock_server.domain.task.tasks import Status, Task, status_at
from mock_server.domain.usage_errors import NotFoundError
from mock_server.picture_cache import Picture
from mock_server.simulator import Simulator
from mock_server.store import callbacks as callback_rows
from mock_server.store import tasks as rows
from mock_server.store.call_search import CallSearch
from mock_server.store.engine.transaction import Row, Transaction

PAGE = 50
NEWEST = 2**62
MOST_CALLBACKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """A task with its present status."""

    task: Task
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInFull:
    """A task with everything about it: its last calls and its first callbacks. `now`: on the
    account's clock. `pictures`: by number, those that can be fetched now.
    """

    account: Account
    task: Task
    now: int
    status: Status
    calls: list[Row]
    has_more_calls: bool
    callbacks: list[Row]
    pictures: dict[int, Picture]


def newest(
    tx: Transaction, simulator: Simulator, account_id: str, before: int = NEWEST
) -> tuple[list[TaskLine], int | None]:
    """Return the last tasks numbered below `before`, the newest first, and where those before
    begin; None at the end.
    """
    account = lookup.find(tx, account_id)
    now = account.clock.now(simulator.real_now())
    found = rows.before(tx, account_id, before, PAGE + 1)[::-1]
    lines = [TaskLine(task=each, status=status_at(each.plan, now)) for each in found[:PAGE]]
    return lines, lines[-1].task.number if len(found) > PAGE else None


def in_full(tx: Transaction, simulator: Simulator, account_id: str, task_id: str) -> TaskInFull:
    """Return a task with everything about it. Raises NotFoundError."""
    account = lookup.find(tx, account_id)
    task = rows.get(tx, account_id, task_id)
    if task is None:
        raise NotFoundError(
            f"account {account_id} has no task {task_id[:64]!r}: the page of tasks lists them"
        )
    now = account.clock.now(simulator.real_now())
    calls = call_list.page(tx, account_id, CallSearch(task_id=task_id))
    return TaskInFull(
        account=account,
        task=task,
        now=now,
        status=status_at(task.plan, now),
        calls=calls.rows,
        has_more_calls=calls.before is not None,
        callbacks=callback_rows.of_task(tx, account_id, task.number, MOST_CALLBACKS),
        pictures=_pictures(account, task, now),
    )


def picture(
    tx: Transaction, simulator: Simulator, account_id: str, task_id: str, number: int
) -> Picture:
    """Return a picture of a task, without counting it as fetched. Raises NotFoundError."""
    account = lookup.find(tx, account_id)
    task = rows.get(tx, account_id, task_id)
    now = account.clock.now(simulator.real_now())
    found = _pictures(account, task, now).get(number) if task else None
    if found is None:
        raise NotFoundError("no such picture, or it has expired")
    return found


def newest_callbacks(
    tx: Transaction, account_id: str, before: int = NEWEST
) -> tuple[list[Row], int | None]:
    """Return the last callbacks with ids below `before`, the newest first, and where those before
    begin; None at the end.
    """
    found = callback_rows.newest(tx, account_id, before, PAGE + 1)
    return found[:PAGE], found[PAGE - 1]["id"] if len(found) > PAGE else None


def _pictures(account: Account, task: Task, now: int) -> dict[int, Picture]:
    found = {}
    for number in range(1, task.pictures + 1):
        each = pictures.of_task(account, task, number, now)
        if isinstance(each, Picture):
            found[number] = each
    return found
