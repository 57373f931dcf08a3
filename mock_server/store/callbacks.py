"""Rows of callbacks: the outbox. Their outcomes are rows of `attempts`."""

from collections.abc import Collection

from mock_server.domain.callback.payload import CallbackState
from mock_server.domain.callback.retries import SOONEST_MS, DeliveryState
from mock_server.domain.clock import Clock
from mock_server.domain.records import dataclass
from mock_server.store.engine.transaction import Row, Transaction

_DUE = str(CallbackState.DUE)
# A due callback may be sent if the callback that it waits for has been attempted.
_READY = (
    "state = 'due' and (waits_for is null or not exists (select 1 from callback as before"
    " where before.id = callback.waits_for and before.tries = 0"
    " and before.state in ('due', 'sending') and before.next_at is not null))"
)


# The due time of an account's next possible attempt: the first that is found in the order of the
# index, however many are planned.
_FIRST_DUE = (
    f"select next_at from callback where {_READY} and account = {{account}}"
    " and next_at is not null order by next_at limit 1"
)
# One look into the index for each account that has a callback to come, not one for each callback.
_WAITING = (
    "with recursive planned (account) as ("
    " select min(account) from callback where state = 'due' union all"
    " select (select min(account) from callback where state = 'due' and account > planned.account)"
    " from planned where planned.account is not null)"
    " select account, due_at, base_at, real_base_at, rate, frozen from"
    f" (select account, ({_FIRST_DUE.format(account='planned.account')}) as due_at from planned"
    " where account is not null) as coming join account on account.id = coming.account"
    " where due_at is not null order by due_at, coming.account"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCallback:
    """A delivery to plan. `due_at` None: not known yet; `next_at` None: the same as `due_at`.

    `notice_id` is the notice that it delivers; `task_id` is '' then, and `task_number` 0.
    """

    account: str
    task_id: str
    task_number: int
    url: str
    due_at: int | None
    copy_of: int | None = None
    by_hand: bool = False
    next_at: int | None = None
    waits_for: int | None = None
    notice_id: int | None = None
    forged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A callback that this process is about to post. `tries` counts the attempts so far.

    `fault` is its stored fault, so that a restart changes nothing.
    """

    id: int
    account: str
    task_id: str
    task_number: int
    notice_id: int | None
    url: str
    copy_of: int | None
    next_at: int
    tries: int
    acknowledged: int
    fault: str | None
    crossed_with: str | None
    forged: int


_CLAIMED = (
    "id, account, task_id, task_number, notice_id, url, copy_of, next_at, tries, acknowledged,"
    " fault, crossed_with, forged"
)


def insert(tx: Transaction, new: NewCallback) -> int:
    """Plan a callback, in the transaction that adds its task or notice, and return its id."""
    return tx.insert_later(
        "insert into callback (account, task_id, task_number, notice_id, url, copy_of, by_hand,"
        " waits_for, due_at, next_at, forged, tries, acknowledged, state)"
        " values (?,?,?,?,?,?,?,?,?,?,?,0,0,?)",
        (
            new.account,
            new.task_id,
            new.task_number,
            new.notice_id,
            new.url,
            new.copy_of,
            int(new.by_hand),
            new.waits_for,
            new.due_at,
            new.due_at if new.next_at is None else new.next_at,
            int(new.forged),
            _DUE,
        ),
    )


def move(tx: Transaction, planned: NewCallback, state: CallbackState) -> bool:
    """Move the callback of a task whose plan changed; False if there is none yet.

    A callback that was attempted already does not move.
    """
    tx.execute(
        "update callback set due_at = ?, next_at = ?, state = ? where account = ?"
        " and task_number = ? and by_hand = 0 and forged = 0 and tries = 0"
        " and state in ('due', 'cancelled')",
        (planned.due_at, planned.due_at, state, planned.account, planned.task_number),
    )
    return (
        tx.one(
            "select 1 from callback where account = ? and task_number = ? and by_hand = 0"
            " and forged = 0",
            (planned.account, planned.task_number),
        )
        is not None
    )


def hasten_forged(tx: Transaction, account_id: str, task_number: int, at: int) -> None:
    """Bring the forged callback of a task forward to an instant; it never moves to a later one."""
    tx.execute(
        "update callback set due_at = ?, next_at = ? where account = ? and task_number = ?"
        " and forged = 1 and tries = 0 and state = 'due' and next_at > ?",
        (at, at, account_id, task_number, at),
    )


def has_forged(tx: Transaction, account_id: str, task_number: int) -> bool:
    """Whether a task has a forged callback."""
    found = tx.one(
        "select 1 from callback where account = ? and task_number = ? and forged = 1",
        (account_id, task_number),
    )
    return found is not None


def claim(
    tx: Transaction, account_id: str, now: int, until: int, limit: int, lease: int | None = None
) -> list[Claimed]:
    """Claim the callbacks of an account that were due by `until`, oldest first.

    From the real instant `lease` (ms) on, another process may claim them.
    """
    rows = tx.all(
        "update callback set state = 'sending', claimed_at = ?, leased_until = ?"
        f" where id in (select id from callback where {_READY} and account = ? and next_at <= ?"
        f" order by next_at, id limit ?{tx.skip_locked}) returning {_CLAIMED}",
        (now, lease, account_id, until, limit),
    )
    return sorted((Claimed(**row) for row in rows), key=lambda each: (each.next_at, each.id))


def take(tx: Transaction, account_id: str, callback_id: int, now: int) -> Claimed:
    """Claim one callback, due or not."""
    row = tx.one(
        "update callback set state = 'sending', claimed_at = ? where account = ? and id = ?"
        f" returning {_CLAIMED}",
        (now, account_id, callback_id),
    )
    assert row is not None  # noqa: S101 - the caller has just inserted it
    return Claimed(**row)


def blocked_since(tx: Transaction, account_id: str, now: int) -> int:
    """Return the due time of the first callback that must wait for another; now if there is
    none.
    """
    row = tx.one(
        "select min(held.next_at) as at from callback as held join callback as before"
        " on before.id = held.waits_for where held.state = 'due' and held.account = ?"
        " and held.next_at <= ? and before.tries = 0 and before.state in ('due', 'sending')"
        " and before.next_at <= ?",
        (account_id, now, now),
    )
    return now if row is None or row["at"] is None else int(row["at"])


def retry_barrier(tx: Transaction, account_id: str, now: int) -> int:
    """Return the earliest instant at which an attempt under way could have to be retried."""
    sending = tx.one(
        "select min(next_at - claimed_at) as lag from callback where state = 'sending'"
        " and account = ?",
        (account_id,),
    )
    if sending is not None and sending["lag"] is not None:
        return now + int(sending["lag"]) + SOONEST_MS
    first = first_due(tx, account_id)
    return now if first is None else first + SOONEST_MS


def existing(tx: Transaction, account_id: str, ids: Collection[int]) -> set[int]:
    """Return those of these callbacks that an account still has."""
    rows = tx.all(
        f"select id from callback where account = ? and id in ({', '.join('?' * len(ids))})",
        (account_id, *ids),
    )
    return {row["id"] for row in rows}


def save_state(tx: Transaction, claimed: Claimed, standing: DeliveryState) -> None:
    """Store the state of a callback after an attempt."""
    tx.execute_later(
        "update callback set state = ?, next_at = ?, tries = ?, acknowledged = ?,"
        " claimed_at = null where id = ?",
        (
            standing.state,
            standing.next_at,
            claimed.tries + 1,
            int(standing.acknowledged),
            claimed.id,
        ),
    )


def lease(tx: Transaction, callback_id: int, until: int) -> None:
    """Let another process claim the callback from this real instant (ms), in case this one dies."""
    tx.execute("update callback set leased_until = ? where id = ?", (until, callback_id))


def release_expired(tx: Transaction, real_now: int) -> int:
    """Make due again the callbacks of a process that died: delivery is at least once, never
    lost.
    """
    return tx.execute(
        "update callback set state = 'due' where id in (select id from callback"
        f" where state = 'sending' and leased_until <= ?{tx.skip_locked})",
        (real_now,),
    )


def release_all(tx: Transaction) -> int:
    """Make due again the callbacks of a killed process: delivery is at least once, never lost."""
    return tx.execute("update callback set state = 'due' where state = 'sending'")


def in_flight(tx: Transaction) -> dict[str, int]:
    """Return the number of callbacks under way, by account."""
    rows = tx.all(
        "select account, count(*) as many from callback where state = 'sending' group by account"
    )
    return {row["account"]: row["many"] for row in rows}


def unattempted(
    tx: Transaction, account_id: str, until: int, last_id: int
) -> tuple[int, int] | None:
    """Return `id, tries` of the first callback up to `last_id` that has an attempt to come which
    was due by `until`; None if none has.

    A callback that waits for another one that is not due does not count.
    """
    for ready in ("state = 'sending'", _READY):
        row = tx.one(
            f"select id, tries from callback where {ready} and account = ? and next_at <= ?"
            # A copy that a fault makes of one of these callbacks counts too.
            " and (id <= ? or (by_hand = 0 and copy_of <= ?)) order by next_at, id limit 1",
            (account_id, until, last_id, last_id),
        )
        if row is not None:
            return row["id"], row["tries"]
    return None


def last_id(tx: Transaction, account_id: str) -> int:
    """Return the id of the last planned callback, 0 if there is none."""
    row = tx.one("select max(id) as id from callback where account = ?", (account_id,))
    return int(row["id"] or 0) if row else 0


def next_due(tx: Transaction, account_id: str, now: int) -> Row | None:
    """Return `at, task_id` of the next attempt of a task's callback after `now`."""
    return tx.one(
        "select next_at as at, task_id from callback where state = 'due' and account = ?"
        " and notice_id is null and next_at > ? order by next_at, id limit 1",
        (account_id, now),
    )


def first_due(tx: Transaction, account_id: str) -> int | None:
    """Return the due time of the account's next possible attempt."""
    row = tx.one(f"select ({_FIRST_DUE.format(account='?')}) as at", (account_id,))
    return row["at"] if row else None


def waiting(tx: Transaction) -> list[tuple[str, int, Clock]]:
    """Return `account, due time of its next attempt, clock` for every account that has one."""
    rows = tx.all(_WAITING)
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


def get(tx: Transaction, account_id: str, callback_id: int) -> Row | None:
    """Return a callback of an account."""
    return tx.one("select * from callback where account = ? and id = ?", (account_id, callback_id))


def after(tx: Transaction, account_id: str, callback_id: int, limit: int) -> list[Row]:
    """Return the callbacks of tasks with ids above `callback_id`."""
    return tx.all(
        "select * from callback where account = ? and id > ? and notice_id is null"
        " order by id limit ?",
        (account_id, callback_id, limit),
    )


def newest(tx: Transaction, account_id: str, before: int, limit: int) -> list[Row]:
    """Return the last callbacks of tasks with ids below `before`, the newest first."""
    return tx.all(
        "select * from callback where account = ? and id < ? and notice_id is null"
        " order by id desc limit ?",
        (account_id, before, limit),
    )


def of_task(tx: Transaction, account_id: str, task_number: int, limit: int) -> list[Row]:
    """Return the first callbacks of a task, in the order that they were planned."""
    return tx.all(
        "select * from callback where account = ? and task_number = ? and notice_id is null"
        " order by id limit ?",
        (account_id, task_number, limit),
    )


def of_notice(tx: Transaction, account_id: str, notice_id: int) -> Row | None:
    """Return the delivery of a notice; None: it was not to be posted."""
    return tx.one(
        "select * from callback where account = ? and task_number = 0 and notice_id = ?",
        (account_id, notice_id),
    )
