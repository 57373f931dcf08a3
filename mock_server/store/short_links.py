"""Rows of short links."""

from mock_server.domain.task.short_links import ShortLink
from mock_server.store.engine.transaction import Transaction


def insert(tx: Transaction, link: ShortLink) -> bool:
    """Add a short link; False if its code is taken."""
    return bool(
        tx.execute(
            "insert into short_link (code, account, task_id, target, expires_at)"
            " values (?,?,?,?,?) on conflict (code) do nothing",
            (link.code, link.account, link.task_id, link.target, link.expires_at),
        )
    )


def get(tx: Transaction, code: str) -> ShortLink | None:
    """Return the short link with this code."""
    row = tx.one("select * from short_link where code = ?", (code,))
    return ShortLink(**row) if row else None
