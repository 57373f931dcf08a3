"""Rows of callbacks with a fault: the decision is stored before anything is sent."""

import json
from functools import lru_cache
from typing import Any

from mock_server.domain.callback.payload import CallbackState
from mock_server.domain.faults.kinds import KINDS, fault_of, parameters_of
from mock_server.domain.faults.rules import AnyKind, Rule
from mock_server.domain.records import dataclass
from mock_server.store.callbacks import Claimed
from mock_server.store.engine.transaction import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFault:
    """The kind and the parameters of a callback's fault."""

    kind: AnyKind
    fault: Any


@lru_cache(maxsize=1024)
def read(text: str) -> StoredFault:
    """Return the fault in a row's JSON."""
    written = json.loads(text)
    kind = KINDS[written["kind"]]
    return StoredFault(kind=kind, fault=fault_of(kind, written["parameters"]))


def mark(tx: Transaction, callback_id: int, rule: Rule, *, crossed_with: str | None = None) -> str:
    """Store the fault of a callback and return its JSON."""
    text = json.dumps({"kind": rule.kind.name, "parameters": parameters_of(rule.fault)})
    tx.execute(
        "update callback set fault_id = ?, fault = ?, crossed_with = ? where id = ?",
        (rule.id, text, crossed_with, callback_id),
    )
    return text


def postpone(
    tx: Transaction, claimed: Claimed, next_at: int, *, waits_for: int | None = None
) -> None:
    """Postpone a claimed callback to an instant, and until another callback was attempted."""
    tx.execute(
        "update callback set state = 'due', next_at = ?, waits_for = ?, claimed_at = null"
        " where id = ?",
        (next_at, waits_for, claimed.id),
    )


def lose(tx: Transaction, claimed: Claimed) -> None:
    """Mark a claimed callback as never sent."""
    tx.execute(
        "update callback set state = ?, next_at = null, claimed_at = null where id = ?",
        (CallbackState.LOST, claimed.id),
    )


def partner(tx: Transaction, claimed: Claimed) -> Row | None:
    """Return the account's next callback that has no fault and no attempt yet."""
    return tx.one(
        "select id, task_id, next_at from callback where account = ? and id <> ?"
        " and state = 'due' and tries = 0 and copy_of is null and fault is null"
        " and task_id <> '' and next_at is not null order by next_at, id limit 1",
        (claimed.account, claimed.id),
    )
