"""What the one writer remembers, compared with the rows."""

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from mock_server.domain.auth.credentials import WINDOW_MS
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.store import accounts, billing, throttles
from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction

Memories = dict[str, dict[Any, Any]]


def memories(database: Database) -> Memories:
    """Return what the writer of a file remembers, by table; call it between two turns."""
    engine: Any = database._engine
    return {table: dict(values) for table, values in engine._memory._tables.items()}


def false_memories(database: Database) -> list[tuple[str, Hashable, Any, Any]]:
    """Return `table, key, memory, fact` of all that the rows say otherwise."""
    known = memories(database)

    def look(tx: Transaction) -> list[tuple[str, Hashable, Any, Any]]:
        return [
            (table, key, value, fact)
            for table, values in known.items()
            for key, value in values.items()
            if (fact := fact_of(tx, table, key, value)) != value
        ]

    return database.read(look)


def fact_of(tx: Transaction, table: str, key: Any, value: Any) -> Any:  # noqa: PLR0911 - a table each
    """Return what the rows say about a memory."""
    if key == "next id":
        row = tx.one("select seq from sqlite_sequence where name = ?", (table,))
        return 1 + (row["seq"] if row else 0)
    if table == "account":
        return _account(tx, key)
    if table == "package":
        return _paying(tx, key, value)
    if table == "call_total":
        row = tx.one("select kept, bytes from call_total where account = ?", (key,))
        return type(value)(row["kept"], row["bytes"]) if row else None
    if table == "bucket":
        return throttles.get(tx, *key)
    if table == "nonce" and len(key) == len(("account", "credential", "nonce")):
        return _seen_at(tx, key, value)
    assert table in ("nonce", "plain head"), f"no fact is known about {table}"
    return value  # a mark, and what holds for one account only


def _seen_at(tx: Transaction, key: tuple[str, str, str], value: int) -> int | None:
    """Return when a nonce was used; old ones may have been deleted, and are asked for no more."""
    row = tx.one(
        "select seen_at from nonce where account = ? and credential = ? and nonce = ?", key
    )
    newest = tx.one("select max(seen_at) as at from nonce where account = ?", key[:1])
    is_old = newest is not None and newest["at"] is not None and value <= newest["at"] - WINDOW_MS
    if row is None:
        return value if is_old else None
    return int(row["seen_at"])


def _account(tx: Transaction, key: Any) -> Any:
    if isinstance(key, str):
        return accounts.get(tx, key)
    row = tx.one(f"select id from account where {key[0]} = ?", (key[1],))
    return row and row["id"]


def _paying(tx: Transaction, account_id: str, value: Any) -> Any:
    if not value.package.remaining:  # it pays no more, and is not asked for
        packages = billing.packages(tx, account_id)
        return next(
            (replace(value, package=each) for each in packages if each.id == value.package.id), None
        )
    readings = replace(DEFAULT_READINGS, packages_order=value.order)
    package = billing.paying_package(tx, account_id, value.since, readings)
    return package and replace(value, package=package)
