"""The outbox: claim what is due, post it, record the attempt.

Rule 1: posting happens between two transactions, never inside one.
Rule 2: whoever claims a callback posts it, so it is sent once however many ask what is due.
"""

import json
from concurrent.futures import Future, wait
from dataclasses import dataclass

from mock_server.actions import notices
from mock_server.domain import callbacks as rules
from mock_server.domain.accounts import Account
from mock_server.domain.callbacks import AddressError, Outcome
from mock_server.domain.shapes import pictures_shape
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import callbacks as rows
from mock_server.store import notices as notice_rows
from mock_server.store import tasks as task_rows
from mock_server.store.callbacks import Claimed
from mock_server.store.transaction import Transaction

BATCH = 100
LOOK_S = 0.25
SLACK_S = 5  # on top of the longest post


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A claimed callback with the body to post."""

    claimed: Claimed
    body: bytes


def claim_due(tx: Transaction, simulator: Simulator, limit: int) -> list[Delivery]:
    """Claim what is due in any account, earliest account first."""
    real_now = simulator.real_now()
    _catch_up_with_notices(tx, simulator, real_now)
    if simulator.database.shared:
        rows.release_expired(tx, real_now)
    deliveries: list[Delivery] = []
    for account_id, due_at, clock in rows.waiting(tx):
        now, left = clock.now(real_now), limit - len(deliveries)
        account = account_rows.peek(tx, account_id) if due_at <= now and left > 0 else None
        if account is not None:
            deliveries += _claim(tx, simulator, account, now, left)
    return deliveries


def claim_due_of(
    tx: Transaction, simulator: Simulator, account_id: str, limit: int = BATCH
) -> list[Delivery]:
    """Claim what is due in one account."""
    account = account_rows.peek(tx, account_id)
    if account is None:
        return []
    return _claim(tx, simulator, account, account.clock.now(simulator.real_now()), limit)


def next_due_at(tx: Transaction) -> int | None:
    """Return the real instant (ms) of the next callback; None if none will come by itself."""
    instants = [clock.real_at(due_at) for _, due_at, clock in rows.waiting(tx)]
    instants += [each.clock.real_at(each.watch.due_at or 0) for each in _with_notices(tx)]
    return min((at for at in instants if at is not None), default=None)


def deliver(simulator: Simulator, delivery: Delivery) -> Future[None]:
    """Post a claimed callback; the future is done when its attempt is recorded."""
    recorded: Future[None] = Future()
    claimed = delivery.claimed

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
        posted = simulator.post(rules.parse_address(claimed.url), delivery.body)
    except AddressError as error:
        posted = Future()
        posted.set_result(Outcome(error=str(error)))
    posted.add_done_callback(record)
    return recorded


def deliver_due(simulator: Simulator, account_id: str) -> int:
    """Post everything that is due in an account, by hand; return how many attempts were made."""
    made = 0
    while not simulator.alarm.stopped:
        deliveries = simulator.database.run(lambda tx: claim_due_of(tx, simulator, account_id))
        if not deliveries:
            break
        _wait_for(simulator, {deliver(simulator, delivery) for delivery in deliveries})
        made += len(deliveries)
    return made


def settle(simulator: Simulator, account_id: str, due: tuple[int, ...]) -> int:
    """Return once every callback of `due` was attempted, by us or by the deliverer.

    Returns how many of them were: fewer only if the server stops, or if no attempt at all was
    recorded for longer than one may take.
    """
    deliver_due(simulator, account_id)
    alarm = simulator.alarm
    # Nobody tells us of what another process records: look now and then.
    look_s = LOOK_S if simulator.database.shared else _patience(simulator)
    quiet_s, before = 0.0, len(due)
    while True:
        seen = alarm.attempts
        left = simulator.database.read(lambda tx: rows.count_unattempted(tx, due))
        if left < before:
            quiet_s, before = 0.0, left
        if not left or alarm.stopped or quiet_s >= _patience(simulator):
            return len(due) - left
        with alarm.attempted:
            alarm.attempted.wait_for(
                lambda seen=seen: alarm.attempts != seen or alarm.stopped,  # type: ignore[misc]
                timeout=look_s,
            )
        quiet_s = 0.0 if alarm.attempts != seen else quiet_s + look_s


def _wait_for(simulator: Simulator, recorded: set[Future[None]]) -> None:
    """Wait until all is recorded, or until the server stops, which gives up what is in flight."""
    while recorded and not simulator.alarm.stopped:
        recorded = set(wait(recorded, timeout=LOOK_S).not_done)


def _patience(simulator: Simulator) -> float:
    """Return the seconds after which an attempt that was not recorded never will be."""
    return simulator.settings.callback_timeout + SLACK_S


def _claim(
    tx: Transaction, simulator: Simulator, account: Account, now: int, limit: int
) -> list[Delivery]:
    deliveries = []
    for claimed in rows.claim(tx, account.id, now, limit):
        body = _notice_body(tx, claimed) or _result_body(tx, claimed, account)
        if simulator.database.shared:
            rows.lease(tx, claimed.id, simulator.real_now() + int(_patience(simulator) * 1000))
        deliveries.append(Delivery(claimed=claimed, body=body))
    return deliveries


def _result_body(tx: Transaction, claimed: Claimed, account: Account) -> bytes:
    task = task_rows.get(tx, claimed.account, claimed.task_id)
    pictures = pictures_shape(task, account.readings) if task else []
    return rules.payload(claimed.task_id, pictures)


def _notice_body(tx: Transaction, claimed: Claimed) -> bytes:
    """Return a notice as it is posted, nothing where a task is what is told of."""
    row = notice_rows.get(tx, claimed.notice_id) if claimed.notice_id is not None else None
    return json.dumps(notices.shown(row), ensure_ascii=False).encode() if row else b""


def _with_notices(tx: Transaction) -> list[Account]:
    found = [account_rows.peek(tx, account_id) for account_id in notice_rows.posting(tx)]
    return [account for account in found if account is not None]


def _catch_up_with_notices(tx: Transaction, simulator: Simulator, real_now: int) -> None:
    for seen in _with_notices(tx):
        if (seen.watch.due_at or 0) <= seen.clock.now(real_now):
            account = account_rows.get(tx, seen.id)  # only now: it keeps others off this world
            if account is not None:
                notices.catch_up(tx, simulator, account, account.clock.now(real_now))


def _record(tx: Transaction, simulator: Simulator, delivery: Delivery, outcome: Outcome) -> None:
    claimed = delivery.claimed
    account = account_rows.get(tx, claimed.account)
    if account is None:
        return
    at = account.clock.now(simulator.real_now())
    if rows.record(tx, claimed, at, delivery.body, outcome):
        rows.set_state(tx, claimed.id, rules.state_after(outcome))
