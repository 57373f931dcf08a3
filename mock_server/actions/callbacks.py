"""The outbox: claim what is due, post it, record the attempt.

Rule 1: posting happens between two transactions, never inside one.
Rule 2: whoever claims a callback posts it, so each try is made once however many ask what is due.
Rule 3: what is due in one account goes out in the order of its instants, retries included.
"""

from concurrent.futures import Future
from dataclasses import dataclass

from mock_server.actions import mishaps
from mock_server.domain import callbacks as rules
from mock_server.domain import deliveries, redaction
from mock_server.domain.accounts import Account
from mock_server.domain.callbacks import AddressError, Outcome, Posting
from mock_server.domain.deliveries import Progress
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import attempts as attempt_rows
from mock_server.store import callbacks as rows
from mock_server.store.attempts import MAX_ANSWER_BYTES, Attempt
from mock_server.store.callbacks import Claimed
from mock_server.store.transaction import Transaction

ROUND = 10  # so many callbacks of one account, then it is the turn of the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A claimed callback with what to post."""

    claimed: Claimed
    posting: Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was claimed, the real instant (ms) of the next try, and whether something was left."""

    deliveries: list[Delivery]
    next_at: int | None
    left: bool


def claim_due(tx: Transaction, simulator: Simulator) -> Look:
    """Claim what is due in any account, in turns, as far as there is room."""
    real_now = simulator.real_now()
    in_flight = rows.in_flight(tx)
    deliveries: list[Delivery] = []
    due = [
        (account_id, clock.now(real_now))
        for account_id, due_at, clock in rows.waiting(tx)
        if due_at <= clock.now(real_now)
    ]
    while due:
        more = []
        for account_id, now in due:
            claimed = _claim_some(tx, simulator, account_id, in_flight)
            deliveries += claimed
            if claimed:
                more.append((account_id, now))
        due = more
    # What is due and was left goes out when something under way has come to an end.
    waiting = rows.waiting(tx)
    left = any(due_at <= clock.now(real_now) for _, due_at, clock in waiting)
    instants = [
        clock.real_at(due_at) for _, due_at, clock in waiting if due_at > clock.now(real_now)
    ]
    next_at = min((at for at in instants if at is not None), default=None)
    return Look(deliveries=deliveries, next_at=next_at, left=left)


def claim_due_of(tx: Transaction, simulator: Simulator, account_id: str) -> list[Delivery]:
    """Claim what is due in one account, as far as there is room."""
    in_flight = rows.in_flight(tx)
    deliveries: list[Delivery] = []
    while claimed := _claim_some(tx, simulator, account_id, in_flight):
        deliveries += claimed
    return deliveries


def deliver(simulator: Simulator, delivery: Delivery) -> Future[None]:
    """Post a claimed callback; the future is done when its attempt is recorded."""
    recorded: Future[None] = Future()

    def record(posted: Future[Outcome]) -> None:
        if posted.cancelled():  # we are stopping: it stays claimed, and due at the next start
            recorded.cancel()
            recorded.set_running_or_notify_cancel()  # or `wait` would go on waiting for it
            return
        outcome = posted.result()
        simulator.database.submit(
            lambda tx: _record(tx, simulator, delivery, outcome), lambda _, error: finish(error)
        )

    def finish(error: BaseException | None) -> None:
        simulator.alarm.attempt_recorded()
        if error is None:
            recorded.set_result(None)
        else:
            recorded.set_exception(error)

    try:
        posted = simulator.post(rules.parse_address(delivery.claimed.url), delivery.posting)
    except AddressError as error:
        posted = Future()
        posted.set_result(Outcome(error=str(error), hopeless=True))
    posted.add_done_callback(record)
    return recorded


def _claim_some(
    tx: Transaction, simulator: Simulator, account_id: str, in_flight: dict[str, int]
) -> list[Delivery]:
    """Claim a turn of one account and count it as under way."""
    room = deliveries.room(in_flight, account_id, simulator.settings.callback_concurrency)
    account = account_rows.get(tx, account_id) if room > 0 else None
    if account is None:
        return []
    now = account.clock.now(simulator.real_now())
    until = rows.held_at(tx, account_id, now) if account.armed else now
    if account.readings.callback_delivery != "once":
        until = min(until, rows.overtaken_at(tx, account_id, now) - 1)
    # One by one where faults are about: what one meets can change which is the next.
    limit = 1 if account.armed else min(room, ROUND)
    claimed: list[Claimed] = []
    while not claimed and (taken := rows.claim(tx, account_id, now, until, limit)):
        claimed = [met for each in taken for met in mishaps.meet(tx, account, each, now)]
    in_flight[account_id] = in_flight.get(account_id, 0) + len(claimed)
    return [Delivery(claimed=each, posting=mishaps.posting(tx, account, each)) for each in claimed]


def _record(tx: Transaction, simulator: Simulator, delivery: Delivery, outcome: Outcome) -> None:
    """Keep an attempt and what follows from it; nothing if the world was reset meanwhile."""
    claimed = delivery.claimed
    account = account_rows.get(tx, claimed.account)
    if account is None or rows.get(tx, claimed.account, claimed.id) is None:
        return
    real_now = simulator.real_now()
    clock = account.clock
    attempt_rows.insert(tx, _attempt(account, delivery, outcome, clock.now(real_now)))
    progress = Progress(
        tries=claimed.tries + 1,
        acknowledged=bool(claimed.acknowledged),
        is_copy=claimed.copy_of is not None,
        # While a clock stands still a try takes no time.
        ended_at=claimed.next_at + (0 if clock.frozen else int(outcome.duration_ms * clock.rate)),
    )
    standing = deliveries.after_attempt(outcome, progress, account.readings, real_now)
    rows.stand(tx, claimed, standing)
    ring(tx, simulator, account, rows.first_due(tx, account.id))


def ring(tx: Transaction, simulator: Simulator, account: Account, at: int | None) -> None:
    """Wake the deliverer for an instant on an account's clock, once this is committed."""
    if at is None:
        return
    is_due = at <= account.clock.now(simulator.real_now())
    real_at = 0 if is_due else account.clock.real_at(at)
    if real_at is not None:
        tx.after_commit.append(lambda: simulator.alarm.ring(real_at))


def _attempt(account: Account, delivery: Delivery, outcome: Outcome, now: int) -> Attempt:
    secrets = account.secrets
    headers = outcome.sent_headers
    sent = delivery.posting.body[: outcome.sent]
    return Attempt(
        callback_id=delivery.claimed.id,
        account=account.id,
        due_at=delivery.claimed.next_at,
        at=now,
        request_headers=None if headers is None else redaction.header_lines(headers, secrets),
        request=redaction.capture(sent, secrets),
        status=outcome.status,
        error=outcome.error,
        answer_headers=redaction.header_lines(outcome.headers, secrets),
        answer=redaction.capture(outcome.body[:MAX_ANSWER_BYTES], secrets).body,
        duration_ms=outcome.duration_ms,
    )
