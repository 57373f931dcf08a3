"""Rows of accounts."""

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from mock_server.domain.account.accounts import Account, AccountTemplate, Standing
from mock_server.domain.billing.notices import Watch
from mock_server.domain.call.throttle import Limit
from mock_server.domain.clock import Clock
from mock_server.domain.findings.near_misses import Held
from mock_server.domain.readings import DEFAULT_READINGS, Readings, as_mapping, with_readings
from mock_server.domain.records import changed
from mock_server.domain.task.magic import PackageState
from mock_server.store import notices
from mock_server.store.engine.transaction import Row, Transaction

OWNED = (
    "attempt", "callback", "task", "task_block", "ledger", "charge_total", "package", "notice",
    "call", "call_total", "nonce", "bucket", "fault", "short_link", "retention", "inbox",
)  # fmt: skip

_TABLE = "account"
BY_HAND = ""  # beside the values in the column `readings`: the names of those set by hand
_COLUMNS = (
    "id", "name", "app_code", "app_key", "app_secret", "seed", "readings", "origin", "created_at",
    "base_at", "real_base_at", "rate", "frozen", "pinned", "jumped_ms",
    "standing", "skew_ms", "per_second",
    "burst", "notify_url", "submits", "answers",
)  # fmt: skip


def insert(tx: Transaction, account: Account) -> bool:
    """Add an account; False if its id or one of its credentials is taken."""
    added = tx.execute(
        f"insert into account ({', '.join(_COLUMNS)}) values ({', '.join('?' * len(_COLUMNS))})"
        " on conflict do nothing",
        (
            account.id,
            account.name,
            account.app_code,
            account.app_key,
            account.app_secret,
            account.seed,
            _stored_readings(account),
            json.dumps(asdict(account.origin)),
            account.created_at,
            *_clock_values(account.clock),
            account.standing,
            account.skew_ms,
            *_limit_values(account.limit),
            account.notify_url,
            account.submits,
            account.answers,
        ),
    )
    return added == 1


def count_all(tx: Transaction) -> int:
    """Return how many accounts there are."""
    row = tx.one("select count(*) as many from account")
    return int(row["many"]) if row else 0


def get(tx: Transaction, account_id: str) -> Account | None:
    """Return the account with this id; in a writing transaction this locks the account."""
    return tx.memory.get(_TABLE, account_id) or _found(tx, "id", account_id)


def by_app_code(tx: Transaction, app_code: str) -> Account | None:
    """Return the account with this app code."""
    return _by(tx, "app_code", app_code)


def by_app_key(tx: Transaction, app_key: str) -> Account | None:
    """Return the account with this app key."""
    return _by(tx, "app_key", app_key)


def remembered(tx: Transaction, column: str, credential: str) -> Account | None:
    """Return the account with this credential, `app_code` or `app_key`, if the writer knows it."""
    account_id = tx.memory.get(_TABLE, (column, credential))
    known: Account | None = account_id and tx.memory.get(_TABLE, account_id)
    return known


def _by(tx: Transaction, column: str, credential: str) -> Account | None:
    return remembered(tx, column, credential) or _found(tx, column, credential)


def _found(tx: Transaction, column: str, value: str) -> Account | None:
    row = tx.one(f"select * from account where {column} = ?{tx.for_update}", (value,))
    if row is None:
        return None
    account = _account(row)
    tx.memory.keep(_TABLE, account.id, account)
    tx.memory.keep(_TABLE, (column, value), account.id)
    return account


def holder(tx: Transaction, text: str) -> Held | None:
    """Return which credential of any account a text is."""
    for held, column in _HELD:
        if tx.one(f"select 1 from account where {column} = ? limit 1", (text,)):
            return held
    return None


_HELD = (
    (Held.APP_CODE, "app_code"), (Held.APP_KEY, "app_key"), (Held.APP_SECRET, "app_secret"),
)  # fmt: skip


def get_unlocked(tx: Transaction, account_id: str) -> Account | None:
    """Return the account with this id without a lock."""
    known: Account | None = tx.memory.get(_TABLE, account_id)
    if known is not None:
        return known
    row = tx.one("select * from account where id = ?", (account_id,))
    return _account(row) if row else None


def list_all(tx: Transaction) -> list[Account]:
    """Return all accounts, oldest first."""
    return [_account(row) for row in tx.all("select * from account order by created_at, id")]


def names(tx: Transaction, limit: int) -> list[Row]:
    """Return `id, name` of the first accounts, oldest first."""
    return tx.all("select id, name from account order by created_at, id limit ?", (limit,))


def ids_after(tx: Transaction, account_id: str, limit: int) -> list[str]:
    """Return the ids of the first accounts behind one, in the order of the ids."""
    rows = tx.all("select id from account where id > ? order by id limit ?", (account_id, limit))
    return [row["id"] for row in rows]


