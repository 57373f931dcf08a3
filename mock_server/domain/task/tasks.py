"""The life of a task. Its plan is made at submission; its status follows from plan and clock.

Rule 1: `TRANSITIONS` has every change of status that is possible.
Rule 2: `status_at(plan, now)` is pure; no thread moves a task.
Rule 3: a forced state is a new plan, and a status never goes back.
Rule 4: an order for a task (checked in overrides.py) is applied once, when the task is planned.
"""

from dataclasses import replace
from enum import StrEnum
from functools import cache

from mock_server.domain import dice
from mock_server.domain.durations import DAY_MS
from mock_server.domain.readings import DEFAULT_READINGS, Readings
from mock_server.domain.records import dataclass
from mock_server.domain.usage_errors import ConflictError

MIN_DURATION_MS = 5_000  # claim task-duration
MAX_DURATION_MS = 20_000


class Status(StrEnum):
    """The status words of the wire (claim task-words)."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Event(StrEnum):
    """The events of a task."""

    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"


TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.PENDING, Event.START): Status.RUNNING,
    (Status.PENDING, Event.FAIL): Status.FAILED,
    (Status.RUNNING, Event.SUCCEED): Status.SUCCEEDED,
    (Status.RUNNING, Event.FAIL): Status.FAILED,
}
FINAL = frozenset(set(Status) - {status for status, _ in TRANSITIONS})


class PlanError(ConflictError):
    """A plan or a forced state that the transition table does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The future of a task, in ms on the account's clock. `ends_at` None: it never ends.

    `queries_left`: the task ends with that many more queries, whatever the clock shows; None: by
    time. `held_until`: the planned end, kept until the source image has been read.
    """

    submitted_at: int
    starts_at: int
    ends_at: int | None
    outcome: Status
    queries_left: int | None = None
    held_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrder:
    """The ordered outcome of a task; None leaves a value to the dice and to the readings.

    The task ends by time (`duration_ms`, or its random duration times `factor`), with its n-th
    query (`after_queries`), or never (`never_ends`). `pictures` 0: it succeeds with an empty list.
    `remark` is what the query of a failed task returns.
    """

    outcome: Status | None = None
    remark: str | None = None
    duration_ms: int | None = None
    factor: float | None = None
    after_queries: int | None = None
    never_ends: bool = False
    pictures: int | None = None


NO_ORDER = TaskOrder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of an account. `number` counts its submits from 1.

    `content`: the text to encode, None until its source image has been read. `pictures`: how many
    it makes, 0 for a success without one. `remark`: why it fails. `base_url` '': its pictures are
    at the address that is called.
    """

    account: str
    id: str
    number: int
    content: str | None
    text: str | None
    qr_code_url: str | None
    style_id: str | None
    your_prompt: str | None
    call_back: str | None
    base_url: str
    pictures: int
    remark: str | None = None
    plan: Plan


def picture_urls(task: Task) -> list[str]:
    """Return the addresses of a task's pictures, none unless it succeeds (claim result-item)."""
    if task.plan.outcome is not Status.SUCCEEDED:
        return []
    return [_picture_url(task, task.id, number) for number in range(1, task.pictures + 1)]


def located(task: Task, base_url: str) -> Task:
    """Return a task with the address of its pictures, `base_url` if it has none of its own."""
    return task if task.base_url else replace(task, base_url=base_url)


def decoy_id(task_id: str) -> str:
    """Return the id in the address of a task's decoy: the task's id backwards, and vice versa."""
    return task_id[::-1]


def decoy_url(task: Task) -> str:
    """Return the address of the decoy that a forged callback of a task names."""
    return _picture_url(task, decoy_id(task.id), 1)


def decoy_content(task_id: str) -> str:
    """Return the text in the QR code of a decoy, which no task has: nobody owns the address."""
    return f"https://decoy.invalid/{decoy_id(task_id)}"


def _picture_url(task: Task, task_id: str, number: int) -> str:
    return f"{task.base_url}/pictures/{task.account}/{task_id}/{number}.png"


