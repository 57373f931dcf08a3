"""Rows of the journal: every call, limited by number and size; dropped calls are counted."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mock_server.domain.call.calls import Answer, Call
from mock_server.domain.call.redaction import (
    Capture,
    answer_lines,
    capture,
    header_lines,
    redact_target,
)
from mock_server.domain.call.wire_script import Delivered
from mock_server.domain.faults.wire import Sent
from mock_server.domain.records import dataclass
from mock_server.store.engine.transaction import Row, Transaction, Value

# Calls that are looked through for those that wait for a finding.
MOST_RECENT = 1_000

NO_ACCOUNT = ""
FEWEST_DROPPED = 64
# The approximate size of a row without its texts and bodies, in bytes.
ROW_BYTES = 400
_SIZED = (str, bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLimits:
    """The limits of the journal of each account."""

    calls: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call, redacted, with one header per line. `account` None: the call names no known
    account.

    `faults`, `sent` and `findings` are JSON: the faults that happened, what went over the wire if
    not the answer itself (None: the answer), and the findings without their words. `jumped_ms` is
    how far the account's clock had jumped in all; `held_ms` how long the call had been held by
    `real_at`. `ground`: what decided the answer (domain/call/answer_rules.py).
    """

    account: str | None
    at: int
    real_at: int
    request_id: str
    operation: str | None
    method: str
    path: str
    status: int
    error_code: str | None
    charge: str
    fen: int
    task_id: str | None
    request_headers: str
    request: Capture
    answer_headers: str
    answer: Capture
    faults: str = "[]"
    sent: str | None = None
    findings: str = "[]"
    jumped_ms: int = 0
    held_ms: int = 0
    ground: str = ""


def redacted(call: Call, answer: Answer, secrets: tuple[str, ...]) -> dict[str, Any]:
    """Return the redacted parts of a call and its answer for an Entry: method, path, headers,
    bodies.
    """
    return {
        "method": call.method,
        "path": redact_target(call.target, secrets),
        "status": answer.status,
        "request_headers": header_lines(call.headers, secrets),
        "request": capture(call.body, secrets),
        "answer_headers": answer_lines(answer.headers, call.headers, secrets),
        "answer": capture(answer.body, secrets),
    }


def insert(tx: Transaction, entry: Entry, limits: JournalLimits) -> int:
    """Add a call and return its id; drop the oldest calls past the limits."""
    values = _values(entry)
    size = ROW_BYTES + sum([len(value) for value in values if isinstance(value, _SIZED)])
    account = entry.account or NO_ACCOUNT
    # The counter is updated first, because it locks its row: so ids rise in the order of commits,
    # and a reader that continues from the last id misses no call.
    kept = _count(tx, account, size)
    call_id = tx.insert_later(_INSERT, (*values, size))
    _bound(tx, account, kept, limits)
    return call_id


