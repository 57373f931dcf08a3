"""Faults of callbacks: decided once, in the transaction that claims the callback.

Rule 1: faults affect only the first attempt of a task's callback, never retries or resends.
Rule 2: the decision is stored in the callback's row, so a restart sends what this process would
have sent.
"""

from dataclasses import replace

from mock_server.actions.accounts import faults, notices
from mock_server.domain.account.accounts import Account
from mock_server.domain.answer.envelope import decoys_shape, pictures_shape
from mock_server.domain.callback import payload as rules
from mock_server.domain.callback.payload import Posting
from mock_server.domain.faults.callback import (
    MET_WHEN_DUE,
    MET_WHEN_PLANNED,
    Copy,
    Swap,
    effect_of,
)
from mock_server.domain.faults.rules import Rule, Stage, Subject
from mock_server.domain.task.tasks import Task
from mock_server.store import callback_faults as fault_rows
from mock_server.store import callbacks as rows
from mock_server.store import notices as notice_rows
from mock_server.store import tasks as task_rows
from mock_server.store.callbacks import Claimed, NewCallback
from mock_server.store.engine.transaction import Transaction


def met_when_planned(tx: Transaction, account: Account, task: Task, now: int) -> Rule | None:
    """Return the rule that fires when a callback is planned; None: no rule fires."""
    return _met(tx, account, task, MET_WHEN_PLANNED, now)


def apply_faults(tx: Transaction, account: Account, claimed: Claimed, now: int) -> list[Claimed]:
    """Return the callbacks to post for a claimed one: itself, itself and a copy, or none.

    Rules are matched at the instant at which the callback was due; after a jump this is before now.
    """
    is_first = not claimed.tries and claimed.copy_of is None and claimed.fault is None
    task = None
    if is_first and account.armed:
        task = task_rows.get(tx, claimed.account, claimed.task_id)
    rule = task and _met(tx, account, task, MET_WHEN_DUE, claimed.next_at)
    return _apply(tx, claimed, rule, now) if rule else [claimed]


def posting(tx: Transaction, account: Account, claimed: Claimed, task: Task | None) -> Posting:
    """Return the request of the next attempt of a callback, which is of this task."""
    if claimed.notice_id is not None:
        notice = notice_rows.get(tx, claimed.notice_id)
        return Posting(body=rules.encoded(notices.shown(notice) if notice else {}))
    if claimed.forged:
        decoys = decoys_shape(task, account.readings) if task else []
        return Posting(body=rules.encoded(rules.payload(claimed.task_id, decoys)))
    pictures = pictures_shape(task, account.readings) if task else []
    if claimed.tries or claimed.fault is None:
        return Posting(body=rules.encoded(rules.payload(claimed.task_id, pictures)))
    content = rules.payload(claimed.crossed_with or claimed.task_id, pictures)
    fault = fault_rows.read(claimed.fault)
    shape = effect_of(fault.kind, fault.fault).shape
    if shape is None:
        return Posting(body=rules.encoded(content))
    return shape(content, account.seed)


def _apply(tx: Transaction, claimed: Claimed, rule: Rule, now: int) -> list[Claimed]:
    """Store the fault of a callback and return the callbacks to post now."""
    claimed = replace(claimed, fault=fault_rows.mark(tx, claimed.id, rule))
    effect = effect_of(rule.kind, rule.fault)
    if effect.swap is not None:
        return _swap(tx, claimed, rule, effect.swap)
    if effect.copy is not None:
        return _copy(tx, claimed, effect.copy, now)
    if effect.is_lost:
        fault_rows.lose(tx, claimed)
        return []
    if effect.late_ms:
        fault_rows.postpone(tx, claimed, claimed.next_at + effect.late_ms)
        return []
    return [claimed]


def _met(tx: Transaction, account: Account, task: Task, slot: str, at: int) -> Rule | None:
    subject = Subject(text=task.text, style=task.style_id, task_id=task.id)
    return faults.match_and_count(tx, account, Stage.CALLBACK, subject, at, slot=slot).get(slot)


def _swap(tx: Transaction, claimed: Claimed, rule: Rule, swap: Swap) -> list[Claimed]:
    """Swap turns or task ids with the account's next callback; without one nothing happens."""
    other = fault_rows.partner(tx, claimed)
    if other is None:
        return [claimed]
    if swap is Swap.TURNS:
        fault_rows.mark(tx, other["id"], rule)
        fault_rows.postpone(tx, claimed, other["next_at"], waits_for=other["id"])
        return []
    fault_rows.mark(tx, other["id"], rule, crossed_with=claimed.task_id)
    fault_rows.mark(tx, claimed.id, rule, crossed_with=other["task_id"])
    return [replace(claimed, crossed_with=other["task_id"])]


def _copy(tx: Transaction, claimed: Claimed, copy: Copy, now: int) -> list[Claimed]:
    """Deliver the callback twice: one after the other, or both at once."""
    copy_id = rows.insert(
        tx,
        NewCallback(
            account=claimed.account,
            task_id=claimed.task_id,
            task_number=claimed.task_number,
            url=claimed.url,
            due_at=claimed.next_at,
            copy_of=claimed.id,
            waits_for=claimed.id if copy is Copy.AFTER else None,
        ),
    )
    if copy is Copy.AFTER:
        return [claimed]
    return [claimed, rows.take(tx, claimed.account, copy_id, now)]
