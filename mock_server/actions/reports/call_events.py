"""Rows of the journal as the rules between calls see them."""

import json
import re
from hashlib import sha256

from mock_server.domain.call.calls import Call, Operation, header
from mock_server.domain.call.wire_script import status_seen
from mock_server.domain.findings import (
    CallEvent,
    asked_id,
    has_ended,
    intent_of,
    known_at,
    list_page,
)
from mock_server.domain.readings import Readings
from mock_server.store import journal
from mock_server.store.engine.transaction import Row

_PICTURE = re.compile(r"/pictures/[^/]+/[^/]+/(\d{1,4})\.png")


def event_of_row(row: Row, readings: Readings) -> CallEvent:
    """Return a call of an operation as an event."""
    sent = json.loads(row["sent"]) if row["sent"] else None
    status = status_seen(row["status"], sent)
    is_whole = status == row["status"]
    told = dict(_pairs(row["answer_headers"])) if is_whole and status >= 400 else {}
    operation, call = Operation(row["operation"]), _call(row)
    is_result = is_whole and status == 200
    return CallEvent(
        id=row["id"],
        at=row["at"],
        real_at=row["real_at"] - row["held_ms"],
        answered_at=known_at(row["real_at"], row["held_ms"], sent),
        jumped_ms=row["jumped_ms"],
        operation=operation,
        status=status,
        code=(row["error_code"] if is_whole else None) or told.get("X-Ca-Error-Message"),
        body=row["request_sha256"] or sha256(row["request_body"]).hexdigest(),
        intent=intent_of(call, row["request_sha256"]),
        nonce=header(call, "x-ca-nonce"),
        task_id=row["task_id"],
        asked_id=asked_id(call) if operation is Operation.QUERY_TASK else None,
        ended=operation is Operation.QUERY_TASK and is_result and has_ended(row["answer_body"]),
        page=list_page(row["answer_body"], oldest_first=readings.list_order == "oldest-first")
        if operation is Operation.LIST_TASKS and is_result
        else None,
    )


def picture_of(row: Row) -> int | None:
    """Return the number of the picture that a call fetched; None if it fetched none."""
    if row["operation"] != Operation.GET_PICTURE or row["status"] != 200 or not row["task_id"]:
        return None
    found = _PICTURE.search(row["path"])
    return int(found[1]) if found else None


def _call(row: Row) -> Call:
    path, _, query = row["path"].partition("?")
    headers = tuple((name.lower(), value) for name, value in _pairs(row["request_headers"]))
    return Call(
        method=row["method"], path=path, query=query, headers=headers, body=row["request_body"]
    )


def _pairs(lines: str) -> list[tuple[str, str]]:
    return [(pair[0], pair[-1]) for pair in journal.headers_of(lines)]
