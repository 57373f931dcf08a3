"""Source images: fetched and read in the background, once their submit is booked.

Rule 1: a task does not end before its image has been read; the result is stored in its row.
Rule 2: no image is fetched inside a transaction.
"""

import logging
from concurrent.futures import Future
from dataclasses import replace

from mock_server.actions.operations import replan
from mock_server.domain.task import tasks as rules
from mock_server.domain.task.source_images import SourceRead, unreachable
from mock_server.domain.task.submissions import TOO_LONG_REMARK, is_holdable
from mock_server.domain.task.tasks import Status, Task
from mock_server.domain.urls import AddressError, parse_address
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction

LOOK_S = 0.25
GRACE_S = 5

log = logging.getLogger(__name__)


def read_later(tx: Transaction, simulator: Simulator, task: Task) -> None:
    """Read the source image of a task once its submit is booked."""
    tx.after_commit.append(lambda: _read(simulator, task))


def resume(simulator: Simulator) -> None:
    """Read the images that an earlier process left unread."""
    for task in simulator.database.read(task_rows.unread):
        _read(simulator, task)


def settle(simulator: Simulator, account_id: str) -> None:
    """Return once every source image of an account was read, so that a jump of the clock comes
    after it.

    Returns earlier only if the server stops, or if reading takes longer than allowed.
    """
    signal = simulator.due_signal
    patience_s = simulator.settings.callback_timeout + GRACE_S
    for _ in range(int(patience_s / LOOK_S)):
        seen = signal.attempts
        if signal.stopped or not simulator.database.read(
            lambda tx: task_rows.has_unread(tx, account_id)
        ):
            return
        signal.wait_for_attempt(seen, LOOK_S)
    log.warning(
        "a source image of account %s was not read in %g s: the clock moves without it",
        account_id,
        patience_s,
    )


def _read(simulator: Simulator, task: Task) -> None:
    def record(fetched: Future[SourceRead]) -> None:
        if fetched.cancelled():  # the server stops: the image is read at the next start
            return
        found = fetched.result()
        simulator.database.submit(
            lambda tx: _record(tx, simulator, task, found),
            lambda *_: simulator.due_signal.attempt_recorded(),
        )

    try:
        fetched = simulator.fetch(parse_address(task.qr_code_url or ""))
    except AddressError as error:
        fetched = Future()
        fetched.set_result(SourceRead(remark=str(unreachable(str(error)))))
    fetched.add_done_callback(record)


def _record(tx: Transaction, simulator: Simulator, asked: Task, found: SourceRead) -> None:
    """Store the result in the row of the task, which may have been forced to its end meanwhile."""
    account = account_rows.get(tx, asked.account)
    task = task_rows.get(tx, asked.account, asked.id)
    if account is None or task is None or task.content is not None:
        return
    now = account.clock.now(simulator.real_now())
    replan.replan(tx, simulator, account, _read_task(task, found, now), now)


def _read_task(task: Task, found: SourceRead, now: int) -> Task:
    """Return a task with the content of its image, or with the reason why it fails."""
    remark = found.remark
    if found.content is not None and not is_holdable(found.content):
        remark = TOO_LONG_REMARK
    outcome = task.plan.outcome if remark is None else Status.FAILED
    ended = task.plan.ends_at is not None  # forced to its end meanwhile
    return replace(
        task,
        content=found.content if remark is None else "",
        remark=task.remark or remark,
        plan=task.plan if ended else rules.release(task.plan, now, outcome),
    )
