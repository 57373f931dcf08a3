"""Older tasks: finished tasks that an account already has when it starts.

Rule 1: they are the account's first tasks, one a minute, and the last was submitted a minute ago:
so each has ended, and the service still lists them all.
Rule 2: they are rows of tasks and nothing else: no call, no charge, no callback.
"""

from collections.abc import Sequence

from mock_server.domain import dice
from mock_server.domain.account.accounts import Account
from mock_server.domain.task import task_ids, tasks
from mock_server.domain.task.tasks import Task

APART_MS = 60_000


def begin_ms(count: int) -> int:
    """Return how long before the start the first of `count` older tasks was submitted, in ms."""
    return count * APART_MS


def older_tasks(account: Account, styles: Sequence[str], now: int) -> list[Task]:
    """Return the older tasks of an account's template, in the order of submission.

    Their pictures are at the address that is called: `base_url` is ''.
    """
    count = account.origin.older_tasks
    return [_task(account, number, styles, now) for number in range(1, count + 1)]


def _task(account: Account, number: int, styles: Sequence[str], now: int) -> Task:
    text = f"https://example.com/older/{number}"
    style = dice.between(account.seed, "task", number, "style", low=0, high=len(styles) - 1)
    submitted_at = now - begin_ms(account.origin.older_tasks - number + 1)
    return Task(
        account=account.id,
        id=task_ids.task_id(account.seed, number, account.readings),
        number=number,
        content=text,
        text=text,
        qr_code_url=None,
        style_id=styles[style],
        your_prompt=None,
        call_back=None,
        base_url="",
        pictures=int(account.readings.result_count),
        plan=tasks.plan_task(account.seed, number, submitted_at),
    )
