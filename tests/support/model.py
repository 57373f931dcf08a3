"""A naive model of an account: the rules in their simplest form, without our code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DAY_MS = 24 * 3_600_000
VALID_MS = 365 * DAY_MS
QR_BYTES = 2953
RANK = {"pending": 0, "running": 1, "succeeded": 2, "failed": 2}


@dataclass
class ModelTask:
    """A task with the plan that the simulator drew."""

    id: str
    number: int
    fields: Mapping[str, str]
    starts_at: int
    ends_at: int | None
    outcome: str
    furthest: int = 0

    def status(self, now: int) -> str:
        """Return its status at an instant."""
        if self.ends_at is not None and now >= self.ends_at:
            return self.outcome
        return "running" if now >= self.starts_at else "pending"

    def is_kept(self, now: int) -> bool:
        """Whether the vendor still keeps it."""
        return self.ends_at is None or now < self.ends_at + DAY_MS

    @property
    def holdable(self) -> bool:
        """Whether a QR code can hold its text."""
        return len(self.fields["text"].encode()) <= QR_BYTES


@dataclass
class ModelCallback:
    """A planned delivery."""

    task: ModelTask
    due_at: int | None
    state: str = "due"
    attempts: int = 0


@dataclass
class Expected:
    """The expected result of a call."""

    status: int
    error_code: str | None = None
    charged: bool = False


@dataclass
class ModelAccount:
    """The model of one account."""

    id: str
    app_code: str
    credits: int
    readings: Mapping[str, str]
    now: int
    is_frozen_at_first: bool
    bought_at: int = 0
    rate: float = 1.0
    frozen: bool = False
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    tasks: list[ModelTask] = field(default_factory=list)
    callbacks: list[ModelCallback] = field(default_factory=list)
    first_ids: dict[int, str] = field(default_factory=dict)

    @property
    def charged(self) -> int:
        """The number of calls that cost a credit."""
        return sum(call[3] for call in self.calls)

    @property
    def remaining(self) -> int:
        """The credits left in the only package."""
        return self.credits - self.charged

    @property
    def has_expired(self) -> bool:
        """Whether the package is older than a year."""
        return self.now >= self.bought_at + VALID_MS

    @property
    def balance(self) -> int:
        """The credits that can still be spent."""
        return 0 if self.has_expired else self.remaining

    def is_metered(self, operation: str) -> bool:
        """Whether an HTTP 200 of the operation costs a credit."""
        return operation == "submit_task" or self.readings["charge.polls"] == "every-200"

    def expect(self, operation: str, *, refused: bool) -> Expected:
        """Return the expected result of a call with right credentials and a right path."""
        metered = self.is_metered(operation)
        if metered and self.balance <= 0:
            if not self.credits:
                return Expected(403, "B403MI")
            return Expected(403, "B403ME" if self.has_expired else "B403MQ")
        if refused and self.readings["refusal.status"] == "450":
            return Expected(450)
        return Expected(200, charged=metered)

    def note(self, operation: str | None, expected: Expected, task_id: str | None = None) -> None:
        """Add a call to the journal."""
        row = (operation, expected.status, expected.error_code, expected.charged, task_id)
        self.calls.append(row)

    def refuses(self, fields: Mapping[str, str]) -> bool:
        """Whether the vendor refuses a submit."""
        style_is_wrong = fields.get("style_id") == "no_such_style"
        if not (fields.get("text") and (fields.get("style_id") or fields.get("your_prompt"))):
            return True
        if style_is_wrong and self.readings["style.unknown"] == "refused":
            return True
        is_too_long = len(fields["text"].encode()) > QR_BYTES
        return is_too_long and self.readings["text.too_long"] == "refused"

    def add(self, task: ModelTask) -> None:
        """Add an accepted task and plan its callback."""
        assert self.first_ids.setdefault(task.number, task.id) == task.id
        self.tasks.append(task)
        if task.fields.get("call_back") and task.outcome == "succeeded":
            self.callbacks.append(ModelCallback(task, task.ends_at))

    def listed(self) -> list[ModelTask]:
        """Return the tasks that the vendor lists, newest first."""
        return [task for task in reversed(self.tasks) if task.is_kept(self.now)]

    def find(self, task_id: str) -> ModelTask | None:
        """Return the task with an id that the vendor still keeps."""
        return next((task for task in self.listed() if task.id == task_id), None)

    def next_event(self) -> tuple[str, int, str] | None:
        """Return the next event that happens by itself, and its instant."""
        ends = [(task.ends_at, 0, task.number, task.id) for task in self.tasks]
        due = [
            (each.due_at, 1, each.task.number, each.task.id)
            for each in self.callbacks
            if each.state == "due"
        ]
        coming = [event for event in ends + due if event[0] is not None and event[0] > self.now]
        if not coming:
            return None
        at, kind, _, task_id = min(coming)
        return ("task_end", "callback_due")[kind], at or 0, task_id

    def due(self) -> list[ModelCallback]:
        """Return the callbacks that must be posted now, in order."""
        waiting = [each for each in self.callbacks if each.state == "due"]
        late = [each for each in waiting if each.due_at is not None and each.due_at <= self.now]
        return sorted(late, key=lambda each: (each.due_at, each.task.number))

    def may_become(self, task: ModelTask, state: str) -> bool:
        """Whether a task can be forced into a state."""
        status = task.status(self.now)
        if state == status:
            return True
        forward = RANK[status] < RANK[state]
        return forward and (task.holdable or state != "succeeded")

    def force(self, task: ModelTask, state: str) -> None:
        """Force a task into a state."""
        if state != task.status(self.now):
            task.starts_at = min(task.starts_at, self.now)
            if state != "running":
                task.ends_at, task.outcome = self.now, state
        for callback in self.callbacks:
            if callback.task is task and callback.state in ("due", "cancelled"):
                goes_out = task.outcome == "succeeded"
                callback.due_at = task.ends_at if goes_out else None
                callback.state = "due" if goes_out else "cancelled"

    def reset(self, real_now: int) -> None:
        """Reset the account."""
        self.calls, self.tasks, self.callbacks = [], [], []
        self.now = self.bought_at = real_now
        self.rate, self.frozen = 1.0, self.is_frozen_at_first
