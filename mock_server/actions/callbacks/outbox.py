"""The outbox: claim callbacks that are due, post them, record the attempts.

Rule 1: posting happens between two transactions, never inside one.
Rule 2: only the process that claimed a callback posts it, so each attempt is made once.
Rule 3: an account's callbacks are posted in the order of their due times, retries included.
Rule 4: attempts of one account that end together are recorded in one transaction, which claims what
is due next: the account is read, and the outbox looked at, once for all of them.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property, partial

from mock_server.actions.accounts import notices
from mock_server.actions.callbacks import faults
from mock_server.domain.account.accounts import Account
from mock_server.domain.call import redaction
from mock_server.domain.callback import retries
from mock_server.domain.callback.payload import MAX_LASTS_MS, Outcome, Posting
from mock_server.domain.callback.retries import Progress
from mock_server.domain.called_addresses import called_address
from mock_server.domain.clock import Clock
from mock_server.domain.readings import Readings
from mock_server.domain.task.tasks import Task
from mock_server.domain.urls import Address, AddressError
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import attempts as attempt_rows
from mock_server.store import callbacks as rows
from mock_server.store import notices as notice_rows
from mock_server.store import tasks as task_rows
from mock_server.store.attempts import MAX_ANSWER_BYTES, Attempt
from mock_server.store.callbacks import Claimed
from mock_server.store.engine.transaction import Transaction

ROUND = 10  # callbacks of one account in a row, before the next account's turn
SLACK_S = 5  # added to the longest time that a post can take


@dataclass(frozen=True, kw_only=True)  # no slots: the address is kept
class Delivery:
    """A claimed callback and its request. `readings` are those of its account at the claim."""

    claimed: Claimed
    posting: Posting
    readings: Readings

    @cached_property
    def address(self) -> Address:
        """Return where it goes. Raises AddressError."""
        return called_address(self.claimed.url, self.readings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A delivery that was posted, and what became of it."""

    delivery: Delivery
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is to be delivered, in all accounts.

    `due`: accounts with a due callback and a free place, those with the fewest under way first, and
    of equals those that have waited longest.
    `left`: some account has a due callback, but the others take all places.
    `next_at`: the real instant (ms) of the next attempt that is not due yet.
    `accounts`: how many were looked at.
    """

    due: list[str]
    left: bool
    next_at: int | None
    accounts: int


def survey(tx: Transaction, simulator: Simulator) -> Survey:
    """Look at the callbacks of every account, due and planned."""
    real_now = simulator.real_now()
    concurrency = simulator.settings.callback_concurrency
    late: dict[str, None] = {}  # in the order of their due times
    coming: list[int | None] = []
    waiting = _waiting(tx)
    for account_id, at, clock in waiting:
        if at <= clock.now(real_now):
            late[account_id] = None
        else:
            coming.append(clock.real_at(at))
    in_flight = rows.in_flight(tx) if late else {}
    due = [each for each in late if retries.room(in_flight, each, concurrency) > 0]
    return Survey(
        due=sorted(due, key=lambda account_id: in_flight.get(account_id, 0)),
        left=any(retries.is_crowded_out(in_flight, each, concurrency) for each in late),
        next_at=min((at for at in coming if at is not None), default=None),
        accounts=len(waiting),
    )


def claim_batch(tx: Transaction, simulator: Simulator, account_id: str) -> list[Delivery]:
    """Claim some of the callbacks that are due in one account, while places are free."""
    account = account_rows.get(tx, account_id)  # locked first: nobody else takes its places now
    if account is None:
        return []
    return _claim(tx, simulator, account, min(ROUND, _room(tx, simulator, account_id)))


def _room(tx: Transaction, simulator: Simulator, account_id: str) -> int:
    concurrency = simulator.settings.callback_concurrency
    return retries.room(rows.in_flight(tx), account_id, concurrency)


def _claim(tx: Transaction, simulator: Simulator, account: Account, most: int) -> list[Delivery]:
    if most == 0:
        return []
    now = account.clock.now(simulator.real_now())
    account = notices.catch_up(tx, simulator, account, now)
    claimed: list[Claimed] = []
    # With armed faults, claim one at a time: a fault can change which callback is next.
    limit = 1 if account.armed else most
    lease = _lease(simulator)
    while len(claimed) < most:
        taken = rows.claim(tx, account.id, now, _until(tx, account, now), limit, lease)
        for callback in taken:
            claimed += faults.apply_faults(tx, account, callback, now)
        if not taken or not account.armed:
            break
    numbers = {each.task_number for each in claimed if each.notice_id is None}
    tasks = task_rows.by_numbers(tx, account.id, numbers) if numbers else {}
    return [
        _prepared(tx, simulator, account, each, tasks.get(each.task_number)) for each in claimed
    ]


def _lease(simulator: Simulator, lasts_ms: int = 0) -> int | None:
    """Return the real instant (ms) from which another process may post what is claimed now.

    None: there is no other process.
    """
    if not simulator.database.shared:
        return None
    return simulator.real_now() + int(patience(simulator, lasts_ms) * 1000)


def patience(simulator: Simulator, lasts_ms: int = MAX_LASTS_MS) -> float:
    """Return the seconds after which an unrecorded attempt is considered lost."""
    return simulator.settings.callback_timeout + lasts_ms / 1000 + SLACK_S


def _prepared(
    tx: Transaction, simulator: Simulator, account: Account, claimed: Claimed, task: Task | None
) -> Delivery:
    """Return a claimed callback with its request.

    Its lease is that of the claim; a copy has none yet, and what takes longer gets a longer one.
    """
    posting = faults.posting(tx, account, claimed, task)
    if posting.lasts_ms or claimed.copy_of is not None:
        lease = _lease(simulator, posting.lasts_ms)
        if lease is not None:
            rows.lease(tx, claimed.id, lease)
    return Delivery(claimed=claimed, posting=posting, readings=account.readings)


def deliver(simulator: Simulator, delivery: Delivery) -> Future[None]:
    """Post a claimed callback; the future completes when its attempt is recorded."""
    recorded: Future[None] = Future()

    def keep(posted: Future[Outcome]) -> None:
        # The server stops: the callback stays claimed, and is due at the next start.
        if posted.cancelled():
            recorded.cancel()
            recorded.set_running_or_notify_cancel()  # else `wait` misses the cancellation
            return
        ended = [Ended(delivery=delivery, outcome=posted.result())]
        simulator.database.submit(
            lambda tx: record(tx, simulator, ended), lambda _, error: finish(error)
        )

    def finish(error: BaseException | None) -> None:
        simulator.due_signal.attempts_recorded(1)
        if error is None:
            recorded.set_result(None)
        else:
            recorded.set_exception(error)

    post(simulator, delivery).add_done_callback(keep)
    return recorded


def post(simulator: Simulator, delivery: Delivery) -> Future[Outcome]:
    """Post a claimed callback; the future gives what became of it."""
    try:
        return simulator.post(delivery.address, delivery.posting)
    except AddressError as error:
        posted: Future[Outcome] = Future()
        posted.set_result(Outcome(error=str(error), hopeless=True))
        return posted


def record(
    tx: Transaction, simulator: Simulator, ended: Sequence[Ended], *, claim_next: bool = False
) -> list[Delivery]:
    """Store the attempts of one account that ended; return what was claimed next, if wanted.

    Not more is claimed than has ended, so the places under way do not grow by it.
    """
    account = account_rows.get(tx, ended[0].delivery.claimed.account)
    if account is None:
        return []
    now = account.clock.now(simulator.real_now())
    kept = rows.existing(tx, account.id, {each.delivery.claimed.id for each in ended})
    for each in ended:
        if each.delivery.claimed.id in kept:  # else the account was reset meanwhile
            _record(tx, simulator, account, each, now)
    following: list[Delivery] = []
    if claim_next:
        most = min(len(ended), ROUND, _room(tx, simulator, account.id))
        following = _claim(tx, simulator, account, most)
    at = rows.first_due(tx, account.id)
    # What is due and has no place is claimed when one of those under way has ended.
    if claim_next and at is not None and at <= now and not _room(tx, simulator, account.id):
        return following
    schedule_wakeup(tx, simulator, account, at)
    return following


def _until(tx: Transaction, account: Account, now: int) -> int:
    """Return the instant up to which callbacks may be posted without breaking their order."""
    until = rows.blocked_since(tx, account.id, now) if account.armed else now
    if account.readings.callback_delivery == "once":
        return until
    return min(until, rows.retry_barrier(tx, account.id, now) - 1)


def _waiting(tx: Transaction) -> list[tuple[str, int, Clock]]:
    """Return `account, instant, clock` of every account with a callback or a posted notice to
    come.
    """
    peeked = [account_rows.get_unlocked(tx, account_id) for account_id in notice_rows.posting(tx)]
    return rows.waiting(tx) + [
        (account.id, account.watch.due_at, account.clock)
        for account in peeked
        if account is not None and account.watch.due_at is not None
    ]


def _record(
    tx: Transaction, simulator: Simulator, account: Account, ended: Ended, now: int
) -> None:
    """Store an attempt and the callback's next state."""
    claimed, outcome, clock = ended.delivery.claimed, ended.outcome, account.clock
    progress = Progress(
        tries=claimed.tries + 1,
        acknowledged=bool(claimed.acknowledged),
        is_extra=claimed.copy_of is not None or bool(claimed.forged),
        # On a frozen clock an attempt takes no time.
        ended_at=claimed.next_at + (0 if clock.frozen else int(outcome.duration_ms * clock.rate)),
    )
    machine_now = simulator.machine_now()
    standing = retries.after_attempt(outcome, progress, account.readings, machine_now)
    rows.save_state(tx, claimed, standing)
    attempt_rows.insert(tx, _attempt(account, ended.delivery, outcome, now))
    if simulator.recorder is not None:
        tx.after_commit.append(partial(simulator.recorder.attempt_recorded, outcome))


def schedule_wakeup(
    tx: Transaction, simulator: Simulator, account: Account, at: int | None
) -> None:
    """Wake the deliverer at an instant of an account's clock, once this transaction is
    committed.
    """
    if at is None:
        return
    is_due = at <= account.clock.now(simulator.real_now())
    real_at = 0 if is_due else account.clock.real_at(at)
    if real_at is not None:
        tx.after_commit.append(lambda: simulator.due_signal.notify(real_at))


def _attempt(account: Account, delivery: Delivery, outcome: Outcome, now: int) -> Attempt:
    secrets = account.secrets
    headers = outcome.sent_headers
    sent = delivery.posting.body[: outcome.sent]
    return Attempt(
        callback_id=delivery.claimed.id,
        account=account.id,
        due_at=delivery.claimed.next_at,
        at=now,
        request_url=None if headers is None else delivery.address.sent_url,
        request_headers=None if headers is None else redaction.header_lines(headers, secrets),
        request=redaction.capture(sent, secrets),
        status=outcome.status,
        error=outcome.error,
        answer_headers=redaction.header_lines(outcome.headers, secrets),
        answer=redaction.capture(outcome.body[:MAX_ANSWER_BYTES], secrets).body,
        duration_ms=outcome.duration_ms,
    )
