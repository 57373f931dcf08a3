"""Planning callbacks: when a task is accepted, when its plan changes, and for a resend."""

from dataclasses import replace

from mock_server.actions.accounts import lookup
from mock_server.actions.callbacks import faults, outbox, wait
from mock_server.actions.callbacks.wait import PendingDeliveries
from mock_server.domain.account.accounts import Account
from mock_server.domain.callback import payload as rules
from mock_server.domain.callback.payload import CallbackState
from mock_server.domain.faults.callback import effect_of
from mock_server.domain.task.tasks import Task
from mock_server.domain.usage_errors import NotFoundError
from mock_server.simulator import Simulator
from mock_server.store import callback_faults as fault_rows
from mock_server.store import callbacks as rows
from mock_server.store.callbacks import NewCallback
from mock_server.store.engine.transaction import Row, Transaction


def plan(tx: Transaction, simulator: Simulator, account: Account, task: Task, now: int) -> None:
    """Plan the callback of a task that was just accepted, if it gets one."""
    # claim callback-on-failure: nothing is pushed for a task that fails
    if not task.call_back or not rules.is_pushed(task.plan.outcome, account.readings):
        return
    new = _planned(account, task, now)
    rule = faults.met_when_planned(tx, account, task, now) if account.armed else None
    if rule is None:
        rows.insert(tx, new)
        outbox.schedule_wakeup(tx, simulator, account, new.due_at)
    elif effect_of(rule.kind, rule.fault).adds_forgery:
        at = rules.forged_at(task.plan, account.readings, now)
        forged_id = rows.insert(tx, replace(new, due_at=at, forged=True))
        fault_rows.mark(tx, forged_id, rule)
        rows.insert(tx, replace(new, waits_for=forged_id))
        outbox.schedule_wakeup(tx, simulator, account, at)
    else:
        fault_rows.mark(tx, rows.insert(tx, replace(new, next_at=now)), rule)
        outbox.schedule_wakeup(tx, simulator, account, now)


def reschedule(
    tx: Transaction, simulator: Simulator, account: Account, task: Task, now: int
) -> None:
    """Move the callback of a task to the task's new plan: later, earlier, cancelled or created."""
    if not task.call_back:
        return
    planned = _planned(account, task, now)
    forged_at = rules.forged_at(task.plan, account.readings, now)
    rows.hasten_forged(tx, account.id, task.number, forged_at)
    # claim callback-on-failure: nothing is pushed for a task that fails
    if rules.is_pushed(task.plan.outcome, account.readings):
        if not rows.move(tx, planned, CallbackState.DUE):
            rows.insert(tx, planned)
    else:
        rows.move(tx, replace(planned, due_at=None), CallbackState.CANCELLED)
    outbox.schedule_wakeup(tx, simulator, account, rows.first_due(tx, account.id))


def resend(
    tx: Transaction, simulator: Simulator, account_id: str, callback_id: int
) -> tuple[int, PendingDeliveries]:
    """Order one more delivery of a callback in any state; return its id and what is due.

    The resend is a callback of its own in the outbox, so it survives a restart.
    """
    account = lookup.find(tx, account_id)
    row = find(tx, account_id, callback_id)
    now = account.clock.now(simulator.real_now())
    new_id = rows.insert(
        tx,
        NewCallback(
            account=account_id,
            task_id=row["task_id"],
            task_number=row["task_number"],
            url=row["url"],
            due_at=now,
            copy_of=callback_id,
            by_hand=True,
        ),
    )
    tx.after_commit.append(lambda: simulator.due_signal.notify(0))
    tx.tell_others()
    return new_id, wait.due(tx, account_id, now)


def find(tx: Transaction, account_id: str, callback_id: int) -> Row:
    """Return a callback of a task. Raises NotFoundError."""
    lookup.find(tx, account_id)
    row = rows.get(tx, account_id, callback_id)
    if row is None or row["notice_id"] is not None:
        raise NotFoundError(
            f"account {account_id} has no callback {callback_id}: "
            f"GET /_mock/accounts/{account_id}/callbacks lists them"
        )
    return row


def _planned(account: Account, task: Task, now: int) -> NewCallback:
    return NewCallback(
        account=account.id,
        task_id=task.id,
        task_number=task.number,
        url=task.call_back or "",
        due_at=rules.due_at(task.plan, account.readings, now),
    )
