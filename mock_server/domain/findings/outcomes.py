"""What became of the tasks: results that were paid for and never taken, polling without bound,
ids that nobody gave out.

Rule 1: that something never happened is said only once it cannot happen any more: the pictures of
the task are gone, or whoever asks says that the test has ended.
Rule 2: nothing is said where calls are missing, because the journal let them go.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from mock_server.domain.call.calls import Operation
from mock_server.domain.durations import show_duration
from mock_server.domain.findings.call_events import CallEvent
from mock_server.domain.findings.fields import TASK_ID
from mock_server.domain.findings.finding import Finding

# What nobody can say while the test goes on and the pictures are there.
ONLY_AT_THE_END = frozenset({"task-never-looked-at", "pictures-not-fetched"})
# A task takes 5 to 20 s. Whoever polls every 5 s gives up after ten minutes here.
MANY_POLLS = 150
# So does a client that polls more and more slowly.
LONG_MS = 60 * 60 * 1000
SOME_POLLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task as it stands: how many pictures it has, and whether nobody can fetch them any more."""

    pictures: int
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What the calls of an account do not show by themselves.

    `tasks` by id; `fetched` the numbers of the pictures that were, by task; `told` the tasks whose
    end a callback told of; `carried` every id that a callback carried, a forged one too.
    `has_ended`: the test is over. `is_whole`: no call is missing.
    """

    tasks: Mapping[str, TaskFacts] = field(default_factory=dict)
    fetched: Mapping[str, frozenset[int]] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    carried: frozenset[str] = frozenset()
    has_ended: bool = False
    is_whole: bool = True


Found = Iterator[tuple[int, Finding]]


def endless_polls(events: Sequence[CallEvent]) -> Found:
    """polling-without-bound, once for each task."""
    polls: Counter[str] = Counter()
    first: dict[str, CallEvent] = {}
    done: set[str] = set()
    for event in events:
        task_id = event.task_id
        if event.operation is not Operation.QUERY_TASK or task_id is None or task_id in done:
            continue
        if event.ended:
            done.add(task_id)
            continue
        polls[task_id] += 1
        lasts = first.setdefault(task_id, event).pause_until(event)
        if polls[task_id] > MANY_POLLS or (polls[task_id] > SOME_POLLS and lasts > LONG_MS):
            done.add(task_id)
            sent = f"{polls[task_id]} queries in {show_duration(lasts)}, and no end"
            yield event.id, Finding(id="polling-without-bound", sent=sent)


def forgotten_tasks(events: Sequence[CallEvent], outcomes: Outcomes) -> Found:
    """task-never-looked-at, pictures-not-fetched: of tasks that their client knew of."""
    if not outcomes.is_whole:
        return
    looked = {event.asked_id for event in events} | outcomes.told
    for event in events:
        looked |= event.page.ended if event.page else frozenset()
    for event in events:
        task_id = event.task_id
        if event.operation is not Operation.SUBMIT_TASK or event.status != 200 or task_id is None:
            continue
        task = outcomes.tasks.get(task_id)
        if task is None or not (task.is_over or outcomes.has_ended):
            continue
        fetched = outcomes.fetched.get(task_id, frozenset())
        if task_id not in looked and not fetched:
            yield event.id, Finding(id="task-never-looked-at", sent=f"task {task_id}")
        elif 0 < len(fetched) < task.pictures:
            sent = f"{len(fetched)} of the {task.pictures} pictures of task {task_id}"
            yield event.id, Finding(id="pictures-not-fetched", sent=sent)


def unknown_ids(events: Sequence[CallEvent], outcomes: Outcomes) -> Found:
    """task-id-unknown: no answer and no callback of the account carried it."""
    if not outcomes.is_whole:
        return
    carried = set(outcomes.carried)
    for event in events:
        carried |= {event.task_id} if event.task_id else set()
        carried |= set(event.page.ids) if event.page else set()
    for event in events:
        asked = event.asked_id
        if asked is None or asked in carried or asked in outcomes.tasks or event.status == 0:
            continue
        if not TASK_ID.fullmatch(asked):
            continue  # task-id-changed says that it is no id at all
        near = get_close_matches(asked[:64], carried, n=1, cutoff=0.8)
        hint = f"; the nearest is {near[0]}" if near else ""
        yield event.id, Finding(id="task-id-unknown", at="/body/task_id", sent=asked, hint=hint)


def judge_outcomes(events: Sequence[CallEvent], outcomes: Outcomes) -> dict[int, list[Finding]]:
    """Return what is off, by the id of the call that it began with."""
    ordered = sorted(events, key=lambda event: (event.real_at, event.id))
    found: dict[int, list[Finding]] = {}
    for hits in (
        endless_polls(ordered), forgotten_tasks(ordered, outcomes), unknown_ids(ordered, outcomes),
    ):  # fmt: skip
        for call_id, hit in hits:
            found.setdefault(call_id, []).append(hit)
    return found
