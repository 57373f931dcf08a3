"""Tasks on order: what somebody wants to become of a task, in place of what the dice say.

Rule 1: an order is applied when its task is planned, and is then nothing but a plan.
Rule 2: what contradicts itself is refused, with what is allowed.
"""

from dataclasses import asdict, fields
from typing import Any

from mock_server.domain.suggestions import unknown
from mock_server.domain.task.tasks import FINAL, Status, TaskOrder
from mock_server.domain.usage_errors import UsageError

MAX_PICTURES = 4  # claim result-count
MAX_LENGTH_MS = 365 * 24 * 3_600_000
MAX_QUERIES = 1000
MAX_FACTOR = 1_000_000.0
MAX_REMARK = 200
ENDS = ("duration_ms", "factor", "after_queries", "never_ends")


class TaskOrderError(UsageError):
    """An order that cannot be; the message says what can."""


def order_of(values: dict[str, Any]) -> TaskOrder:
    """Return an order from JSON or TOML, its names those of `TaskOrder`. Raises TaskOrderError."""
    known = {field.name for field in fields(TaskOrder)}
    if others := sorted(set(values) - known):
        raise TaskOrderError(unknown("task override", others[0], sorted(known)))
    outcome = values.get("outcome")
    if outcome is not None and outcome not in FINAL:
        raise TaskOrderError(f"outcome is succeeded or failed, not {str(outcome)[:64]!r}")
    return checked({**values, "outcome": None if outcome is None else Status(outcome)})


def checked(values: dict[str, Any]) -> TaskOrder:
    """Return the order that the values make. Raises TaskOrderError for one that cannot be."""
    order = TaskOrder(**values)
    _check_range("duration_ms", order.duration_ms, 0, MAX_LENGTH_MS)
    _check_range("factor", order.factor, 0, MAX_FACTOR)
    _check_range("after_queries", order.after_queries, 1, MAX_QUERIES)
    _check_range("pictures", order.pictures, 0, MAX_PICTURES)
    ordered = as_mapping(order)
    ends = [name for name in ENDS if name in ordered]
    if len(ends) > 1:
        raise TaskOrderError(f"a task ends in one way: order one of {', '.join(ends)}")
    if order.never_ends and order.outcome is not None:
        raise TaskOrderError("a task that never ends has no outcome: leave one of them out")
    if order.remark is not None and order.outcome is not Status.FAILED:
        raise TaskOrderError("a remark is said of a task that fails: order outcome failed with it")
    if order.remark is not None and not 0 < len(order.remark) <= MAX_REMARK:
        raise TaskOrderError(f"a remark has 1 to {MAX_REMARK} characters")
    if order.pictures is not None and order.outcome is Status.FAILED:
        raise TaskOrderError("a task that fails has no pictures: leave one of them out")
    return order


def as_mapping(order: TaskOrder) -> dict[str, Any]:
    """Return what is ordered, for JSON; what is left to the dice is left out."""
    return {
        name: value
        for name, value in asdict(order).items()
        if value is not None and value is not False
    }


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise TaskOrderError(f"{name} is {low:g} to {high:g}, not {value}")
