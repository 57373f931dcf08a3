"""Rows of nonces: those of verified calls, stored for as long as they may not be used again.

Rule 1: what waits for the end of the turn is remembered, so that no call has to have it written
only to ask whether its own nonce is new. A mark says that nothing that waits has been forgotten;
without it everything is written first.
"""

from mock_server.store.engine.transaction import Transaction

# Some old nonces go with each new one; a writer that remembers lets them go with every 32nd.
FEW, EVERY = 8, 32
_TABLE, _ALL_REMEMBERED, _STORED = "nonce", "all that waits", "stored"
_USED = "select 1 from nonce where account = ? and credential = ? and nonce = ? and seen_at > ?"
_DELETE = (
    "delete from nonce where (account, credential, nonce) in (select account, credential, nonce"
    " from nonce where account = ? and seen_at <= ? order by seen_at limit ?)"
)


def is_used(tx: Transaction, account_id: str, credential: str, nonce: str, since: int) -> bool:
    """Whether a verified call used this nonce after the instant `since`."""
    key = (account_id, credential, nonce)
    if tx.memory.get(_TABLE, _ALL_REMEMBERED) is None:
        found = tx.one(_USED, (*key, since))
        tx.memory.keep(_TABLE, _ALL_REMEMBERED, value=True)
        return found is not None
    seen_at: int | None = tx.memory.get(_TABLE, key)
    if seen_at is not None:
        return seen_at > since
    return tx.one_written(_USED, (*key, since)) is not None


def remember(
    tx: Transaction, account_id: str, credential: str, nonce: str, *, now: int, since: int
) -> None:
    """Store a nonce, and delete some of those older than `since`: more than are stored, but not all
    of a pause at once.
    """
    stored: int = tx.memory.get(_TABLE, (account_id, _STORED)) or 0
    if stored % EVERY == 0:
        limit = FEW * EVERY if tx.memory.lasts else FEW
        tx.execute_later(_DELETE, (account_id, since, limit))
    tx.memory.keep(_TABLE, (account_id, _STORED), stored + 1)
    tx.execute_later(
        "insert into nonce values (?,?,?,?) on conflict (account, credential,"
        " nonce) do update set seen_at = excluded.seen_at",
        (account_id, credential, nonce, now),
    )
    tx.memory.keep(_TABLE, (account_id, credential, nonce), now)


def delete_old(tx: Transaction, account_id: str, since: int, limit: int) -> int:
    """Delete nonces older than `since`, the oldest first; return how many."""
    return tx.execute(_DELETE, (account_id, since, limit))


def has_old(tx: Transaction, account_id: str, since: int) -> bool:
    """Whether an account has a nonce older than `since`."""
    found = tx.one(
        "select 1 from nonce where account = ? and seen_at <= ? limit 1", (account_id, since)
    )
    return found is not None
