"""Rows of tasks."""

from collections.abc import Collection

from mock_server.domain.task import task_ids
from mock_server.domain.task.tasks import Plan, Status, Task
from mock_server.store import task_blocks
from mock_server.store.engine.transaction import Row, Transaction

_STATUS = {str(status): status for status in Status}


def insert(tx: Transaction, task: Task) -> None:
    """Add a task with its plan."""
    plan = task.plan
    tx.execute_later(
        "insert into task values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            task.account,
            task.id,
            task.number,
            task.content,
            task.text,
            task.qr_code_url,
            task.style_id,
            task.your_prompt,
            task.call_back,
            task.base_url,
            task.pictures,
            plan.submitted_at,
            plan.starts_at,
            plan.ends_at,
            str(plan.outcome),
            plan.queries_left,
            plan.held_until,
            task.remark,
        ),
    )
    task_blocks.add(tx, task)


def get(tx: Transaction, account_id: str, task_id: str) -> Task | None:
    """Return a task of an account."""
    row = tx.one(
        "select * from task where account = ? and number = ? and id = ?",
        (account_id, task_ids.number_of(task_id), task_id),
    )
    return as_task(row) if row else None


def by_numbers(tx: Transaction, account_id: str, numbers: Collection[int]) -> dict[int, Task]:
    """Return tasks of an account by their numbers."""
    rows = tx.all(
        f"select * from task where account = ? and number in ({', '.join('?' * len(numbers))})",
        (account_id, *numbers),
    )
    return {row["number"]: as_task(row) for row in rows}


def set_plan(tx: Transaction, task: Task) -> None:
    """Store a new plan, with the content to encode and the reason of a failure."""
    plan = task.plan
    task_blocks.widen(tx, task)
    tx.execute(
        "update task set starts_at = ?, ends_at = ?, outcome = ?, queries_left = ?,"
        " held_until = ?, content = ?, remark = ? where account = ? and number = ?",
        (
            plan.starts_at,
            plan.ends_at,
            str(plan.outcome),
            plan.queries_left,
            plan.held_until,
            task.content,
            task.remark,
            task.account,
            task.number,
        ),
    )


def after(tx: Transaction, account_id: str, number: int, limit: int) -> list[Task]:
    """Return the tasks numbered above `number`, in the order of submission."""
    rows = tx.all(
        "select * from task where account = ? and number > ? order by number limit ?",
        (account_id, number, limit),
    )
    return [as_task(row) for row in rows]


def before(tx: Transaction, account_id: str, number: int, limit: int) -> list[Task]:
    """Return the last tasks numbered below `number`, in the order of submission."""
    rows = tx.all(
        "select * from task where account = ? and number < ? order by number desc limit ?",
        (account_id, number, limit),
    )
    return [as_task(row) for row in reversed(rows)]


def unread(tx: Transaction) -> list[Task]:
    """Return the tasks of every account whose source image is still to be read."""
    return [as_task(row) for row in tx.all("select * from task where content is null")]


def has_unread(tx: Transaction, account_id: str) -> bool:
    """Whether an account has a task whose source image is still to be read."""
    found = tx.one("select 1 from task where account = ? and content is null", (account_id,))
    return found is not None


def next_end(tx: Transaction, account_id: str, now: int) -> Row | None:
    """Return `at, task_id` of the next task to end."""
    return tx.one(
        "select ends_at as at, id as task_id from task where account = ? and ends_at > ?"
        " order by ends_at, number limit 1",
        (account_id, now),
    )


def as_task(row: Row) -> Task:
    """Return the task in a row with every column."""
    # Name by name, because a list has many: a loop over the fields takes twice as long.
    plan = Plan(
        submitted_at=row["submitted_at"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        outcome=_STATUS[row["outcome"]],
        queries_left=row["queries_left"],
        held_until=row["held_until"],
    )
    return Task(
        account=row["account"],
        id=row["id"],
        number=row["number"],
        content=row["content"],
        text=row["text"],
        qr_code_url=row["qr_code_url"],
        style_id=row["style_id"],
        your_prompt=row["your_prompt"],
        call_back=row["call_back"],
        base_url=row["base_url"],
        pictures=row["pictures"],
        remark=row["remark"],
        plan=plan,
    )
