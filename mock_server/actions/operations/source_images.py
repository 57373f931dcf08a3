"""Source images: fetched and read in the background, once their submit is booked.

Rule 1: a task does not end before its image has been read; the result is stored in its row.
Rule 2: no image is fetched inside a transaction.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace

from mock_server.actions import bugs
from mock_server.actions.operations import replan
from mock_server.domain.account.accounts import Account
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.redaction import redact_address
from mock_server.domain.called_addresses import called_address
from mock_server.domain.findings import Finding, kept_finding, pointer
from mock_server.domain.readings import Readings
from mock_server.domain.task import tasks as rules
from mock_server.domain.task.source_images import SourceRead, judged, unreachable
from mock_server.domain.task.submissions import TOO_LONG_REMARK, is_holdable
from mock_server.domain.task.tasks import Status, Task
from mock_server.domain.urls import AddressError
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import journal
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction

LOOK_S = 0.25
GRACE_S = 20  # some images are read one after the other, each with its own bound

TaskKey = tuple[str, str]  # account, id

log = logging.getLogger(__name__)


def read_later(tx: Transaction, simulator: Simulator, task: Task, readings: Readings) -> None:
    """Read the source image of a task once its submit is booked."""
    tx.after_commit.append(lambda: _read(simulator, task, readings))


def resume(simulator: Simulator) -> None:
    """Read the images that an earlier process left unread."""
    for task, readings in simulator.database.read(_unread):
        _read(simulator, task, readings)


def resume_abandoned(simulator: Simulator, unread: Mapping[TaskKey, int]) -> dict[TaskKey, int]:
    """Read the images that stay unread for longer than reading takes: whoever read them has died.

    `unread` is what the look before returned, nothing at first: since when (real ms) an image is
    known to be unread.
    """
    real_now = simulator.real_now()
    longest_ms = int((simulator.settings.callback_timeout + GRACE_S) * 1000)
    still: dict[TaskKey, int] = {}
    for task, readings in simulator.database.read(_unread):
        key = (task.account, task.id)
        since = unread.get(key, real_now)
        if real_now - since >= longest_ms:
            _read(simulator, task, readings)
            since = real_now
        still[key] = since
    return still


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


def _unread(tx: Transaction) -> list[tuple[Task, Readings]]:
    owned = [(task, account_rows.get_unlocked(tx, task.account)) for task in task_rows.unread(tx)]
    return [(task, account.readings) for task, account in owned if account is not None]


def _read(simulator: Simulator, task: Task, readings: Readings) -> None:
    def record(fetched: Future[SourceRead]) -> None:
        if fetched.cancelled():  # the server stops: the image is read at the next start
            return
        if (error := fetched.exception()) is not None:
            bugs.report(simulator, error)
            return
        found = fetched.result()
        simulator.database.submit(lambda tx: _record(tx, simulator, task, found), recorded)

    def recorded(_: None, error: BaseException | None) -> None:
        simulator.due_signal.attempts_recorded(1)
        if error is not None:
            bugs.report(simulator, error)

    try:
        fetched = simulator.fetch(called_address(task.qr_code_url or "", readings))
    except AddressError as error:
        fetched = Future()
        fetched.set_result(unreachable(reason=str(error)).read)
    fetched.add_done_callback(record)


def _record(tx: Transaction, simulator: Simulator, asked: Task, found: SourceRead) -> None:
    """Store the result in the row of the task, which may have been forced to its end meanwhile."""
    account = account_rows.get(tx, asked.account)
    task = task_rows.get(tx, asked.account, asked.id)
    if account is None or task is None or task.content is not None:
        return
    now = account.clock.now(simulator.real_now())
    found = judged(found, account.readings)
    replan.replan(tx, simulator, account, read_task(task, found, now), now)
    if found.reason is not None:
        _explain(tx, simulator, account, task, found.reason)


def _explain(
    tx: Transaction, simulator: Simulator, account: Account, task: Task, reason: str
) -> None:
    """Add to the submit in the journal what the remark, which is the vendor's, does not say."""
    call_id = journal.call_of_task(tx, account.id, task.id, Operation.SUBMIT_TASK)
    if call_id is None:
        return
    finding = Finding(
        id="source-image",
        at=pointer("body", "qr_code_url"),
        sent=redact_address(task.qr_code_url or ""),
        says=f"The source image cannot be used: {reason}.",
    )
    refused = simulator.catalogue.findings[finding.id].is_refused(account.readings)
    journal.add_finding(tx, call_id, kept_finding(finding, account.secrets, refused=refused))


def read_task(task: Task, found: SourceRead, now: int) -> Task:
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
