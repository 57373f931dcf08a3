"""What a receiver knows of a task, as its oracle prints it: a JSON object on a line for each task.

    {"task_id": "…", "status": "succeeded", "orders": 1, "links": ["http…"], "files": ["a.png"]}

`status` is `unknown` (it has never heard of the task), `open`, `succeeded` or `failed`. The others
may be left out. `orders`: how often it has done what a success is followed by. `links`: those that
it keeps; `files`: those that it has saved.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.domain.suggestions import unknown

UNKNOWN = "unknown"
STATUSES = (UNKNOWN, "open", "succeeded", "failed")
LISTS = ("links", "files")
MOST_LINES = 1000


class OracleError(Exception):
    """The oracle said nothing that can be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What a receiver knows of a task; None: the oracle does not say."""

    task_id: str
    status: str
    orders: int | None = None
    links: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as report.json has it."""
        return {"task_id": self.task_id, "status": self.status, "orders": self.orders}


def beliefs(printed: bytes, asked: Sequence[str]) -> dict[str, Belief]:
    """Return what an oracle has printed of the tasks that it was asked for. Raises OracleError."""
    found = {}
    for row in _objects(printed):
        task_id = row.get("task_id", asked[0] if len(asked) == 1 else None)
        if not isinstance(task_id, str | int):
            raise OracleError("a line that it printed has no task_id: name the task in each line")
        if str(task_id) in asked:
            found[str(task_id)] = _belief(str(task_id), row)
    return found


def _objects(printed: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        text = printed.decode()
    except UnicodeDecodeError:
        raise OracleError("what it printed is not UTF-8") from None
    try:
        whole: Any = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError):
        whole = [_parsed(line) for line in text.splitlines()[:MOST_LINES] if line.strip()]
    for row in whole if isinstance(whole, list) else [whole]:
        if not isinstance(row, dict):
            raise OracleError(f"it printed {str(row)[:60]!r}: print a JSON object for each task")
        yield row


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise OracleError(
            f"it printed {line[:60]!r}, which is no JSON: print a JSON object for each task"
        ) from None


def _belief(task_id: str, row: Mapping[str, Any]) -> Belief:
    status, orders = row.get("status"), row.get("orders")
    if status not in STATUSES:
        raise OracleError(unknown("status", status, STATUSES))
    is_count = isinstance(orders, int) and not isinstance(orders, bool) and orders >= 0
    if orders is not None and not is_count:
        raise OracleError(f"orders is a whole number, not {str(orders)[:40]!r}")
    lists: dict[str, tuple[str, ...] | None] = {}
    for name in LISTS:
        value = row.get(name)
        is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if value is not None and not is_list:
            raise OracleError(f"{name} is a list of texts, not {str(value)[:40]!r}")
        lists[name] = None if value is None else tuple(value)
    return Belief(task_id=task_id, status=status, orders=orders, **lists)
