"""Rows of token buckets."""

from mock_server.domain.call.calls import Operation
from mock_server.domain.call.throttle import Bucket
from mock_server.store.engine.transaction import Transaction

_TABLE = "bucket"


def get(tx: Transaction, account_id: str, operation: Operation) -> Bucket | None:
    """Return the bucket of an operation; None before its first call."""
    known: Bucket | None = tx.memory.get(_TABLE, (account_id, operation))
    if known is not None:
        return known
    row = tx.one(
        "select tokens, at from bucket where account = ? and operation = ?",
        (account_id, operation),
    )
    return Bucket(**row) if row else None


def put(tx: Transaction, account_id: str, operation: Operation, bucket: Bucket) -> None:
    """Store a bucket."""
    tx.execute_later(
        "insert into bucket values (?,?,?,?) on conflict (account, operation)"
        " do update set tokens = excluded.tokens, at = excluded.at",
        (account_id, operation, bucket.tokens, bucket.at),
    )
    tx.memory.keep(_TABLE, (account_id, operation), bucket)


def empty(tx: Transaction, account_id: str) -> None:
    """Delete the buckets of an account, so the next calls find full ones."""
    tx.execute("delete from bucket where account = ?", (account_id,))
