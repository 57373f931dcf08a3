"""The polling of a client: how often it asked, how late it heard, and how it could do better.

Rule 1: times are those of the account's clock, on which tasks take as long as the vendor's.
Rule 2: a query is extra (`wasted`) unless it was the first that told that its task has ended. That
is more than what retry_bill.py calls a waste: a patient client, too, has to ask more than once.
Rule 3: other schedules are tried on the same tasks (replay.py). A task that ends by its number of
queries, or waits for a source image, has no duration, and is left out; so is one that the client
never knew of.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from mock_server.audit.history import History
from mock_server.audit.obligations import after_the_end, short_gaps
from mock_server.audit.replay import (
    PolledTask,
    Prediction,
    Tariff,
    batches,
    fits_lists,
    frontier,
    predict,
    suggested,
)
from mock_server.audit.schedules import Schedule
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import SHORT_PAUSE_MS
from mock_server.domain.readings import DEFAULT_READINGS, Readings
from mock_server.formatting import counted

MOST_LAG_MS = 2_000  # of a suggestion, on average
MOST_TASKS = 500  # in a report
STEP_MS = 500  # to which a first pause is rounded
FIXED_S = (1, 2, 5, 10)
# No pause is shorter than what findings and the retry bill take for haste.
THEN_MS = (SHORT_PAUSE_MS, 2_000, 3_000, 5_000)
GROWING = Schedule(first_ms=1_000, gap_ms=1_000, factor=2.0, most_ms=16_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPolls:
    """How a client polled a task. `lag_ms`: from its end to the moment the client heard of it, None
    if it did not end or the client never heard; `heard_by`: query, list or callback. `is_known`:
    the client knew the task.
    """

    task: PolledTask
    polls: int
    wasted: int
    after_end: int
    bursts: int
    fen: int
    lag_ms: int | None
    heard_by: str | None
    has_duration: bool
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """The polling report of an account. `lists`, `list_fen`: the reads of the task list. `wanted`:
    what a schedule comes to that somebody asked for; `untried`: why nobody can say that; `rate`: of
    the account's clock.
    """

    tasks: tuple[TaskPolls, ...]
    lists: int
    list_fen: int
    rate: float
    readings: Readings
    schedules: tuple[Prediction, ...]
    suggested: Prediction | None
    wanted: Prediction | None = None
    untried: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def lag_ms(self) -> int | None:
        """The mean lag of the client itself; None if it heard of no end."""
        lags = [each.lag_ms for each in self.tasks if each.lag_ms is not None]
        return round(sum(lags) / len(lags)) if lags else None


def polling(
    history: History, readings: Readings = DEFAULT_READINGS, rate: float = 1.0,
    *, most_lag_ms: int = MOST_LAG_MS, wanted: Schedule | None = None,
) -> Polling:  # fmt: skip
    """Return the polling report of a client. `rate`: of the account's clock; 0: it stands."""
    found = tuple(_tasks(history, rate))
    replayed = [each.task for each in found if each.has_duration and each.is_known]
    tariff = Tariff(readings=readings, price=_price(history))
    is_worth_it = any(each.ends_at is not None for each in replayed)
    tried = [predict(each, replayed, tariff) for each in _candidates(replayed, readings)]
    lists = history.of(Operation.LIST_TASKS)
    untried = None if wanted is None else _untried(wanted, replayed, readings)
    return Polling(
        tasks=found,
        lists=len(lists),
        list_fen=_fen(lists),
        rate=rate,
        readings=readings,
        schedules=tuple(tried) if is_worth_it else (),
        suggested=suggested(tried, most_lag_ms) if is_worth_it else None,
        wanted=None if wanted is None or untried else predict(wanted, replayed, tariff),
        untried=untried,
        notes=tuple(_notes(found, replayed)),
    )


def _tasks(history: History, rate: float) -> Iterator[TaskPolls]:
    """Yield the tasks that the client made, in the order of its submits."""
    queries, told = history.queries, _told(history, rate)
    for submit in history.submits:
        task_id = submit.call.task_id or ""
        task = history.tasks.get(task_id)
        if task is None:
            continue
        yield _task(history, submit, task, queries.get(task_id, []), told.get(task_id, []), rate)


def _task(
    history: History, submit: SeenCall, task: Mapping[str, Any], queries: Sequence[SeenCall],
    told: Sequence[tuple[int, str]], rate: float,
) -> TaskPolls:  # fmt: skip
    ends_at: int | None = task.get("ends_at")
    lag_ms, heard_by = min(
        ((at - ends_at, by) for at, by in told if ends_at is not None and at >= ends_at),
        default=(None, None),
    )
    useful = any(each.tells_the_end for each in queries)
    late = [len(after_the_end(run)[1]) for run in history.runs_of(queries)]
    polled = PolledTask(id=task["task_id"], known_at=_known_on_clock(submit, rate), ends_at=ends_at)
    return TaskPolls(
        task=polled,
        polls=len(queries),
        wasted=len(queries) - useful,
        after_end=sum(late),
        bursts=len(short_gaps(queries)),
        fen=_fen(queries),
        lag_ms=lag_ms,
        heard_by=heard_by,
        has_duration=task.get("queries_left") is None and task.get("content") is not None,
        is_known=submit.answered or bool(queries) or bool(told),
    )


