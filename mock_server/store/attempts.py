"""Rows of attempts: the request of each attempt of a callback, and its outcome."""

from mock_server.domain.call.redaction import Capture
from mock_server.domain.records import dataclass
from mock_server.store.engine.transaction import Row, Transaction

MAX_ANSWER_BYTES = 4096
MAX_HEADERS = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt, redacted, with one header per line.

    `request_url` is as it was sent, without a login; it and `request_headers` are None if nothing
    was sent.

    `due_at`: when it was due. `at`: the instant that the account's clock showed at its end.
    """

    callback_id: int
    account: str
    due_at: int
    at: int
    request_url: str | None
    request_headers: str | None
    request: Capture
    status: int | None
    error: str | None
    answer_headers: str
    answer: bytes
    duration_ms: int


def insert(tx: Transaction, attempt: Attempt) -> None:
    """Add an attempt."""
    tx.execute_later(
        "insert into attempt (callback_id, account, due_at, at, request_url, request_headers,"
        " request_body, request_length, request_sha256, status, error, answer_headers,"
        " answer_body, duration_ms) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            attempt.callback_id,
            attempt.account,
            attempt.due_at,
            attempt.at,
            attempt.request_url,
            attempt.request_headers,
            attempt.request.body,
            attempt.request.length,
            attempt.request.sha256,
            attempt.status,
            attempt.error,
            attempt.answer_headers[:MAX_HEADERS],
            attempt.answer[:MAX_ANSWER_BYTES],
            attempt.duration_ms,
        ),
    )


def of_callback(tx: Transaction, account_id: str, callback_id: int) -> list[Row]:
    """Return the attempts of a callback, in order."""
    return tx.all(
        "select * from attempt where account = ? and callback_id = ? order by id",
        (account_id, callback_id),
    )


def bodies(tx: Transaction, account_id: str) -> list[Row]:
    """Return what each attempt of an account sent, when, and the status it got, in order; and
    whether its callback was `forged`.
    """
    return tx.all(
        "select request_body, attempt.status, attempt.at, callback.forged from attempt"
        " join callback on callback.id = attempt.callback_id"
        " where attempt.account = ? and request_headers is not null order by attempt.id",
        (account_id,),
    )


def last_id(tx: Transaction) -> int:
    """Return the id of the last attempt of any account, 0 if there is none.

    In a transaction that has an account to itself every later attempt of that one has a higher id.
    """
    row = tx.one("select max(id) as id from attempt")
    return int(row["id"] or 0) if row else 0


def count_tried(tx: Transaction, account_id: str, *, until: int, after: int) -> int:
    """Return how many callbacks that were due by an instant have an attempt after the id
    `after`.
    """
    row = tx.one(
        # The expression keeps to the few last attempts, not to the index of all of the account.
        "select count(distinct callback_id) as many from attempt"
        " where id > ? and due_at <= ? and account || '' = ?",
        (after, until, account_id),
    )
    return int(row["many"]) if row else 0
