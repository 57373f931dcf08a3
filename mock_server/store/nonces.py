"""Rows of nonces: those of verified calls, stored for as long as they may not be used again."""

from mock_server.store.engine.transaction import Transaction

# How many old nonces go with each new one.
FEW = 8
_DELETE = (
    "delete from nonce where (account, credential, nonce) in (select account, credential, nonce"
    " from nonce where account = ? and seen_at <= ? order by seen_at limit ?)"
)


def is_used(tx: Transaction, account_id: str, credential: str, nonce: str, since: int) -> bool:
    """Whether a verified call used this nonce after the instant `since`."""
    row = tx.one(
        "select 1 from nonce where account = ? and credential = ? and nonce = ? and seen_at > ?",
        (account_id, credential, nonce, since),
    )
    return row is not None


def remember(
    tx: Transaction, account_id: str, credential: str, nonce: str, *, now: int, since: int
) -> None:
    """Store a nonce, and delete some of those older than `since`: more than are stored, but not all
    of a pause at once.
    """
    tx.execute_later(_DELETE, (account_id, since, FEW))
    tx.execute_later(
        "insert into nonce values (?,?,?,?) on conflict (account, credential,"
        " nonce) do update set seen_at = excluded.seen_at",
        (account_id, credential, nonce, now),
    )


def delete_old(tx: Transaction, account_id: str, since: int, limit: int) -> int:
    """Delete nonces older than `since`, the oldest first; return how many."""
    return tx.execute(_DELETE, (account_id, since, limit))


def has_old(tx: Transaction, account_id: str, since: int) -> bool:
    """Whether an account has a nonce older than `since`."""
    found = tx.one(
        "select 1 from nonce where account = ? and seen_at <= ? limit 1", (account_id, since)
    )
    return found is not None
