"""Evidence of a drill, made by hand: calls as the journal has them, without a server.

Instants are real ms since the client's first call.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from mock_server.audit.records import RecordedCall
from mock_server.audit.seen_call import SeenCall, seen
from mock_server.domain.call.wire_script import Delivered
from mock_server.rehearsal.breach import Breach
from mock_server.rehearsal.client_process import Ended
from mock_server.rehearsal.drill import RATE, Drill
from mock_server.rehearsal.evidence import Evidence

BEGIN = 1_795_968_370_000
ONE, TWO, THREE = (f"https://example.com/{name}" for name in ("one", "two", "three"))
NOTHING_SENT = {"what": Delivered.NOTHING, "status": None, "bytes": 0, "late_ms": 0, "lasts_ms": 0,
                "end": "reset", "left_after_ms": None}  # fmt: skip
GATEWAY = {429: "T429PA", 500: "X500ER", 503: "X503BZ", 504: "D504TO"}


def late(ms: int) -> dict[str, Any]:
    """Return what became of an answer that came whole, but so late."""
    return {**NOTHING_SENT, "what": Delivered.WHOLE, "status": 200, "end": "keep", "late_ms": ms}


def left(after_ms: int) -> dict[str, Any]:
    """Return what became of an answer that the client did not wait for."""
    return {**late(60_000), "left_after_ms": after_ms}


def page_of(status: int) -> dict[str, Any]:
    """Return what became of an answer in whose place a proxy sent a page of its own."""
    return {**late(0), "what": Delivered.ALTERED, "status": status}


class Journal:
    """The calls of a client, in the order in which they are added."""

    def __init__(self) -> None:
        self.calls: list[SeenCall] = []
        self.tasks: dict[str, dict[str, Any]] = {}

    def submit(self, at: int, text: str = ONE, *, task: str | None = None, **more: Any) -> SeenCall:
        """Add a submit; `task` is the id of the task that it makes, None for none."""
        fields = more.pop("fields", {"text": text, "style_id": "pet_cat"})
        if task is not None:
            self.tasks[task] = task_of(task, fields.get("text"), fields.get("qr_code_url"))
        result = {"ret_code": 0, "task_id": task} if task else {"ret_code": -1, "remark": "no"}
        return self.call(at, "submit_task", fields, result, task, **more)

    def query(
        self, at: int, task: str = "t1", *, ended: bool = False, **more: Any
    ) -> SeenCall:  # fmt: skip
        """Add a query of a task."""
        links = [f"http://127.0.0.1:1/pictures/a/{task}/1.png"] if ended else []
        result = {"ret_code": 0, "status": "succeeded" if ended else "running", "resList": links}
        return self.call(at, "query_task", {"task_id": task}, result, task, **more)

    def list(
        self, at: int, ids: Sequence[str] = (), *, page: int = 1, pages: int = 1, **more: Any
    ) -> SeenCall:
        """Add a look at a page of the task list."""
        items = [{"task_id": each, "status": "running", "resList": []} for each in ids]
        result = {"ret_code": 0, "allPages": pages, "currentPage": page, "contentlist": items}
        return self.call(at, "list_tasks", {"page": str(page)}, result, None, **more)

    def fetch(self, at: int, task: str = "t1", number: int = 1, **more: Any) -> SeenCall:
        """Add a fetch of a picture, by its own link or by `path`."""
        path = more.pop("path", f"/pictures/a/{task}/{number}.png")
        found = {"method": "GET", "path": path, "charged": False, **more}
        return self.call(at, "get_picture", {}, {}, task, **found)

    def finished(self, at: int, text: str = ONE, task: str = "t1") -> None:
        """Add all calls of a task that goes well."""
        self.submit(at, text, task=task)
        self.query(at + 500, task, ended=True)
        self.fetch(at + 600, task)
        self.tasks[task] |= succeeded(task)

    def call(
        self, at: int, operation: str, fields: Mapping[str, str], result: Mapping[str, Any],
        task: str | None, **more: Any,
    ) -> SeenCall:  # fmt: skip
        """Add a call; `more` are members of its entry in the journal."""
        status = more.pop("status", 200)
        code = more.pop("code", GATEWAY.get(status))
        said = [["X-Ca-Error-Message", more.pop("message")]] if "message" in more else []
        body = urlencode(fields)
        form = [["content-type", "application/x-www-form-urlencoded"]]
        charged = more.pop("charged", status == 200)
        raw = {
            "id": len(self.calls) + 1, "at": BEGIN + int(at * RATE), "real_at": BEGIN + at,
            "held_ms": 0, "operation": operation, "method": "POST", "path": f"/{operation}",
            "status": status, "error_code": code, "charged": charged, "fen": 28 if charged else 0,
            "reason": "", "task_id": task, "faults": [], "sent": None, "findings": [],
            "request": {"headers": form, "body": body, "encoding": "utf-8", "length": len(body),
                        "sha256": "-"},
            "answer": {"headers": said, "encoding": "utf-8",
                       "body": json.dumps(result) if status in (200, 450) else ""},
            **more,
        }  # fmt: skip
        self.calls.append(seen(RecordedCall.of(raw)))
        return self.calls[-1]


def task_of(task: str, text: str | None, image: str | None = None) -> dict[str, Any]:
    """Return a task that runs, as the admin API shows it."""
    return {"task_id": task, "status": "running", "content": text or image, "text": text,
            "qr_code_url": image, "pictures": []}  # fmt: skip


def succeeded(task: str, count: int = 1) -> dict[str, Any]:
    """Return what is different of a task that has succeeded."""
    links = [f"http://127.0.0.1:1/pictures/a/{task}/{number}.png" for number in range(1, count + 1)]
    return {"status": "succeeded", "pictures": links}


def ended(status: int | None = 0, **more: Any) -> Ended:
    """Return how a client ended: after a minute, if nothing else is said."""
    values: dict[str, Any] = {
        "timed_out": False, "left": (), "stdout": b"", "stderr": b"", "took_s": 60.0,
        "began_at": BEGIN - 100, "ended_at": BEGIN + 60_000,
    }  # fmt: skip
    return Ended(status=status, **{**values, **more})


def drill(**more: Any) -> Drill:
    """Return a drill in which nothing goes wrong."""
    return Drill(**{"id": "calm", "says": "Nothing goes wrong.", "client": "It works.",
                    "texts": (ONE,), **more})  # fmt: skip


def evidence(journal: Journal | None = None, **more: Any) -> Evidence:
    """Return what a drill has shown."""
    journal = journal or Journal()
    values: dict[str, Any] = {
        "drill": drill(), "calls": tuple(journal.calls), "tasks": journal.tasks, "callbacks": (),
        "faults": (), "findings": (), "ended": ended(),
    }  # fmt: skip
    return Evidence(**{**values, **more})


def callback(at: int, status: int | None, *, task: str = "t1", **more: Any) -> dict[str, Any]:
    """Return a callback with one attempt that ended at a real instant."""
    lasted, links = more.pop("lasted", 5), more.pop("links", [])
    body = json.dumps({"task_id": task, "resList": links})
    request = {"method": "POST", "url": "http://127.0.0.1:2/", "body": body, "encoding": "utf-8"}
    kind = more.pop("fault", None)
    attempt = {
        "due_at": 0, "at": BEGIN + int(at * RATE), "status": status, "error": None,
        "duration_ms": lasted, "request": more.pop("request", request), "answer": None,
    }  # fmt: skip
    return {"id": 1, "task_id": task, "copy_of": None, "attempts": [attempt],
            "fault": kind and {"id": 1, "kind": kind}, **more}  # fmt: skip


def found(
    rule: Callable[[Evidence], Breach | None], case: Callable[[Journal], object], **more: Any
) -> Breach | None:
    """Return what a rule finds in the calls that `case` adds to a journal."""
    journal = Journal()
    case(journal)
    return rule(evidence(journal, **more))


def wasted_ids(breach: Breach | None) -> list[int]:
    """Return the numbers of the calls that a breach has wasted."""
    assert breach is not None
    return [each.id for each in breach.wasted]
