"""What the callbacks of an account have told its client."""

import json
from dataclasses import dataclass

from mock_server.store import attempts
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFacts:
    """`ends`: when, on the account's clock, a callback that was acknowledged told of a task, a
    forged one not; `carried`: every id that one carried, acknowledged or not.
    """

    ends: dict[str, int]
    carried: frozenset[str]


def told(tx: Transaction, account_id: str) -> CallbackFacts:
    """Return what an account's callbacks have told."""
    ends: dict[str, int] = {}
    carried: set[str] = set()
    for row in attempts.bodies(tx, account_id):
        task_id = task_id_in(row["request_body"])
        if task_id is None:
            continue
        carried.add(task_id)
        if not row["forged"] and row["status"] is not None and 200 <= row["status"] < 300:
            ends.setdefault(task_id, row["at"])
    return CallbackFacts(ends=ends, carried=frozenset(carried))


def task_id_in(body: bytes) -> str | None:
    """Return the id that the body of a callback carries; None if it is no such body."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    task_id = content.get("task_id") if isinstance(content, dict) else None
    return task_id if isinstance(task_id, str) and task_id else None
