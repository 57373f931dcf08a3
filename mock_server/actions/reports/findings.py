"""The findings of an account: in single calls and between calls. Only reads.

Rule 1: calls without an account have no findings between calls: they may be of different clients.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from mock_server.actions.accounts import lookup
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.call.wire_script import status_seen
from mock_server.domain.findings import CallEvent, has_ended, judge_sequence, render_finding
from mock_server.simulator import Simulator
from mock_server.store import journal
from mock_server.store.engine.transaction import Row, Transaction

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsFilter:
    """The findings to show.

    `severity` None: all. `after`: the id of the call to continue from. `limit`: the number of calls
    with findings on a page.
    """

    severity: str | None = None
    after: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page of findings, each with `call`, `called_at` and `operation`, and the total numbers."""

    findings: list[dict[str, Any]]
    following: int | None
    counts: dict[str, int]
    severities: dict[str, int]
    calls: int
    dropped: int


def report(
    tx: Transaction, simulator: Simulator, account_id: str | None, wanted: FindingsFilter
) -> Report:
    """Return the findings in the calls that the journal still has. `account_id` None: in calls
    without an account.
    """
    account = None if account_id is None else lookup.find(tx, account_id)
    places: list[dict[str, Any]] = []
    stored: dict[int, list[dict[str, Any]]] = {}
    events: list[CallEvent] = []
    for row in _rows(tx, account_id):
        places.append({"call": row["id"], "called_at": row["at"], "operation": row["operation"]})
        stored[row["id"]] = json.loads(row["findings"])
        if account is not None and row["operation"] in VENDOR_OPERATIONS:
            events.append(_event(row))
    rows = simulator.catalogue.findings
    for call_id, hits in judge_sequence(events).items():
        secrets = account.secrets if account else ()
        stored[call_id] += [render_finding(hit, rows, secrets) for hit in hits]
    found = [{**place, **each} for place in places for each in stored[place["call"]]]
    chosen = [each for each in found if wanted.severity in (None, each["severity"])]
    page = _page(chosen, wanted)
    return Report(
        findings=page,
        following=page[-1]["call"] if page and page[-1] is not chosen[-1] else None,
        counts=dict(Counter(each["id"] for each in chosen).most_common()),
        severities=dict(Counter(each["severity"] for each in found)),
        calls=len(places),
        dropped=journal.dropped(tx, account_id),
    )


def _page(chosen: list[dict[str, Any]], wanted: FindingsFilter) -> list[dict[str, Any]]:
    calls = sorted({each["call"] for each in chosen if each["call"] > wanted.after})[: wanted.limit]
    shown_calls = frozenset(calls)
    return [each for each in chosen if each["call"] in shown_calls]


def _rows(tx: Transaction, account_id: str | None) -> Iterator[Row]:
    after = 0
    while page := journal.judged(tx, account_id, after=after, limit=PAGE):
        yield from page
        after = page[-1]["id"]


def _event(row: Row) -> CallEvent:
    asked = {name.lower(): value for name, value in _pairs(row["request_headers"])}
    status = status_seen(row["status"], row["sent"] and json.loads(row["sent"]))
    is_whole = status == row["status"]
    headers = dict(_pairs(row["answer_headers"])) if is_whole and status >= 400 else {}
    operation = Operation(row["operation"])
    is_query = operation is Operation.QUERY_TASK and status == 200
    return CallEvent(
        id=row["id"],
        at=row["at"],
        real_at=row["real_at"],
        operation=operation,
        status=status,
        code=(row["error_code"] if is_whole else None) or headers.get("X-Ca-Error-Message"),
        body=row["request_sha256"] or sha256(row["request_body"]).hexdigest(),
        nonce=asked.get("x-ca-nonce"),
        task_id=row["task_id"],
        ended=is_query and has_ended(row["answer_body"]),
    )


def _pairs(lines: str) -> list[tuple[str, str]]:
    return [(pair[0], pair[-1]) for pair in journal.headers_of(lines)]
