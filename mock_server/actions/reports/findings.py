"""The findings of an account: in single calls and between calls. Only reads.

Rule 1: calls without an account have no findings between calls: they may be of different clients.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mock_server.actions.accounts import lookup
from mock_server.actions.reports import call_events, callback_facts
from mock_server.domain.account.accounts import Account
from mock_server.domain.call.calls import VENDOR_OPERATIONS
from mock_server.domain.findings import (
    CallEvent,
    FindingRows,
    Findings,
    Outcomes,
    TaskFacts,
    Told,
    judge_outcomes,
    judge_sequence,
    render_finding,
    worded_finding,
)
from mock_server.domain.retention import Trimmed
from mock_server.domain.task import tasks
from mock_server.domain.task.tasks import picture_urls
from mock_server.simulator import Simulator
from mock_server.store import journal, retention
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Row, Transaction

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsFilter:
    """The findings to show.

    `severity` None: all. `has_ended`: no more calls come, so the report also names what was never
    looked at. `after`: the id of the call to continue from. `limit`: the number of calls with
    findings on a page.
    """

    severity: str | None = None
    has_ended: bool = False
    after: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page of findings, each with `call`, `called_at` and `operation`, and the total numbers.

    `trimmed`: what the rules between calls no longer know, so they judge later calls only.
    """

    findings: list[dict[str, Any]]
    following: int | None
    counts: dict[str, int]
    severities: dict[str, int]
    calls: int
    dropped: int
    trimmed: Trimmed | None


@dataclass(slots=True)
class _Seen:
    """The calls of an account, as the rules between them see them."""

    events: list[CallEvent] = field(default_factory=list)
    fetched: dict[str, frozenset[int]] = field(default_factory=dict)
    trimmed: Trimmed | None = None

    def add(self, row: Row, account: Account) -> None:
        """Take in a row of the journal, if what its rules have to know is still kept."""
        if self.trimmed is not None and row["at"] <= self.trimmed.before:
            return
        if row["operation"] in VENDOR_OPERATIONS:
            self.events.append(call_events.event_of_row(row, account.readings))
        elif (number := call_events.picture_of(row)) is not None:
            task_id = row["task_id"]
            self.fetched[task_id] = self.fetched.get(task_id, frozenset()) | {number}


def _between(
    tx: Transaction, simulator: Simulator, account: Account, seen: _Seen, wanted: FindingsFilter
) -> Iterator[tuple[int, Findings]]:
    """Yield what several calls show, and what became of the tasks, with the call."""
    callbacks = callback_facts.told(tx, account.id)
    outcomes = Outcomes(
        tasks=_tasks(tx, account, seen.events, account.clock.now(simulator.real_now())),
        fetched=seen.fetched,
        told=frozenset(callbacks.ends),
        carried=callbacks.carried,
        has_ended=wanted.has_ended,
        is_whole=journal.dropped(tx, account.id) == 0 and seen.trimmed is None,
    )
    yield from judge_sequence(seen.events, Told(ends=callbacks.ends)).items()
    yield from judge_outcomes(seen.events, outcomes).items()


def report(
    tx: Transaction, simulator: Simulator, account_id: str | None, wanted: FindingsFilter
) -> Report:
    """Return the findings in the calls that the journal still has. `account_id` None: in calls
    without an account.
    """
    account = None if account_id is None else lookup.find(tx, account_id)
    places: list[dict[str, Any]] = []
    stored: dict[int, list[dict[str, Any]]] = {}
    trimmed = None if account_id is None else retention.trimmed(tx, account_id)
    seen, rows = _Seen(trimmed=trimmed), simulator.catalogue.findings
    for row in _rows(tx, account_id):
        places.append({"call": row["id"], "called_at": row["at"], "operation": row["operation"]})
        stored[row["id"]] = worded(row["findings"], rows)
        if account is not None:
            seen.add(row, account)
    if account is not None:
        for call_id, hits in _between(tx, simulator, account, seen, wanted):
            stored[call_id] += [render_finding(hit, rows, account.secrets) for hit in hits]
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
        trimmed=trimmed,
    )


def worded(kept: str, rows: FindingRows) -> list[dict[str, Any]]:
    """Return the findings of a row of the journal with their words."""
    return [worded_finding(each, rows) for each in json.loads(kept)]


def _page(chosen: list[dict[str, Any]], wanted: FindingsFilter) -> list[dict[str, Any]]:
    calls = sorted({each["call"] for each in chosen if each["call"] > wanted.after})[: wanted.limit]
    shown_calls = frozenset(calls)
    return [each for each in chosen if each["call"] in shown_calls]


def _rows(tx: Transaction, account_id: str | None) -> Iterator[Row]:
    after = 0
    while page := journal.judged(tx, account_id, after=after, limit=PAGE):
        yield from page
        after = page[-1]["id"]


def _tasks(
    tx: Transaction, account: Account, events: list[CallEvent], now: int
) -> dict[str, TaskFacts]:
    """Return the tasks that the calls are about, as they stand."""
    ids = {each for event in events for each in (event.task_id, event.asked_id) if each}
    found = {}
    for task_id in ids:
        task = task_rows.get(tx, account.id, task_id)
        if task is not None:
            over = not tasks.is_kept(task.plan, now, account.readings) and not tasks.has_pictures(
                task.plan, now, account.readings
            )
            found[task_id] = TaskFacts(pictures=len(picture_urls(task)), is_over=over)
    return found
