"""The rule on a client's receiver of callbacks: it answers genuine ones, and trusts no other."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from mock_server.audit.history import PICTURE
from mock_server.audit.links import link_paths
from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.calls import Operation
from mock_server.rehearsal.breach import Breach
from mock_server.rehearsal.evidence import Evidence

MOST_ANSWER_MS = 5000
# A client that is about to end may have closed its receiver so long before.
CLOSING_MS = 1000
# What a fault did to a callback that is genuine all the same. Any other may be refused.
GENUINE = frozenset(
    {"callback_late", "callback_early", "callback_duplicate", "callback_concurrent_duplicate",
     "callback_reordered", "callback_extra_fields"}
)  # fmt: skip


def receives(evidence: Evidence) -> Breach | None:
    """The receiver answers genuine callbacks with 2xx within 5 s, and no lie is believed."""
    for callback in evidence.callbacks:
        fault = callback["fault"]
        if callback["task_id"] not in evidence.tasks:
            continue
        is_genuine = fault is None or fault["kind"] in GENUINE
        judge = partial(_wrong_answer, evidence) if is_genuine else _failure
        for attempt in callback["attempts"]:
            if says := judge(callback["task_id"], attempt):
                return Breach(says=says, calls=_about(evidence, callback["task_id"]))
    return _believed(evidence) if evidence.drill.lying_callbacks else None


def _failure(task_id: str, attempt: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the answer to a callback that need not be believed."""
    if attempt["status"] is None or attempt["status"] < 500:
        return None
    return f"It failed with {attempt['status']} on a callback about task {task_id} that is a lie."


def _wrong_answer(evidence: Evidence, task_id: str, attempt: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the answer to a genuine callback."""
    status, lasted = attempt["status"], attempt["duration_ms"]
    began = evidence.real_time(attempt["at"]) - lasted
    if lasted > MOST_ANSWER_MS:
        if status is None and not _ran(evidence, began, began + MOST_ANSWER_MS):
            return None  # it ended before its time was over
        return f"It took {lasted} ms to answer the callback of task {task_id}; 5 s are the most."
    if status is not None:
        if 200 <= status < 300 or (400 <= status < 500 and not _knows(evidence, task_id, began)):
            return None
        return f"It answered the callback of task {task_id} with {status}."
    if not _ran(evidence, began, began + lasted + CLOSING_MS) or _knew_end(
        evidence, task_id, began
    ):
        return None
    return f"It did not answer the callback of task {task_id}, although it ran."


def _ran(evidence: Evidence, begin: float, end: float) -> bool:
    """Whether one run of the client covers this time, its start not counted: a receiver has to
    listen once the client calls."""
    for number, (_, ended) in enumerate(evidence.runs()):
        calls = [each.began_at for each in evidence.api_calls if evidence.run_of(each) == number]
        if calls and min(calls) <= begin and end <= ended:
            return True
    return False


def _knows(evidence: Evidence, task_id: str, at: float) -> bool:
    """Whether a call had told the client of a task: without it, the callback is unknown to it."""
    for each in evidence.api_calls:
        if not each.answered or each.status != 200 or each.known_at > at:
            continue
        if each.operation != Operation.LIST_TASKS and each.call.task_id == task_id:
            return True
        if each.page is not None and task_id in each.page.ids:
            return True
    return False


def _knew_end(evidence: Evidence, task_id: str, at: float) -> bool:
    """Whether a query or a callback had told the client of a task's end: it need not wait more."""
    queries = evidence.queries.get(task_id, ())
    if any(each.tells_the_end and each.known_at <= at for each in queries):
        return True
    return any(
        attempt["status"] is not None and evidence.real_time(attempt["at"]) <= at
        for callback in evidence.callbacks
        if callback["task_id"] == task_id
        for attempt in callback["attempts"]
    )


def _about(evidence: Evidence, task_id: str) -> tuple[Any, ...]:
    return tuple(each for each in evidence.submits if each.call.task_id == task_id)


def _believed(evidence: Evidence) -> Breach | None:
    """Find a picture that was fetched by a link that no query and no list had."""
    told = {
        path
        for each in evidence.of(Operation.QUERY_TASK, Operation.LIST_TASKS)
        if each.answered and each.status == 200
        for path in link_paths(each.call.result)
    }
    called_back = {
        path
        for callback in evidence.callbacks
        for attempt in callback["attempts"]
        if attempt["request"] is not None
        for path in link_paths(service_body(attempt["request"]["body"].encode()))
    }
    fetched = [
        each for each in evidence.of(PICTURE)
        if urlsplit(each.call.raw["path"]).path in called_back - told
    ]  # fmt: skip
    if not fetched:
        return None
    return Breach(
        says="It fetched a picture by a link that only a callback had named: "
        f"{fetched[0].call.raw['path'][:80]}",
        calls=tuple(fetched),
    )
