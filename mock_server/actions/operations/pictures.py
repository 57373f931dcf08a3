"""Pictures: find the one that an address names, and journal the fetch. Drawing is in `render`."""

from dataclasses import replace

from mock_server.domain import dice
from mock_server.domain.account.accounts import Account
from mock_server.domain.billing.charges import Charge
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import Answer, Call, Operation
from mock_server.domain.call.redaction import Capture
from mock_server.domain.records import dataclass
from mock_server.domain.task import tasks
from mock_server.domain.task.tasks import Status, Task
from mock_server.picture_cache import Picture
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import callbacks as callback_rows
from mock_server.store import journal, retention
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureAddress:
    """The parts of a picture's path."""

    account: str
    task_id: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """There is no picture; the fetch is answered with this status."""

    status: int = 404


def find(tx: Transaction, simulator: Simulator, address: PictureAddress) -> Picture | Missing:
    """Return the picture; Missing before its task has succeeded, and after its lifetime."""
    account = account_rows.get(tx, address.account)
    task = task_rows.get(tx, address.account, address.task_id)
    if account is not None and task is None:
        return _decoy(tx, account, address) or _unknown(tx, account)
    if account is None or task is None:
        return Missing()
    return of_task(account, task, address.number, account.clock.now(simulator.real_now()))


def of_task(account: Account, task: Task, number: int, now: int) -> Picture | Missing:
    """Return a picture of a task, numbered from 1, at an instant of the account's clock."""
    if not 1 <= number <= task.pictures:
        return Missing()
    if task.content is None or tasks.status_at(task.plan, now) is not Status.SUCCEEDED:
        return Missing()
    # claims picture-lifetime, picture-gone: 24 h, then the address gives 404
    if not tasks.has_pictures(task.plan, now, account.readings):
        return Missing(status=int(account.readings.picture_gone))
    seed = dice.between(account.seed, "picture", task.number, number, low=0, high=2**32 - 1)
    return Picture(content=task.content, style_id=task.style_id or "", seed=seed)


def _unknown(tx: Transaction, account: Account) -> Missing:
    """Return the answer for a task that is not there: where tasks were trimmed, it may be one of
    them, and its pictures have expired as far as anybody can see (claim picture-gone).
    """
    if retention.trimmed(tx, account.id) is None:
        return Missing()
    return Missing(status=int(account.readings.picture_gone))


def _decoy(tx: Transaction, account: Account, address: PictureAddress) -> Picture | None:
    """Return the picture that a forged callback names, of a task that has such a callback."""
    task = task_rows.get(tx, account.id, tasks.decoy_id(address.task_id))
    if task is None or address.number != 1:
        return None
    if not callback_rows.has_forged(tx, account.id, task.number):
        return None
    seed = dice.between(account.seed, "decoy", task.number, low=0, high=2**32 - 1)
    content = tasks.decoy_content(task.id)
    return Picture(content=content, style_id=task.style_id or "", seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Which account fetches what: a picture, or the target of a short link.

    `left_after_ms`: when the client hung up, if it did so before the answer was ready.
    """

    operation: Operation
    account: str
    task_id: str | None
    left_after_ms: int | None = None


def book(tx: Transaction, simulator: Simulator, fetch: Fetch, call: Call, answer: Answer) -> int:
    """Journal a fetch, which is never charged, and return the call's id."""
    account = account_rows.get(tx, fetch.account)
    real_now = simulator.real_now()
    secrets = account.secrets if account else ()
    left = fetch.left_after_ms
    bodiless = replace(call, body=b"") if call.body else call
    shown = journal.redacted(bodiless, replace(answer, body=b""), secrets)
    # The journal keeps only the size: the bytes can be drawn again at any time.
    shown["answer"] = Capture(body=b"", length=len(answer.body), sha256="")
    entry = journal.Entry(
        account=account.id if account else None,
        at=account.clock.now(real_now) if account else real_now,
        real_at=real_now,
        jumped_ms=account.clock.jumped_ms if account else 0,
        request_id="",
        operation=fetch.operation,
        error_code=None,
        charge=Charge.NEVER,
        fen=0,
        task_id=fetch.task_id if account else None,
        ground=AnswerRule.PICTURE,
        sent=journal.unsent(left) if left is not None else None,
        **shown,
    )
    return simulator.add_to_journal(tx, entry, account.origin if account else None)
