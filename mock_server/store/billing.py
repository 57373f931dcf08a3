"""Rows of packages and of the ledger."""

from mock_server.domain.billing import LedgerEntry, Package
from mock_server.store.transaction import Row, Transaction


def add_package(tx: Transaction, package: Package) -> int:
    """Add a package (its `id` is ignored) and return the id it got."""
    return tx.insert(
        "insert into package (account, offer, credits, remaining, fen, bought_at, expires_at)"
        " values (?,?,?,?,?,?,?)",
        (
            package.account,
            package.offer,
            package.credits,
            package.remaining,
            package.fen,
            package.bought_at,
            package.expires_at,
        ),
    )


def packages(tx: Transaction, account_id: str) -> list[Package]:
    """Return every package of an account, in the order of purchase."""
    rows = tx.all("select * from package where account = ? order by bought_at, id", (account_id,))
    return [Package(**row) for row in rows]


def paying_package(tx: Transaction, account_id: str, now: int) -> Package | None:
    """Return the package that pays next (claim packages-order), None without a credit."""
    row = tx.one(
        "select * from package where account = ? and remaining > 0 and expires_at > ?"
        " order by expires_at, bought_at, id limit 1",
        (account_id, now),
    )
    return Package(**row) if row else None


def take_credit(tx: Transaction, package_id: int) -> bool:
    """Take one credit; False if none was left."""
    sql = "update package set remaining = remaining - 1 where id = ? and remaining > 0"
    return tx.execute(sql, (package_id,)) == 1


def balance(tx: Transaction, account_id: str, now: int) -> int:
    """Return the credits that can still be spent."""
    row = tx.one(
        "select coalesce(sum(remaining), 0) as balance from package"
        " where account = ? and expires_at > ?",
        (account_id, now),
    )
    return int(row["balance"]) if row else 0


def add_entry(tx: Transaction, entry: LedgerEntry) -> None:
    """Add a charged call to the ledger."""
    tx.execute(
        "insert into ledger (account, call_id, package_id, operation, task_id, fen, at)"
        " values (?,?,?,?,?,?,?)",
        (
            entry.account,
            entry.call_id,
            entry.package_id,
            entry.operation,
            entry.task_id,
            entry.fen,
            entry.at,
        ),
    )


def totals(tx: Transaction, account_id: str) -> list[Row]:
    """Return `operation, charges, fen` for every operation that was charged."""
    return tx.all(
        "select operation, count(*) as charges, cast(sum(fen) as bigint) as fen from ledger"
        " where account = ? group by operation order by operation",
        (account_id,),
    )
