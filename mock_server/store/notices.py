"""Rows of notices, and of the watch that schedules an account's notices."""

from mock_server.domain.billing.notices import Notice, Watch
from mock_server.store.engine.transaction import Row, Transaction


def insert(tx: Transaction, account_id: str, notice: Notice) -> int:
    """Add a notice and return its id."""
    return tx.insert(
        "insert into notice (account, kind, at, package, remaining, text) values (?,?,?,?,?,?)",
        (account_id, notice.kind, notice.at, notice.package, notice.remaining, notice.text),
    )


def get(tx: Transaction, notice_id: int) -> Row | None:
    """Return a notice."""
    return tx.one("select * from notice where id = ?", (notice_id,))


def after(tx: Transaction, account_id: str, notice_id: int, limit: int) -> list[Row]:
    """Return the notices with ids above `notice_id`, in the order they were sent."""
    return tx.all(
        "select * from notice where account = ? and id > ? order by id limit ?",
        (account_id, notice_id, limit),
    )


def last(tx: Transaction, account_id: str, limit: int) -> list[Row]:
    """Return the last notices, the newest first."""
    return tx.all(
        "select * from notice where account = ? order by id desc limit ?", (account_id, limit)
    )


def set_watch(tx: Transaction, account_id: str, watch: Watch) -> None:
    """Store the watch of an account."""
    tx.execute(
        "update account set watch_base = ?, watch_warned = ?, watch_repeat_at = ?,"
        " watch_due_at = ? where id = ?",
        (watch.base, int(watch.warned), watch.repeat_at, watch.due_at, account_id),
    )


def posting(tx: Transaction) -> list[str]:
    """Return the accounts that have an address for notices and a notice to come."""
    rows = tx.all(
        "select id from account where notify_url is not null and watch_due_at is not null"
        " order by id"
    )
    return [row["id"] for row in rows]
