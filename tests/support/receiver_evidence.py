"""What a delivery to a receiver has shown, made by hand, without a server."""

import json
from typing import Any

from mock_server.rehearsal.receivers.belief import Belief
from mock_server.rehearsal.receivers.delivery import ReceiverDrill
from mock_server.rehearsal.receivers.evidence import ReceiverEvidence
from tests.support.rehearsals import BEGIN, ended

PATH = "/pictures/a/t1/1.png"
TASK = {"task_id": "t1", "status": "succeeded", "pictures": [f"http://127.0.0.1:1{PATH}"]}
TRUE = Belief(task_id="t1", status="succeeded", orders=1)


def attempt(status: int | None = 204, **more: Any) -> dict[str, Any]:
    """Return one attempt to deliver a callback."""
    body = json.dumps({"task_id": more.pop("named", "t1"), "resList": []})
    answer = {"body": more.pop("said", ""), "encoding": "utf-8"} if status else None
    error = None if status else "connection refused"
    return {
        "status": status, "error": error, "duration_ms": 5, "at": BEGIN,
        "request": {"body": body}, "answer": answer, **more,
    }  # fmt: skip


def evidence(*attempts: dict[str, Any], fault: str | None = None, **more: Any) -> ReceiverEvidence:
    """Return what a delivery of one callback has shown."""
    drill: dict[str, Any] = {"faults": more.pop("ordered", ())}
    drill |= {name: more.pop(name) for name in ("answers", "must_know") if name in more}
    drill |= {"id": more.pop("name", "one"), "says": "It comes.", "client": "It copes."}
    delivery = ReceiverDrill(**drill)
    callback = {"id": 1, "task_id": "t1", "copy_of": None, "fault": fault and {"kind": fault},
                "attempts": attempts or (attempt(),)}  # fmt: skip
    values: dict[str, Any] = {
        "delivery": delivery, "drill": delivery, "calls": (), "tasks": {"t1": TASK},
        "callbacks": (callback,), "faults": (), "findings": (), "ended": ended(None),
        "has_oracle": True, "after": {"t1": TRUE}, "true_links": frozenset([PATH]),
    }  # fmt: skip
    return ReceiverEvidence(**{**values, **more})
