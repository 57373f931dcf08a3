"""Rows of the inbox: callbacks that the simulator itself received for an account."""

from mock_server.domain.call.redaction import Capture
from mock_server.domain.records import dataclass
from mock_server.store.engine.transaction import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A callback that came in, redacted. `headers`: one a line. `at`: on the account's clock."""

    account: str
    at: int
    headers: str
    body: Capture


def insert(tx: Transaction, received: Received) -> int:
    """Add a callback and return its id."""
    return tx.insert_later(
        "insert into inbox (account, at, request_headers, request_body, request_length,"
        " request_sha256) values (?,?,?,?,?,?)",
        (
            received.account,
            received.at,
            received.headers,
            received.body.body,
            received.body.length,
            received.body.sha256,
        ),
    )


def trim(tx: Transaction, account_id: str, most: int) -> None:
    """Delete all but the last `most` callbacks of an account."""
    tx.execute(
        "delete from inbox where account = ? and id <= (select id from inbox where account = ?"
        " order by id desc limit 1 offset ?)",
        (account_id, account_id, most),
    )


def newest(tx: Transaction, account_id: str, limit: int) -> list[Row]:
    """Return the last callbacks of an account, the newest first."""
    return tx.all(
        "select * from inbox where account = ? order by id desc limit ?", (account_id, limit)
    )


def last_id(tx: Transaction, account_id: str) -> int:
    """Return the id of the last callback that came in; 0 without one."""
    row = tx.one("select max(id) as id from inbox where account = ?", (account_id,))
    return int(row["id"] or 0) if row else 0


def empty(tx: Transaction, account_id: str) -> None:
    """Delete the callbacks of an account."""
    tx.execute("delete from inbox where account = ?", (account_id,))