def set_clock(tx: Transaction, account_id: str, clock: Clock) -> None:
    """Store a new clock."""
    tx.execute(
        "update account set base_at = ?, real_base_at = ?, rate = ?, frozen = ?, pinned = ?,"
        " jumped_ms = ? where id = ?",
        (*_clock_values(clock), account_id),
    )


def set_world(tx: Transaction, account: Account) -> None:
    """Store all columns of an account that can change."""
    set_clock(tx, account.id, account.clock)
    tx.execute(
        "update account set readings = ?, standing = ?, skew_ms = ?, per_second = ?, burst = ?,"
        " notify_url = ?, submits = ?, answers = ? where id = ?",
        (
            _stored_readings(account),
            account.standing,
            account.skew_ms,
            *_limit_values(account.limit),
            account.notify_url,
            account.submits,
            account.answers,
            account.id,
        ),
    )


def set_origin(tx: Transaction, account_id: str, origin: AccountTemplate) -> None:
    """Store the template for later resets."""
    text = json.dumps(asdict(origin))
    tx.execute("update account set origin = ? where id = ?", (text, account_id))


def count(tx: Transaction, account_id: str, *, submits: int, answers: int) -> None:
    """Advance the counters that seed ids and durations."""
    tx.add_later(
        "update account set submits = submits + ?, answers = answers + ? where id = ?",
        (submits, answers),
        (account_id,),
    )
    known: Account | None = tx.memory.get(_TABLE, account_id)
    if known is not None:
        counted = {"submits": known.submits + submits, "answers": known.answers + answers}
        tx.memory.keep(_TABLE, account_id, changed(known, counted))


def empty(tx: Transaction, account_id: str) -> None:
    """Delete everything that an account owns."""
    for table in OWNED:
        tx.execute(f"delete from {table} where account = ?", (account_id,))
    tx.execute("update account set armed = 0 where id = ?", (account_id,))
    notices.set_watch(tx, account_id, Watch())


def delete(tx: Transaction, account_id: str) -> None:
    """Delete an account and everything it owns."""
    empty(tx, account_id)
    tx.execute("delete from account where id = ?", (account_id,))


def _clock_values(clock: Clock) -> tuple[int, int, float, int, int, int]:
    return (
        clock.base_at, clock.real_base_at, clock.rate, int(clock.frozen), int(clock.pinned),
        clock.jumped_ms,
    )  # fmt: skip


def _limit_values(limit: Limit | None) -> tuple[float | None, int]:
    return (limit.per_second, limit.burst) if limit else (None, 0)


def _stored_readings(account: Account) -> str:
    default, values = as_mapping(DEFAULT_READINGS), as_mapping(account.readings)
    stored: dict[str, Any] = {name: x for name, x in values.items() if x != default[name]}
    if stored or account.by_hand:
        stored[BY_HAND] = sorted(account.by_hand)
    return json.dumps(stored)


@lru_cache(maxsize=1024)
def _readings(text: str) -> tuple[Readings, frozenset[str]]:
    """Return the readings of an account, and which of them were set by hand."""
    stored: dict[str, Any] = json.loads(text)
    by_hand = frozenset(stored.pop(BY_HAND, tuple(stored)))  # a row of before has no such names
    return with_readings(DEFAULT_READINGS, stored), by_hand


@lru_cache(maxsize=1024)
def _origin(text: str) -> AccountTemplate:
    values: dict[str, Any] = json.loads(text)
    values["package"] = PackageState(values["package"])
    values["standing"] = Standing(values["standing"])
    values["faults"] = tuple(values["faults"])
    values["packages"] = tuple(values["packages"])
    return AccountTemplate(**values)


def _limit(per_second: float | None, burst: int) -> Limit | None:
    return None if per_second is None else Limit(per_second=per_second, burst=burst)


def _account(row: Row) -> Account:
    readings, by_hand = _readings(row["readings"])
    return Account(
        id=row["id"],
        name=row["name"],
        app_code=row["app_code"],
        app_key=row["app_key"],
        app_secret=row["app_secret"],
        seed=row["seed"],
        readings=readings,
        origin=_origin(row["origin"]),
        created_at=row["created_at"],
        clock=Clock(
            base_at=row["base_at"],
            real_base_at=row["real_base_at"],
            rate=row["rate"],
            frozen=bool(row["frozen"]),
            pinned=bool(row["pinned"]),
            jumped_ms=row["jumped_ms"],
        ),
        standing=Standing(row["standing"]),
        skew_ms=row["skew_ms"],
        limit=_limit(row["per_second"], row["burst"]),
        watch=Watch(
            base=row["watch_base"],
            warned=bool(row["watch_warned"]),
            repeat_at=row["watch_repeat_at"],
            due_at=row["watch_due_at"],
        ),
        notify_url=row["notify_url"],
        armed=row["armed"],
        submits=row["submits"],
        answers=row["answers"],
        by_hand=by_hand,
    )