_INSERT = (
    "insert into call (account, at, real_at, request_id, operation, method, path, status,"
    " error_code, charge, fen, task_id, request_headers, request_body, request_length,"
    " request_sha256, answer_headers, answer_body, answer_length, answer_sha256, faults, sent,"
    " findings, jumped_ms, held_ms, ground, size)"
    " values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)


def _values(entry: Entry) -> tuple[Value, ...]:
    return (
        entry.account or NO_ACCOUNT,
        entry.at,
        entry.real_at,
        entry.request_id,
        None if entry.operation is None else str(entry.operation),
        entry.method,
        entry.path,
        entry.status,
        entry.error_code,
        str(entry.charge),
        entry.fen,
        entry.task_id,
        entry.request_headers,
        entry.request.body,
        entry.request.length,
        entry.request.sha256,
        entry.answer_headers,
        entry.answer.body,
        entry.answer.length,
        entry.answer.sha256,
        entry.faults,
        entry.sent,
        entry.findings,
        entry.jumped_ms,
        entry.held_ms,
        entry.ground,
    )


def headers_of(lines: str) -> list[list[str]]:
    """Return `[name, value]` pairs from headers stored one per line."""
    return [line.split(": ", 1) for line in lines.split("\n") if line]


@dataclass(frozen=True, slots=True)
class _Kept:
    """How many calls of an account the journal has, and their size in bytes."""

    calls: int
    bytes: int


_COUNT = (
    "insert into call_total (seen, kept, bytes, account) values (?,?,?,?) on conflict (account)"
    " do update set seen = call_total.seen + excluded.seen,"
    " kept = call_total.kept + excluded.kept, bytes = call_total.bytes + excluded.bytes"
)


def _count(tx: Transaction, account: str, size: int) -> _Kept:
    if not tx.memory.lasts:
        return _kept(tx.one(f"{_COUNT} returning kept, bytes", (1, 1, size, account)))
    before: _Kept | None = tx.memory.get("call_total", account)
    if before is None:
        before = _kept(tx.one("select kept, bytes from call_total where account = ?", (account,)))
    tx.add_later(_COUNT, (1, 1, size), (account,))
    kept = _Kept(before.calls + 1, before.bytes + size)
    tx.memory.keep("call_total", account, kept)
    return kept


def _kept(row: Row | None) -> _Kept:
    return _Kept(row["kept"], row["bytes"]) if row else _Kept(0, 0)


def _bound(tx: Transaction, account: str, kept: _Kept, limits: JournalLimits) -> None:
    # A few calls are dropped at a time, so that a full journal needs no deletion on every call and
    # no call has to wait for thousands to go; only a large call takes the room of many.
    bite = FEWEST_DROPPED
    # The newest call always stays, because its ledger entry refers to it.
    while kept.calls > 1 and not _fits(kept, limits):
        oldest = tx.all(
            "select id, size from call where account = ? order by id limit ?",
            (account, max(1, min(bite, kept.calls // 8))),
        )
        bite *= 2
        tx.execute("delete from call where account = ? and id <= ?", (account, oldest[-1]["id"]))
        kept = _kept(
            tx.one(
                "update call_total set kept = kept - ?, bytes = bytes - ? where account = ?"
                " returning kept, bytes",
                (len(oldest), sum(row["size"] for row in oldest), account),
            )
        )


def _fits(kept: _Kept, limits: JournalLimits) -> bool:
    return kept.calls <= limits.calls and kept.bytes <= limits.bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """The calls to show; None matches all.

    `after`: the id to continue from. `before`: the id to go back from.
    """

    operation: str | None = None
    status: int | None = None
    charged: bool | None = None
    task_id: str | None = None
    after: int = 0
    before: int | None = None
    limit: int = 100


def find(tx: Transaction, account: str | None, wanted: CallFilter) -> list[Row]:
    """Return the calls of an account that match a filter, oldest first.

    These are the first calls after `wanted.after`, or the last before `wanted.before` if it is
    given.
    """
    conditions, values = conditions_of(account, wanted)
    conditions.append("id > ?")
    values.append(wanted.after)
    if wanted.before is not None:
        conditions.append("id < ?")
        values.append(wanted.before)
    where = " and ".join(conditions)
    order = "id" if wanted.before is None else "id desc"
    sql = f"select * from call where {where} order by {order} limit ?"
    found = tx.all(sql, (*values, wanted.limit))
    return found if wanted.before is None else found[::-1]


def conditions_of(account: str | None, wanted: CallFilter) -> tuple[list[str], list[Value]]:
    """Return the conditions of a statement on the calls of an account, and their values; without
    those on the id.
    """
    conditions: list[str] = ["account = ?"]
    values: list[Value] = [account or NO_ACCOUNT]
    if wanted.operation is not None:
        conditions.append("operation = ?")
        values.append(wanted.operation)
    if wanted.status is not None:
        conditions.append("status = ?")
        values.append(wanted.status)
    if wanted.charged is not None:
        conditions.append(f"charge {'=' if wanted.charged else '<>'} 'charged'")
    if wanted.task_id is not None:
        conditions.append("task_id = ?")
        values.append(wanted.task_id)
    return conditions, values


def get(tx: Transaction, call_id: int) -> Row | None:
    """Return a call of any account; None if it never existed or was dropped."""
    return tx.one("select * from call where id = ?", (call_id,))


def last_ids(tx: Transaction, accounts: list[str]) -> dict[str, int]:
    """Return the id of the latest call of each of these accounts that has one; `NO_ACCOUNT` too."""
    sql = "select max(id) as id from call where account = ?"
    found = ((account, tx.one(sql, (account,))) for account in (*accounts, NO_ACCOUNT))
    return {account: row["id"] for account, row in found if row and row["id"]}


def judged(tx: Transaction, account: str | None, *, after: int, limit: int) -> list[Row]:
    """Return the columns of calls that findings need, oldest first."""
    return tx.all(
        "select id, at, real_at, jumped_ms, held_ms, operation, method, path, status,"
        " error_code, task_id, request_headers,"
        " request_body, request_sha256, answer_headers, answer_body, sent, findings"
        " from call where account = ? and id > ? order by id limit ?",
        (account or NO_ACCOUNT, after, limit),
    )


def add_finding(tx: Transaction, call_id: int, finding: dict[str, Any]) -> None:
    """Put a later finding first in the list of a call; nothing happens if the call was dropped."""
    row = tx.one("select account from call where id = ?", (call_id,))
    if row is None:
        return
    # As for a new call, the counter is written first: its lock keeps others from dropping calls.
    account = row["account"]
    tx.execute("update call_total set bytes = bytes where account = ?", (account,))
    row = tx.one("select findings from call where id = ?", (call_id,))
    if row is None:
        return
    findings = as_array([finding, *json.loads(row["findings"])])
    grown = len(findings) - len(row["findings"])
    values = (findings, grown, call_id)
    tx.execute("update call set findings = ?, size = size + ? where id = ?", values)
    tx.execute("update call_total set bytes = bytes + ? where account = ?", (grown, account))


def refused(tx: Transaction, account: str, codes: Sequence[str], *, since: int) -> list[Row]:
    """Return the findings of recent calls that got one of these error codes, and no fault's.

    `since` is a real instant (ms).
    """
    return tx.all(
        "select id, error_code, findings from (select id, real_at, error_code, findings, faults"
        " from call where account = ? order by id desc limit ?) as recent"
        f" where real_at >= ? and error_code in ({', '.join('?' * len(codes))})"
        " and faults = '[]'",
        (account, MOST_RECENT, since, *codes),
    )


def call_of_task(tx: Transaction, account: str, task_id: str, operation: str) -> int | None:
    """Return the first call of an operation that a task is of; None if it was dropped."""
    row = tx.one(
        "select min(id) as id from call where account = ? and task_id = ? and operation = ?",
        (account, task_id, operation),
    )
    return row["id"] if row else None


def as_array(findings: list[dict[str, Any]]) -> str:
    """Return findings in the form of a journal row."""
    return json.dumps(findings, ensure_ascii=False, separators=(",", ":"))


def sent(tx: Transaction, call_id: int) -> dict[str, Any] | None:
    """Return what went over the wire for a call; None: the answer itself."""
    row = tx.one("select sent from call where id = ?", (call_id,))
    return json.loads(row["sent"]) if row and row["sent"] else None


def unsent(disconnected_after_ms: int) -> str:
    """Return, as JSON, what went over the wire to a client that did not stay for its answer."""
    sent = Sent(what=Delivered.NOTHING, status=None, bytes=0, left_after_ms=disconnected_after_ms)
    return json.dumps(asdict(sent))


def set_sent(tx: Transaction, call_id: int, what: str) -> None:
    """Store, as JSON, what went over the wire for a call; nothing happens if it was dropped."""
    tx.execute("update call set sent = ? where id = ?", (what, call_id))


def empty_without_account(tx: Transaction) -> None:
    """Drop the calls without an account, and their counters."""
    for table in ("call", "call_total"):
        tx.execute(f"delete from {table} where account = ?", (NO_ACCOUNT,))


def dropped(tx: Transaction, account: str | None) -> int:
    """Return the number of calls that the journal dropped."""
    row = tx.one(
        "select seen - kept as dropped from call_total where account = ?", (account or NO_ACCOUNT,)
    )
    return int(row["dropped"]) if row else 0
