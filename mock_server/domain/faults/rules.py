"""When a fault happens: a rule is a fault, what it waits for, and how long it lives.

Rule 1: a rule counts the calls that fit it and reach its stage, `seen`; its n-th, first, every
and probability are about that number, whatever other rules do.
Rule 2: of the rules of one slot that come up for a call, the one armed first fires.
Rule 3: chance is a function of the account's seed, the rule's number in its account and `seen`,
so that one worker and many agree.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

from mock_server.domain import dice
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.usage_errors import UsageError


class Stage(StrEnum):
    """Where a fault strikes: instead of everything, instead of the operation, an answer that is
    booked already, or a callback."""

    GATEWAY = "gateway"
    SERVICE = "service"
    WIRE = "wire"
    CALLBACK = "callback"


class FaultError(UsageError):
    """A rule that cannot be; the message lists what can."""


Act = TypeVar("Act", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Act]):
    """One kind of fault: `fault` holds its parameters, `act` does it.

    What `act` takes and returns is its stage's business: each stage has one function that calls it.

    `operations` are the calls that it can happen to; none for a callback, which is no call.
    `slot`: one rule of each slot fires on a call. `connection`: it takes the connection itself,
    which only `serve` has.
    """

    name: str
    stage: Stage
    fault: type[Any]
    act: Act
    operations: tuple[Operation, ...] = VENDOR_OPERATIONS
    slot: str
    connection: bool = False


AnyKind = Kind[Callable[..., Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which calls a rule is about; what is None does not matter.

    `text` and `style` are patterns: `*` any characters, `?` one, `[abc]` one of these.
    """

    operation: Operation | None = None
    text: str | None = None
    style: str | None = None
    task_id: str | None = None
    nth: int | None = None
    first: int | None = None
    every: int | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule looks at: a call, or the callback of a task. `operation` None: no call."""

    operation: Operation | None = None
    text: str | None = None
    style: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An armed fault. `number` counts the account's rules from 1, `seen` the calls that fitted.

    `calls_left` None: it never wears out. `starts_at` and `expires_at` are on the account's clock.
    """

    id: int
    account: str
    number: int
    kind: AnyKind
    fault: Any
    match: Match
    starts_at: int | None
    expires_at: int | None
    calls_left: int | None
    seen: int
    hits: int

    def is_active(self, now: int) -> bool:
        """Whether it can still fire: it has begun, is not over, and not worn out."""
        return (
            (self.starts_at is None or now >= self.starts_at)
            and (self.expires_at is None or now < self.expires_at)
            and self.calls_left != 0
        )

    def matches(self, subject: Subject) -> bool:
        """Whether a call is one of those that it counts."""
        match = self.match
        return (
            (subject.operation is None or subject.operation in self.kind.operations)
            and match.operation in (None, subject.operation)
            and match.task_id in (None, subject.task_id)
            and _like(subject.text, match.text)
            and _like(subject.style, match.style)
        )

    def fires_on(self, seed: int, seen: int) -> bool:
        """Whether it wants the `seen`-th call that fits."""
        match = self.match
        if match.nth is not None:
            return seen == match.nth
        if match.first is not None:
            return seen <= match.first
        if match.every is not None:
            return seen % match.every == 0
        if match.probability is not None:
            words = ("fault", self.number, "call", seen)
            return dice.happens(seed, *words, probability=match.probability)
        return True


COUNTS = ("nth", "first", "every", "probability")
PATTERNS = ("text", "style")


def given(match: Match) -> dict[str, Any]:
    """Return what a match names, without what does not matter to it."""
    values = {field.name: getattr(match, field.name) for field in fields(match)}
    return {name: value for name, value in values.items() if value is not None}


def check_match(kind: AnyKind, match: Match, calls: int | None) -> None:
    """Check that the rule can fire. Raises FaultError for one that never could."""
    _check_operation(kind, match)
    counts = [name for name in COUNTS if getattr(match, name) is not None]
    if len(counts) > 1:
        raise FaultError(f"{' and '.join(counts)} contradict each other: name one of them")
    if counts == ["nth"] and calls is not None:
        raise FaultError("nth fires once: leave calls out, or name first instead of nth")
    if counts == ["first"] and calls is not None:
        raise FaultError("first and calls both say how often: name one of them")
    if match.probability is not None and not 0 < match.probability <= 1:
        raise FaultError(f"probability is more than 0 and at most 1, not {match.probability:g}")


def _check_operation(kind: AnyKind, match: Match) -> None:
    operation = match.operation
    if kind.stage is Stage.CALLBACK:
        if operation is not None:
            raise FaultError(f"{kind.name} happens to callbacks, not to calls: leave operation out")
        return
    if operation is not None and operation not in kind.operations:
        raise FaultError(f"{kind.name} happens to {', '.join(kind.operations)}, not to {operation}")
    possible = (operation,) if operation else kind.operations
    if match.task_id is not None and Operation.QUERY_TASK not in possible:
        raise FaultError(f"only query_task names a task: {_calls(possible)} has no task_id")
    for name in PATTERNS:
        if getattr(match, name) is not None and Operation.SUBMIT_TASK not in possible:
            raise FaultError(f"only submit_task has a {name}: {_calls(possible)} has none")
        if getattr(match, name) is not None and match.task_id is not None:
            raise FaultError(f"no call has both a {name} and a task_id: name one of them")


def _calls(operations: tuple[Operation, ...]) -> str:
    return " or ".join(operations)


def _like(value: str | None, pattern: str | None) -> bool:
    # Since Python 3.11 a pattern of fnmatch never backtracks over what a `*` has taken.
    return pattern is None or (value is not None and fnmatchcase(value, pattern))
