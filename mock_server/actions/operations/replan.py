"""Forces a task into a state: a new plan, and its callback rescheduled."""

from dataclasses import replace

from mock_server.actions.accounts import lookup
from mock_server.actions.callbacks import planning
from mock_server.domain.account.accounts import Account
from mock_server.domain.task import tasks as rules
from mock_server.domain.task.submissions import is_holdable
from mock_server.domain.task.tasks import Status, Task
from mock_server.domain.usage_errors import NotFoundError
from mock_server.simulator import Simulator
from mock_server.store import tasks as rows
from mock_server.store.engine.transaction import Transaction


def force(
    tx: Transaction, simulator: Simulator, account_id: str, task_id: str, status: Status
) -> tuple[Task, int]:
    """Give a task a state from now on; return it with its account's now.

    Raises domain.task.tasks.PlanError for a change that the transition table does not allow.
    """
    account = lookup.find(tx, account_id)
    task = rows.get(tx, account_id, task_id)
    if task is None:
        raise NotFoundError(
            f"account {account_id} has no task {task_id[:64]!r}: "
            f"GET /_mock/accounts/{account_id}/tasks lists them"
        )
    now = account.clock.now(simulator.real_now())
    if status is Status.SUCCEEDED and task.content is None:
        raise rules.PlanError("this task cannot succeed yet: wait until its source image is read")
    if status is Status.SUCCEEDED and not is_holdable(task.content or ""):
        raise rules.PlanError("this task cannot succeed: no QR code can hold its text")
    plan = rules.force(task.plan, status, now)
    if plan != task.plan:  # forcing the present state changes neither the task nor its callback
        task = replace(task, plan=plan)
        replan(tx, simulator, account, task, now)
    return task, now


def replan(tx: Transaction, simulator: Simulator, account: Account, task: Task, now: int) -> None:
    """Store the new plan of a task, and reschedule its callback."""
    rows.set_plan(tx, task)
    planning.reschedule(tx, simulator, account, task, now)
