"""Rows of nonces: those of verified calls, for as long as they may not come again."""

from mock_server.store.engine.transaction import Transaction


def is_used(tx: Transaction, account_id: str, credential: str, nonce: str, since: int) -> bool:
    """Whether a verified call came with this nonce after the instant `since`."""
    row = tx.one(
        "select 1 from nonce where account = ? and credential = ? and nonce = ? and seen_at > ?",
        (account_id, credential, nonce, since),
    )
    return row is not None


def remember(
    tx: Transaction, account_id: str, credential: str, nonce: str, *, now: int, since: int
) -> None:
    """Keep a nonce, and drop those that are older than `since`."""
    tx.execute("delete from nonce where account = ? and seen_at <= ?", (account_id, since))
    tx.execute(
        "insert into nonce values (?,?,?,?) on conflict (account, credential,"
        " nonce) do update set seen_at = excluded.seen_at",
        (account_id, credential, nonce, now),
    )
