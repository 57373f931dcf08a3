"""Rows of nonces: those of verified calls, stored for as long as they may not be used again."""

from mock_server.store.engine.transaction import Transaction


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
    """Store a nonce, and delete those older than `since`."""
    tx.execute_later("delete from nonce where account = ? and seen_at <= ?", (account_id, since))
    tx.execute_later(
        "insert into nonce values (?,?,?,?) on conflict (account, credential,"
        " nonce) do update set seen_at = excluded.seen_at",
        (account_id, credential, nonce, now),
    )
