"""Rows of the journal: every call seen, bounded by number and size, with drops counted."""

import json
from dataclasses import dataclass
from typing import Any

from mock_server.domain.call.calls import Answer, Call
from mock_server.domain.call.redaction import (
    Capture,
    answer_lines,
    capture,
    header_lines,
    redact_target,
)
from mock_server.store.engine.transaction import Row, Transaction, Value

NO_ACCOUNT = ""
# What one row costs beside its texts and bodies, roughly.
ROW_BYTES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLimits:
    """How much the journal keeps for each account."""

    calls: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call, redacted; headers a line each. `account` None: it named none we know.

    `faults`, `sent` and `findings` are JSON: the faults that happened to it, what went over the
    wire where that is not the answer (None: it is), and what is off in it. `jumped_ms` is how far
    the account's clock had jumped in all; `held_ms` how long the call had been held by `real_at`.
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


def redacted(call: Call, answer: Answer, secrets: tuple[str, ...]) -> dict[str, Any]:
    """Return what an Entry keeps of a call and its answer: method, path, headers and bodies."""
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
    """Add a call and return its id; the oldest are dropped past the limits."""
    values = _values(entry)
    size = ROW_BYTES + sum(len(value) for value in values if isinstance(value, str | bytes))
    account = entry.account or NO_ACCOUNT
    # Counted first: that row keeps others off, so that ids rise in the order of the commits, and
    # whoever reads on from the last id that he saw misses none.
    total = _count(tx, account, size)
    call_id = tx.insert(_INSERT, (*values, size))
    _bound(tx, account, total, limits)
    return call_id


_INSERT = (
    "insert into call (account, at, real_at, request_id, operation, method, path, status,"
    " error_code, charge, fen, task_id, request_headers, request_body, request_length,"
    " request_sha256, answer_headers, answer_body, answer_length, answer_sha256, faults, sent,"
    " findings, jumped_ms, held_ms, size)"
    " values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)


def _values(entry: Entry) -> tuple[Value, ...]:
    return (
        entry.account or NO_ACCOUNT,
        entry.at,
        entry.real_at,
        entry.request_id,
        entry.operation,
        entry.method,
        entry.path,
        entry.status,
        entry.error_code,
        entry.charge,
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
    )


def headers_of(lines: str) -> list[list[str]]:
    """Return `[name, value]` pairs of headers as they are kept: a line each."""
    return [line.split(": ", 1) for line in lines.split("\n") if line]


def _count(tx: Transaction, account: str, size: int) -> Row | None:
    return tx.one(
        "insert into call_total values (?, 1, 1, ?) on conflict (account) do update set"
        " seen = call_total.seen + 1, kept = call_total.kept + 1,"
        " bytes = call_total.bytes + excluded.bytes returning kept, bytes",
        (account, size),
    )


def _bound(tx: Transaction, account: str, total: Row | None, limits: JournalLimits) -> None:
    # The newest always stays: its ledger entry points at it.
    while total and total["kept"] > 1 and not _fits(total, limits):
        # An eighth at a time, so that a full journal does not pay for a deletion on every call.
        oldest = tx.all(
            "select id, size from call where account = ? order by id limit ?",
            (account, max(1, total["kept"] // 8)),
        )
        tx.execute("delete from call where account = ? and id <= ?", (account, oldest[-1]["id"]))
        total = tx.one(
            "update call_total set kept = kept - ?, bytes = bytes - ? where account = ?"
            " returning kept, bytes",
            (len(oldest), sum(row["size"] for row in oldest), account),
        )


def _fits(total: Row, limits: JournalLimits) -> bool:
    return bool(total["kept"] <= limits.calls and total["bytes"] <= limits.bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls to show; None shows all. `after` is the id to go on from; `before` is the id to
    go back from."""

    operation: str | None = None
    status: int | None = None
    charged: bool | None = None
    task_id: str | None = None
    after: int = 0
    before: int | None = None
    limit: int = 100


def find(tx: Transaction, account: str | None, wanted: CallFilter) -> list[Row]:
    """Return the calls of an account that a filter lets through, oldest first.

    They are the first after `wanted.after`; or the last before `wanted.before`, if that is given.
    """
    conditions = ["account = ?", "id > ?"]
    values: list[str | int] = [account or NO_ACCOUNT, wanted.after]
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
    if wanted.before is not None:
        conditions.append("id < ?")
        values.append(wanted.before)
    where = " and ".join(conditions)
    order = "id" if wanted.before is None else "id desc"
    sql = f"select * from call where {where} order by {order} limit ?"
    found = tx.all(sql, (*values, wanted.limit))
    return found if wanted.before is None else found[::-1]


def get(tx: Transaction, call_id: int) -> Row | None:
    """Return a call, whosever it is; None if there is none, or it was dropped."""
    return tx.one("select * from call where id = ?", (call_id,))


def judged(tx: Transaction, account: str | None, *, after: int, limit: int) -> list[Row]:
    """Return calls with what findings are made of, oldest first."""
    return tx.all(
        "select id, at, real_at, jumped_ms, held_ms, operation, method, path, status,"
        " error_code, task_id, request_headers,"
        " request_body, request_sha256, answer_headers, answer_body, sent, findings"
        " from call where account = ? and id > ? order by id limit ?",
        (account or NO_ACCOUNT, after, limit),
    )


def add_finding(tx: Transaction, call_id: int, finding: dict[str, Any]) -> None:
    """Put what was found later before what is known of a call; nothing if it was dropped."""
    row = tx.one("select account from call where id = ?", (call_id,))
    if row is None:
        return
    # As with a new call, its total is written first: that keeps off whoever drops calls.
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


def as_array(findings: list[dict[str, Any]]) -> str:
    """Return findings as a row of the journal keeps them."""
    return json.dumps(findings, ensure_ascii=False, separators=(",", ":"))


def sent(tx: Transaction, call_id: int) -> dict[str, Any] | None:
    """Return what went over the wire for a call; None if that was just the answer."""
    row = tx.one("select sent from call where id = ?", (call_id,))
    return json.loads(row["sent"]) if row and row["sent"] else None


def set_sent(tx: Transaction, call_id: int, what: dict[str, Any]) -> None:
    """Keep what went over the wire for a call."""
    tx.execute("update call set sent = ? where id = ?", (json.dumps(what), call_id))


def empty_without_account(tx: Transaction) -> None:
    """Drop the calls that named no account, and their count."""
    for table in ("call", "call_total"):
        tx.execute(f"delete from {table} where account = ?", (NO_ACCOUNT,))


def dropped(tx: Transaction, account: str | None) -> int:
    """Return how many calls the bounded journal has let go."""
    row = tx.one(
        "select seen - kept as dropped from call_total where account = ?", (account or NO_ACCOUNT,)
    )
    return int(row["dropped"]) if row else 0
