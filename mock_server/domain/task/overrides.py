"""Orders for tasks: an outcome that a test asks for, in place of the random one.

Rule 1: an order is applied when its task is planned; after that only the plan counts.
Rule 2: a contradictory order is an error; the message says what is allowed.
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
    """An invalid order; the message says what is valid."""


def order_of(values: dict[str, Any]) -> TaskOrder:
    """Return an order from JSON or TOML with the names of `TaskOrder`. Raises TaskOrderError."""
    known = {field.name for field in fields(TaskOrder)}
    if others := sorted(set(values) - known):
        raise TaskOrderError(unknown("task override", others[0], sorted(known)))
    outcome = values.get("outcome")
    if outcome is not None and outcome not in FINAL:
        raise TaskOrderError(f"outcome must be succeeded or failed, not {str(outcome)[:64]!r}")
    return checked({**values, "outcome": None if outcome is None else Status(outcome)})


def checked(values: dict[str, Any]) -> TaskOrder:
    """Return the order with these values. Raises TaskOrderError for an invalid order."""
    order = TaskOrder(**values)
    _check_range("duration_ms", order.duration_ms, 0, MAX_LENGTH_MS)
    _check_range("factor", order.factor, 0, MAX_FACTOR)
    _check_range("after_queries", order.after_queries, 1, MAX_QUERIES)
    _check_range("pictures", order.pictures, 0, MAX_PICTURES)
    ordered = as_mapping(order)
    ends = [name for name in ENDS if name in ordered]
    if len(ends) > 1:
        raise TaskOrderError(f"a task ends in one way only: order one of {', '.join(ends)}")
    if order.never_ends and order.outcome is not None:
        raise TaskOrderError("a task that never ends has no outcome: leave one of them out")
    if order.remark is not None and order.outcome is not Status.FAILED:
        raise TaskOrderError("only a failed task has a remark: order outcome failed with it")
    if order.remark is not None and not 0 < len(order.remark) <= MAX_REMARK:
        raise TaskOrderError(f"a remark has 1 to {MAX_REMARK} characters")
    if order.pictures is not None and order.outcome is Status.FAILED:
        raise TaskOrderError("a task that fails has no pictures: leave one of them out")
    return order


def as_mapping(order: TaskOrder) -> dict[str, Any]:
    """Return the ordered values for JSON, without those that are left to the dice."""
    return {
        name: value
        for name, value in asdict(order).items()
        if value is not None and value is not False
    }


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise TaskOrderError(f"{name} is {low:g} to {high:g}, not {value}")