def _told(history: History, rate: float) -> dict[str, list[tuple[int, str]]]:
    """Return when the client heard that a task has ended, and by what; by task."""
    found: dict[str, list[tuple[int, str]]] = {}
    for call in history.of(Operation.QUERY_TASK, Operation.LIST_TASKS):
        at = _known_on_clock(call, rate)
        if call.tells_the_end:
            found.setdefault(call.asked_id, []).append((at, "query"))
        for task_id in call.page.ended if call.page else ():
            found.setdefault(task_id, []).append((at, "list"))
    for callback in history.callbacks:
        for attempt in callback["attempts"]:
            if 200 <= (attempt["status"] or 0) < 300:
                found.setdefault(callback["task_id"], []).append((attempt["at"], "callback"))
    return found


def _known_on_clock(call: SeenCall, rate: float) -> int:
    """Return the instant of the account's clock at which the client had an answer."""
    real_at: int = call.call.raw["real_at"]
    return call.call.at + round(max(0, call.known_at - real_at) * rate)


def _fen(calls: Sequence[SeenCall]) -> int:
    return sum(each.call.fen for each in calls if each.call.charged)


def _price(history: History) -> Fraction:
    """Return what a credit of this account has cost so far, on average."""
    charged = [each.call.fen for each in history.calls if each.call.charged]
    return (
        Fraction(sum(charged), len(charged)) if charged else Tariff(readings=DEFAULT_READINGS).price
    )


def _candidates(tasks: Sequence[PolledTask], readings: Readings) -> list[Schedule]:
    """Return the schedules that are tried: fixed, growing, and those that wait first."""
    waits = sorted(each.lasts_ms for each in tasks if each.lasts_ms is not None)
    found = [Schedule(first_ms=s * 1000, gap_ms=s * 1000) for s in FIXED_S] + [GROWING]
    if waits:
        typical = waits[len(waits) // 2]
        for first in (waits[0], waits[len(waits) // 4], typical):
            rounded = max(STEP_MS, first // STEP_MS * STEP_MS)
            found += [Schedule(first_ms=rounded, gap_ms=gap) for gap in THEN_MS]
    if any(len(each) > 1 for each in batches(tasks)) and fits_lists(tasks, readings):
        found += [
            Schedule(first_ms=each.first_ms, gap_ms=each.gap_ms, factor=each.factor,
                     most_ms=each.most_ms, by_list=True)
            for each in found
        ]  # fmt: skip
    return list({each.name: each for each in found}.values())


def _untried(wanted: Schedule, tasks: Sequence[PolledTask], readings: Readings) -> str | None:
    """Return why nobody can say what a schedule comes to; None if that can be said."""
    if not tasks:
        return "no schedule can be tried: no task with a duration was made"
    if wanted.by_list and not fits_lists(tasks, readings):
        return (
            "it cannot be tried: not all tasks that ran together are on the first page of the list"
        )
    return None


def _notes(found: Sequence[TaskPolls], replayed: Sequence[PolledTask]) -> Iterator[str]:
    if not found:
        yield "the client made no task, so there is nothing to poll"
        return
    if unknown := sum(not each.is_known for each in found):
        yield f"{counted(unknown, 'task')} left out: the client never heard of it"
    if left_out := sum(not each.has_duration and each.is_known for each in found):
        yield (
            f"{counted(left_out, 'task')} left out: without a duration of its own, because it ends "
            "by the number of queries, or its source image was not read"
        )
    endless = sum(each.ends_at is None for each in replayed)
    if endless == len(replayed) and replayed:
        yield "no task ends, so no schedule is better than another"
    elif endless:
        yield f"{counted(endless, 'task')} never ended: each schedule polls until it gives up"


def polling_json(found: Polling) -> dict[str, Any]:
    """Return a polling report as reports have it."""
    best = frontier(found.schedules)
    queries = sum(each.polls for each in found.tasks)
    return {
        "clock_rate": found.rate,
        "charge_polls": found.readings.charge_polls,
        "tasks": [_task_json(each) for each in found.tasks[:MOST_TASKS]],
        "yours": {
            "queries": queries,
            "lists": found.lists,
            "polls": queries + found.lists,
            "wasted": sum(each.wasted for each in found.tasks),
            "after_end": sum(each.after_end for each in found.tasks),
            "bursts": sum(each.bursts for each in found.tasks),
            "fen": sum(each.fen for each in found.tasks) + found.list_fen,
            "lag_ms": found.lag_ms,
        },
        "schedules": [prediction_json(each, is_best=each in best) for each in found.schedules],
        "suggested": found.suggested
        and prediction_json(found.suggested, is_best=found.suggested in best),
        "notes": [*found.notes, *_cut_note(found)],
    }


def _cut_note(found: Polling) -> list[str]:
    if len(found.tasks) <= MOST_TASKS:
        return []
    return [f"only the first {MOST_TASKS} of {len(found.tasks)} tasks are listed; sums have all"]


def _task_json(each: TaskPolls) -> dict[str, Any]:
    return {
        "task_id": each.task.id,
        "polls": each.polls,
        "wasted": each.wasted,
        "after_end": each.after_end,
        "lag_ms": each.lag_ms,
        "heard_by": each.heard_by,
        "bursts": each.bursts,
        "fen": each.fen,
        "lasts_ms": each.task.lasts_ms,
    }


def prediction_json(each: Prediction, *, is_best: bool = False) -> dict[str, Any]:
    """Return what a schedule comes to as reports have it; `is_best`: no other one beats it in
    cost, polls and lag."""
    return {
        "name": each.schedule.name,
        "polls": each.polls,
        "charges": each.charges,
        "fen": each.fen,
        "fen_range": list(each.fen_range),
        "lag_ms": each.lag_ms,
        "worst_lag_ms": each.worst_lag_ms,
        "missed": each.missed,
        "is_best": is_best,
    }
