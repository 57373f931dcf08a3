"""A rule: an armed fault, the conditions under which it fires, and its lifetime.

Rule 1: `seen` counts the calls that match a rule and reach its stage. Its nth, first, every and
probability refer to that number, independent of other rules. With `after`, the rule lets so many
of them pass first, and counts from there.
Rule 2: if several rules of one slot fire on a call, only the one armed first counts.
Rule 3: chance depends on the account's seed, the rule's number in its account and `seen`, so one
worker and many agree.
"""

from collections.abc import Callable
from dataclasses import fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

from mock_server.domain import dice
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.records import dataclass
from mock_server.domain.usage_errors import UsageError


class Stage(StrEnum):
    """Where a fault strikes: in place of the gateway's checks, in place of the operation, on the
    answer that is already booked, or on a callback.
    """

    GATEWAY = "gateway"
    SERVICE = "service"
    WIRE = "wire"
    CALLBACK = "callback"


class FaultError(UsageError):
    """An invalid fault or rule; the message says what is valid."""


Act = TypeVar("Act", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Act]):
    """A kind of fault: `fault` is the class of its parameters, `act` its effect.

    The signature of `act` depends on the stage: each stage has one function that calls it.

    `operations`: the calls that it can affect; empty for a callback. `slot`: one rule of each slot
    fires on a call. `connection`: it takes the connection itself, which only `serve` can do.
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
    """The calls that a rule matches; None matches every call.

    `text` and `style` are patterns: `*` any characters, `?` one, `[abc]` one of these. `after`: how
    many matching calls pass first.
    """

    operation: Operation | None = None
    text: str | None = None
    style: str | None = None
    task_id: str | None = None
    after: int | None = None
    nth: int | None = None
    first: int | None = None
    every: int | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A call, or the callback of a task (`operation` None), that rules are matched against."""

    operation: Operation | None = None
    text: str | None = None
    style: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An armed fault. `number` counts the account's rules from 1, `seen` the calls that matched.

    `calls_left` None: no limit. `starts_at` and `expires_at` are on the account's clock (ms).
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
        """Whether the rule can still fire: it has started, is not over, and has calls left."""
        return (
            (self.starts_at is None or now >= self.starts_at)
            and (self.expires_at is None or now < self.expires_at)
            and self.calls_left != 0
        )

    def matches(self, subject: Subject) -> bool:
        """Whether the rule counts this call."""
        match = self.match
        return (
            (subject.operation is None or subject.operation in self.kind.operations)
            and match.operation in (None, subject.operation)
            and match.task_id in (None, subject.task_id)
            and _like(subject.text, match.text)
            and _like(subject.style, match.style)
        )

    def fires_on(self, seed: int, seen: int) -> bool:
        """Whether the rule fires on the `seen`-th call that matches."""
        match = self.match
        seen -= match.after or 0
        if seen < 1:
            return False
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
    """Return the conditions that a match sets."""
    values = {field.name: getattr(match, field.name) for field in fields(match)}
    return {name: value for name, value in values.items() if value is not None}


def check_match(kind: AnyKind, match: Match, calls: int | None) -> None:
    """Check that the rule can fire. Raises FaultError for one that never could."""
    _check_operation(kind, match)
    counts = [name for name in COUNTS if getattr(match, name) is not None]
    if len(counts) > 1:
        raise FaultError(f"{' and '.join(counts)} contradict each other: name one of them")
    if counts == ["nth"] and calls is not None:
        raise FaultError("nth fires once: leave calls out, or use first instead of nth")
    if counts == ["first"] and calls is not None:
        raise FaultError("first and calls both limit how often: name one of them")
    if match.probability is not None and not 0 < match.probability <= 1:
        raise FaultError(f"probability must be above 0 and at most 1, not {match.probability:g}")


def _check_operation(kind: AnyKind, match: Match) -> None:
    operation = match.operation
    if kind.stage is Stage.CALLBACK:
        if operation is not None:
            raise FaultError(f"{kind.name} affects callbacks, not calls: leave operation out")
        return
    if operation is not None and operation not in kind.operations:
        raise FaultError(f"{kind.name} affects {', '.join(kind.operations)}, not {operation}")
    possible = (operation,) if operation else kind.operations
    if match.task_id is not None and Operation.QUERY_TASK not in possible:
        raise FaultError(
            f"only query_task has a task_id, {_calls(possible)} has none: leave it out"
        )
    for name in PATTERNS:
        if getattr(match, name) is not None and Operation.SUBMIT_TASK not in possible:
            raise FaultError(
                f"only submit_task has a {name}, {_calls(possible)} has none: leave it out"
            )
        if getattr(match, name) is not None and match.task_id is not None:
            raise FaultError(f"no call has both a {name} and a task_id: leave one of them out")


def _calls(operations: tuple[Operation, ...]) -> str:
    return " or ".join(operations)


def _like(value: str | None, pattern: str | None) -> bool:
    # Since Python 3.11 a pattern of fnmatch never backtracks over what a `*` has taken.
    return pattern is None or (value is not None and fnmatchcase(value, pattern))
