"""Rows of blocks: how many tasks have these numbers, and between which instants they end.

Rule 1: the bounds are safe, not exact: a task whose end moves widens them. Only when tasks of a
block are trimmed are they counted again.
"""

from mock_server.domain.task.tasks import Task
from mock_server.store.engine.transaction import Numbers, Transaction

SIZE = 1_000
# The end of a task that never ends: after all instants, and far from what overflows.
NEVER = 2**62

_WIDER = (
    "first_end = case when {first} < task_block.first_end then {first} else task_block.first_end"
    " end, last_end = case when {last} > task_block.last_end then {last} else task_block.last_end"
    " end"
)
_ADD = (
    "insert into task_block (tasks, first_end, last_end, account, block) values (?,?,?,?,?)"
    " on conflict (account, block) do update set tasks = task_block.tasks + excluded.tasks, "
) + _WIDER.format(first="excluded.first_end", last="excluded.last_end")


def add(tx: Transaction, task: Task) -> None:
    """Count a new task."""
    ends_at = _end_of(task)
    key = (task.account, task.number // SIZE)
    tx.add_later(_ADD, (1, ends_at, ends_at), key, _together)


def widen(tx: Transaction, task: Task) -> None:
    """Note the new end of a task."""
    ends_at = _end_of(task)
    tx.execute(
        f"update task_block set {_WIDER.format(first='?', last='?')}"
        " where account = ? and block = ?",
        (ends_at, ends_at, ends_at, ends_at, task.account, task.number // SIZE),
    )


def count_again(tx: Transaction, account_id: str, block: int) -> None:
    """Count a block from the tasks that are left of it, exactly; without any it goes."""
    left = tx.one(
        "select count(*) as tasks, min(coalesce(ends_at, ?)) as first_end,"
        " max(coalesce(ends_at, ?)) as last_end from task where account = ? and number >= ?"
        " and number < ?",
        (NEVER, NEVER, account_id, block * SIZE, (block + 1) * SIZE),
    )
    named = (account_id, block)
    if left is None or not left["tasks"]:
        tx.execute("delete from task_block where account = ? and block = ?", named)
        return
    tx.execute(
        "update task_block set tasks = ?, first_end = ?, last_end = ? where account = ?"
        " and block = ?",
        (left["tasks"], left["first_end"], left["last_end"], *named),
    )


def _together(before: Numbers, numbers: Numbers) -> Numbers:
    tasks, first_end, last_end = before
    more, first, last = numbers
    return tasks + more, min(first_end, first), max(last_end, last)


def _end_of(task: Task) -> int:
    return NEVER if task.plan.ends_at is None else task.plan.ends_at
