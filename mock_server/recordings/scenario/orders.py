"""Which fault gives a client a recorded outcome, and which of its tasks."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import ErrorTables
from mock_server.domain.call.wire_script import End
from mock_server.domain.faults.service import PLATFORM_TEXTS
from mock_server.domain.faults.wire import PHRASES
from mock_server.domain.task.overrides import MAX_PICTURES, MAX_REMARK
from mock_server.recordings.scenario.outcome import Outcome, OutcomeKind
from mock_server.recordings.scenario.tasks import TaskEnd

Order = dict[str, Any]
MAX_TEXT = 500
LATE_STEP_MS = 500
TYPICAL_MS = 10_000  # of a task whose end the recording leaves open


class NotExpressibleError(Exception):
    """No fault gives a client this outcome; the message says why."""


def order_for(
    outcome: Outcome, tables: ErrorTables, *, is_executed: bool, is_classic: bool
) -> Order:
    """Return the fault, without its conditions, that gives a client an outcome.

    `is_executed`: the call was carried out and charged all the same. Raises NotExpressibleError.
    """
    if outcome.kind is OutcomeKind.GATEWAY:
        _check_row(outcome, tables, is_classic=is_classic)
        return {"kind": "ghost" if is_executed else "gateway_error", "code": outcome.code}
    make = _MAKERS.get(outcome.kind)
    if make is None:
        raise NotExpressibleError("it is no answer that the vendor is known to give")
    order = make(outcome)
    if outcome.kind in COMMITTING and not is_executed:
        order["commit"] = "before"
    return order


def _result(_outcome: Outcome) -> Order:
    raise NotExpressibleError("no fault makes a call succeed")


def _refusal(outcome: Outcome) -> Order:
    return {"kind": "refusal", "remark": outcome.text[:MAX_TEXT] or "-"}


def _page(outcome: Outcome) -> Order:
    if outcome.status not in PHRASES:
        known = ", ".join(map(str, PHRASES))
        raise NotExpressibleError(f"a page of a proxy has one of the statuses {known}")
    return {"kind": "html_page", "status": outcome.status}


def _lost(outcome: Outcome) -> Order:
    return {"kind": "close" if outcome.end is End.CLOSE else "reset"}


def _cut(outcome: Outcome) -> Order:
    end = {"end": "reset"} if outcome.end is End.RESET else {}
    return {"kind": "truncate", "keep_bytes": outcome.body_bytes, **end}


def _broken(_outcome: Outcome) -> Order:
    return {"kind": "invalid_json"}


def _check_row(outcome: Outcome, tables: ErrorTables, *, is_classic: bool) -> None:
    known = tables.classic if is_classic else tables.rows
    row = known.get(outcome.code)
    if row is None:
        where = "of older instances" if is_classic else "of gateway errors"
        raise NotExpressibleError(f"{outcome.code[:60]} is not in the table {where}")
    if row.status != outcome.status:
        raise NotExpressibleError(f"{outcome.code[:60]} has status {row.status} here")


def _platform(outcome: Outcome) -> Order:
    code = outcome.code.removeprefix("-")
    if not code.isascii() or not code.isdigit() or int(outcome.code) not in PLATFORM_TEXTS:
        raise NotExpressibleError(f"{outcome.code[:20]} is not in the platform's table")
    number = int(outcome.code)
    told = outcome.text[:MAX_TEXT]
    said = {"message": told} if told and told != PLATFORM_TEXTS[number] else {}
    return {"kind": "platform_error", "platform_code": number, **said}


_MAKERS: Mapping[OutcomeKind, Callable[[Outcome], Order]] = {
    OutcomeKind.RESULT: _result,
    OutcomeKind.REFUSED: _refusal,
    OutcomeKind.PLATFORM: _platform,
    OutcomeKind.PAGE: _page,
    OutcomeKind.LOST: _lost,
    OutcomeKind.CUT: _cut,
    OutcomeKind.BROKEN: _broken,
}
# Their faults can also strike before the call is executed.
COMMITTING = frozenset({OutcomeKind.PAGE, OutcomeKind.LOST})


def delay_for(late_ms: int) -> Order:
    """Return the fault that makes an answer late, in steps of half a second."""
    steps = max(1, round(late_ms / LATE_STEP_MS))
    return {"kind": "delay", "for_ms": min(600_000, steps * LATE_STEP_MS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """How submits' tasks end: after `low`, and at `high` at the latest (None: not known), in ms
    after the submit. `rest`: outcome, pictures and remark, as the fault task_order takes them.
    """

    low: int
    high: int | None
    rest: Mapping[str, Any]

    @property
    def order(self) -> Order:
        """The fault that orders it."""
        most = self.high if self.high is not None else max(TYPICAL_MS, 2 * self.low)
        lasts = min(max(TYPICAL_MS, self.low + 1), most)
        return {"kind": "task_order", **self.rest, "lasts_ms": lasts}

    def joined(self, other: "TaskPlan") -> "TaskPlan | None":
        """Return the plan that suits the tasks of both; None: no plan does."""
        highs = [each.high for each in (self, other) if each.high is not None]
        low, high = max(self.low, other.low), min(highs, default=None)
        if self.rest != other.rest or (high is not None and high <= low):
            return None
        return TaskPlan(low=low, high=high, rest=self.rest)


def plan_of(end: TaskEnd, usual_pictures: int, *, clean: Callable[[str], str]) -> TaskPlan:
    """Return the plan of a task; `clean` takes what is personal out of its remark."""
    rest: dict[str, Any] = {}
    if end.word == "failed":
        rest["outcome"] = "failed"
        if end.remark:
            rest["remark"] = clean(end.remark)[:MAX_REMARK]
    elif end.word == "succeeded":
        rest["outcome"] = "succeeded"
        if end.pictures is not None and end.pictures != usual_pictures:
            rest["pictures"] = min(end.pictures, MAX_PICTURES)
    return TaskPlan(low=max(end.low, 0), high=end.high, rest=rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """A fault for the n-th call of an operation that reaches its stage (`position`, from 1).
    `calls`: the numbers of the recorded calls that it is for.
    """

    operation: Operation
    position: int
    order: Order
    calls: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedFault:
    """A fault of the scenario with its conditions, and the recorded calls that it is for."""

    order: Order
    calls: tuple[int, ...]


def merged(placed: Sequence[PlacedOrder]) -> list[OrderedFault]:
    """Return the faults of a scenario: one for each run of equal orders at neighbouring calls."""
    runs: list[list[PlacedOrder]] = []
    last: dict[tuple[str, str], list[PlacedOrder]] = {}
    for each in placed:
        key = (each.operation, json.dumps(each.order, sort_keys=True))
        run = last.get(key)
        if run is not None and run[-1].position + 1 == each.position:
            run.append(each)
        else:
            last[key] = [each]
            runs.append(last[key])
    return [_fault(run) for run in runs]


def _fault(run: Sequence[PlacedOrder]) -> OrderedFault:
    first, count = run[0], len(run)
    where: Order = {"operation": str(first.operation)}
    if count == 1:
        where["nth"] = first.position
    elif first.position == 1:
        where["first"] = count
    else:
        where |= {"after": first.position - 1, "first": count}
    return OrderedFault(
        order={**first.order, **where}, calls=tuple(n for each in run for n in each.calls)
    )
