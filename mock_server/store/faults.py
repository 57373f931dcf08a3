"""Rows of armed faults."""

import json
from functools import lru_cache
from typing import Any

from mock_server.domain.call.calls import Operation
from mock_server.domain.faults.kinds import KINDS, FaultOrder, fault_of, parameters_of
from mock_server.domain.faults.rules import Match, Rule, given
from mock_server.store.engine.transaction import Row, Transaction

# So many of an account's last rules stay to be read, even if they fire no more.
KEPT = 100


def insert(tx: Transaction, account_id: str, order: FaultOrder, now: int) -> int:
    """Arm a rule at the account's `now` and return its id."""
    tx.execute("update account set armed = armed + 1 where id = ?", (account_id,))
    last = tx.one("select max(number) as number from fault where account = ?", (account_id,))
    return tx.insert(
        "insert into fault (account, number, kind, parameters, condition, starts_at, expires_at,"
        " calls_left, seen, hits) values (?,?,?,?,?,?,?,?,0,0)",
        (
            account_id,
            1 + ((last and last["number"]) or 0),
            order.kind.name,
            json.dumps(parameters_of(order.fault)),
            json.dumps(given(order.match)),
            None if order.starts_in_ms is None else now + order.starts_in_ms,
            None if order.expires_in_ms is None else now + order.expires_in_ms,
            order.calls,
        ),
    )


def of_account(tx: Transaction, account_id: str) -> list[Rule]:
    """Return every rule of an account in the order of arming, including those that fire no more."""
    rows = tx.all("select * from fault where account = ? order by id", (account_id,))
    return [_rule(row) for row in rows]


def get(tx: Transaction, rule_id: int) -> Rule | None:
    """Return a rule."""
    row = tx.one("select * from fault where id = ?", (rule_id,))
    return _rule(row) if row else None


def count_seen(tx: Transaction, rule_id: int) -> int | None:
    """Count a call that matches a rule and return the new number; None if the rule fires no more.

    The row stays locked until the commit, so workers count one after the other.
    """
    row = tx.one(
        "update fault set seen = seen + 1 where id = ? and (calls_left is null or calls_left > 0)"
        " returning seen",
        (rule_id,),
    )
    return int(row["seen"]) if row else None


def count_hit(tx: Transaction, rule_id: int) -> None:
    """Count that a rule fired."""
    tx.execute(
        "update fault set hits = hits + 1, calls_left = calls_left - 1 where id = ?", (rule_id,)
    )


def delete(tx: Transaction, account_id: str, rule_id: int | None = None) -> int:
    """Disarm one rule of an account, or all; return the number of rules."""
    if rule_id is None:
        gone = tx.execute("delete from fault where account = ?", (account_id,))
    else:
        gone = tx.execute("delete from fault where account = ? and id = ?", (account_id, rule_id))
    tx.execute("update account set armed = armed - ? where id = ?", (gone, account_id))
    return gone


def worn_out(tx: Transaction, account_id: str, before: int | None, limit: int) -> list[int]:
    """Return rules that fire no more, or have not since an instant; never one of the last `KEPT`.

    The number of the last rule seeds the dice of the next, so that one stays in any case.
    """
    rows = tx.all(
        "select id from fault where account = ? and (calls_left <= 0 or expires_at <= ?)"
        " and number <= (select max(number) from fault where account = ?) - ?"
        " order by id limit ?",
        (account_id, before, account_id, KEPT, limit),
    )
    return [row["id"] for row in rows]


@lru_cache(maxsize=1024)
def _fault(kind: str, parameters: str) -> Any:
    return fault_of(KINDS[kind], json.loads(parameters))


@lru_cache(maxsize=1024)
def _match(condition: str) -> Match:
    values: dict[str, Any] = json.loads(condition)
    if "operation" in values:
        values["operation"] = Operation(values["operation"])
    return Match(**values)


def _rule(row: Row) -> Rule:
    return Rule(
        id=row["id"],
        account=row["account"],
        number=row["number"],
        kind=KINDS[row["kind"]],
        fault=_fault(row["kind"], row["parameters"]),
        match=_match(row["condition"]),
        starts_at=row["starts_at"],
        expires_at=row["expires_at"],
        calls_left=row["calls_left"],
        seen=row["seen"],
        hits=row["hits"],
    )
