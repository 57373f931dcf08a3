"""Rows of callbacks and of their attempts: the outbox."""

from dataclasses import dataclass

from mock_server.domain.callbacks import CallbackState, Outcome
from mock_server.domain.clock import Clock
from mock_server.store.transaction import Row, Transaction

MAX_ANSWER_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A callback that this process is about to post."""

    id: int
    account: str
    task_id: str
    notice_id: int | None
    url: str


def insert(tx: Transaction, account_id: str, task_id: str, url: str, due_at: int | None) -> None:
    """Plan a callback, in the transaction that adds its task."""
    tx.execute(
        "insert into callback (account, task_id, url, due_at, state) values (?,?,?,?,?)",
        (account_id, task_id, url, due_at, CallbackState.DUE),
    )


def insert_notice(tx: Transaction, account_id: str, notice_id: int, url: str, due_at: int) -> None:
    """Plan the delivery of a notice, in the transaction that keeps it."""
    tx.execute(
        "insert into callback (account, task_id, notice_id, url, due_at, state)"
        " values (?,'',?,?,?,?)",
        (account_id, notice_id, url, due_at, CallbackState.DUE),
    )


def move(tx: Transaction, account_id: str, task_id: str, due_at: int | None) -> None:
    """Move the callback of a task whose plan changed; None cancels it."""
    state = CallbackState.CANCELLED if due_at is None else CallbackState.DUE
    tx.execute(
        "update callback set due_at = ?, state = ? where account = ? and task_id = ?"
        " and state in ('due', 'cancelled')",
        (due_at, state, account_id, task_id),
    )


def claim(tx: Transaction, account_id: str, now: int, limit: int) -> list[Claimed]:
    """Take the callbacks of an account that are due, oldest first."""
    rows = tx.all(
        "select id, account, task_id, notice_id, url from callback"
        " where state = 'due' and account = ? and due_at <= ? order by due_at, id limit ?"
        f"{tx.skip_locked}",
        (account_id, now, limit),
    )
    for row in rows:
        tx.execute("update callback set state = 'sending' where id = ?", (row["id"],))
    return [Claimed(**row) for row in rows]


def record(tx: Transaction, claimed: Claimed, at: int, request: bytes, outcome: Outcome) -> bool:
    """Keep an attempt; False if the callback is gone because its account was reset."""
    if tx.one("select 1 from callback where id = ?", (claimed.id,)) is None:
        return False
    tx.execute(
        "insert into attempt (callback_id, account, at, request, status, error, answer,"
        " duration_ms) values (?,?,?,?,?,?,?,?)",
        (
            claimed.id,
            claimed.account,
            at,
            request,
            outcome.status,
            outcome.error,
            outcome.body[:MAX_ANSWER_BYTES],
            outcome.duration_ms,
        ),
    )
    return True


def set_state(tx: Transaction, callback_id: int, state: CallbackState) -> None:
    """Keep where a callback stands."""
    tx.execute("update callback set state = ? where id = ?", (state, callback_id))


def lease(tx: Transaction, callback_id: int, until: int) -> None:
    """Let other processes have a claimed callback at this real instant (ms) if we are dead."""
    tx.execute("update callback set leased_until = ? where id = ?", (until, callback_id))


def release_expired(tx: Transaction, real_now: int) -> int:
    """Make due again what a process that died was sending: at least once, never lost."""
    return tx.execute(
        "update callback set state = 'due' where id in (select id from callback"
        f" where state = 'sending' and leased_until <= ?{tx.skip_locked})",
        (real_now,),
    )


def release_all(tx: Transaction) -> int:
    """Make due again what a killed process was sending: at least once, never lost."""
    return tx.execute("update callback set state = 'due' where state = 'sending'")


def unattempted(tx: Transaction, account_id: str, now: int) -> list[int]:
    """Return the ids of callbacks that are due by `now` and not attempted to the end."""
    rows = tx.all(
        "select id from callback where account = ? and state in ('due', 'sending') and due_at <= ?",
        (account_id, now),
    )
    return [row["id"] for row in rows]


def count_unattempted(tx: Transaction, callback_ids: tuple[int, ...]) -> int:
    """Return how many of these callbacks are still to be attempted."""
    return sum(
        tx.one("select 1 from callback where id = ? and state in ('due', 'sending')", (number,))
        is not None
        for number in callback_ids
    )


def next_due(tx: Transaction, account_id: str, now: int) -> Row | None:
    """Return `at, task_id` of the next callback after `now`."""
    return tx.one(
        "select due_at as at, task_id from callback where state = 'due' and account = ?"
        " and notice_id is null and due_at > ? order by due_at, id limit 1",
        (account_id, now),
    )


def waiting(tx: Transaction) -> list[tuple[str, int, Clock]]:
    """Return `account, earliest due_at, clock` for every account with a callback to come."""
    rows = tx.all(
        "select account, due_at, base_at, real_base_at, rate, frozen from"
        " (select account, min(due_at) as due_at from callback"
        "  where state = 'due' and due_at is not null group by account) as coming"
        " join account on account.id = coming.account"
    )
    return [
        (
            row["account"],
            row["due_at"],
            Clock(
                base_at=row["base_at"],
                real_base_at=row["real_base_at"],
                rate=row["rate"],
                frozen=bool(row["frozen"]),
            ),
        )
        for row in rows
    ]


def after(tx: Transaction, account_id: str, callback_id: int, limit: int) -> list[Row]:
    """Return the callbacks of tasks with ids above `callback_id`."""
    return tx.all(
        "select * from callback where account = ? and id > ? and notice_id is null"
        " order by id limit ?",
        (account_id, callback_id, limit),
    )


def of_notice(tx: Transaction, account_id: str, notice_id: int) -> Row | None:
    """Return the delivery of a notice, None if it was not to be posted."""
    return tx.one(
        "select * from callback where account = ? and task_id = '' and notice_id = ?",
        (account_id, notice_id),
    )


def attempts(tx: Transaction, account_id: str, callback_id: int) -> list[Row]:
    """Return the attempts of a callback, in order."""
    return tx.all(
        "select * from attempt where account = ? and callback_id = ? order by id",
        (account_id, callback_id),
    )