def plan_task(seed: int, number: int, now: int, order: TaskOrder = NO_ORDER) -> Plan:
    """Return the plan of the account's `number`-th task; without an order it lasts 5 to 20 s."""
    lasts = dice.between(
        seed, "task", number, "duration", low=MIN_DURATION_MS, high=MAX_DURATION_MS
    )
    if order.factor is not None:
        lasts = round(lasts * order.factor)
    if order.duration_ms is not None:
        lasts = order.duration_ms
    waits = dice.between(seed, "task", number, "queue", low=lasts // 10, high=lasts // 3)
    by_time = not order.never_ends and order.after_queries is None
    plan = Plan(
        submitted_at=now,
        starts_at=now + waits,
        ends_at=now + lasts if by_time else None,
        outcome=order.outcome or Status.SUCCEEDED,
        queries_left=order.after_queries,
    )
    return checked(plan)


def asked(plan: Plan, now: int) -> Plan:
    """Return the plan after one more query; the last of its `queries_left` ends the task."""
    if plan.queries_left is None or plan.ends_at is not None:
        return plan
    left = plan.queries_left - 1
    if left > 0:
        return replace(plan, queries_left=left)
    starts_at = min(plan.starts_at, now)
    return checked(replace(plan, queries_left=0, starts_at=starts_at, ends_at=now))


def hold(plan: Plan) -> Plan:
    """Return the plan without an end, until the source image has been read."""
    return replace(plan, ends_at=None, held_until=plan.ends_at)


def release(plan: Plan, now: int, outcome: Status) -> Plan:
    """Return the plan with its end: as planned, or `now` if that has passed."""
    ends_at = None if plan.held_until is None else max(plan.held_until, now)
    return checked(replace(plan, ends_at=ends_at, held_until=None, outcome=outcome))


def status_at(plan: Plan, now: int) -> Status:
    """Return the status of a plan at an instant of the account's clock."""
    if plan.ends_at is not None and now >= plan.ends_at:
        return plan.outcome
    return Status.RUNNING if now >= plan.starts_at else Status.PENDING


def retention_ms(readings: Readings) -> int:
    """Return how long after its end the service keeps a task, in ms (claim list-retention)."""
    return DAY_MS if readings.list_retention == "24h" else 3 * DAY_MS


def is_kept(plan: Plan, now: int, readings: Readings = DEFAULT_READINGS) -> bool:
    """Whether the service still keeps the task; it forgets a task some time after its end."""
    return plan.ends_at is None or now < plan.ends_at + retention_ms(readings)


def has_pictures(plan: Plan, now: int, readings: Readings) -> bool:
    """Whether the pictures of an ended task are still served (claim picture-lifetime)."""
    if readings.picture_lifetime == "unlimited" or plan.ends_at is None:
        return True
    return now < plan.ends_at + DAY_MS


def checked(plan: Plan) -> Plan:
    """Return the plan if the transition table allows it. Raises PlanError."""
    ends_at = plan.ends_at if plan.ends_at is not None else plan.starts_at
    if not plan.submitted_at <= plan.starts_at <= ends_at:
        raise PlanError("a plan runs forward: submitted, started, ended")
    if (last := plan.outcome) not in FINAL:
        raise PlanError(f"a task cannot end as {last}: allowed are {_words(FINAL)}")
    if last not in _reachable(Status.PENDING):
        raise PlanError(f"no transition leads to {last}")
    return plan


def force(plan: Plan, status: Status, now: int) -> Plan:
    """Return the plan under which the task has `status` from `now` on. Raises PlanError."""
    current = status_at(plan, now)
    if status == current:
        return plan
    if status not in _reachable(current):
        allowed = _words(_reachable(current)) or "none, it has ended"
        raise PlanError(f"a {current} task cannot become {status}: allowed from here: {allowed}")
    starts_at = min(plan.starts_at, now)
    if status is Status.RUNNING:
        return checked(replace(plan, starts_at=starts_at))
    return checked(replace(plan, starts_at=starts_at, ends_at=now, outcome=status))


def states_after(status: Status) -> list[Status]:
    """Return the states that a task can be forced into, in the order of its life."""
    return [each for each in Status if each in _reachable(status)]


@cache
def _reachable(status: Status) -> frozenset[Status]:
    found: set[Status] = set()
    edge = {status}
    while edge:
        edge = {after for (before, _), after in TRANSITIONS.items() if before in edge} - found
        found |= edge
    return frozenset(found)


def _words(statuses: frozenset[Status]) -> str:
    return ", ".join(status for status in Status if status in statuses)
