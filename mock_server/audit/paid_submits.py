"""The class of charged submits: duplicates, orphans, useful ones. Rules 3 to 6 of retry_bill.py."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mock_server.audit.charge import ChargeClass, Judgement, useful, wasted
from mock_server.audit.duplicates import duplicates
from mock_server.audit.history import PICTURE, History, Intent
from mock_server.audit.seen_call import SeenCall


def judge_submits(
    history: History, intents: Iterable[Intent]
) -> Iterator[tuple[SeenCall, Judgement]]:
    """Yield the charged submits that made a task, with their class."""
    intents = list(intents)
    extra = {each.id for each in duplicates(history, intents)}
    fetched = _fetched(history)
    for intent in intents:
        for each in intent.submits:
            if not each.call.charged or each.call.task_id is None:
                continue
            if each.id in extra:
                yield each, _duplicate(intent, extra, history.copies)
            else:
                task_id = each.call.task_id
                yield each, _kept(history.tasks.get(task_id), has_whole=fetched.get(task_id))


def _duplicate(intent: Intent, extra: set[int], copies: int) -> Judgement:
    kept = [each for each in intent.submits if each.call.task_id and each.id not in extra]
    free = ", for free" if kept and not kept[0].call.charged else ""
    wanted = "one task was wanted" if copies == 1 else f"{copies} tasks were wanted"
    others = f"Call {kept[0].id} made a task of the same intent{free}" if kept else "It is too many"
    return wasted(ChargeClass.DUPLICATE_SUBMIT, f"{others}: {wanted}.")


def _kept(task: Mapping[str, Any] | None, *, has_whole: bool | None) -> Judgement:
    """Return the class of a submit by its task, and by whether a picture came whole, None: nobody
    asked for one."""
    if has_whole is not None:
        return useful(
            "The client fetched its picture."
            if has_whole
            else "The client asked for its picture, which did not come."
        )
    if task is not None and task["status"] == "succeeded" and task["pictures"]:
        return wasted(ChargeClass.ORPHAN, "Its task has succeeded, and nobody fetched a picture.")
    return useful(_nothing_to_fetch(task))


def _nothing_to_fetch(task: Mapping[str, Any] | None) -> str:
    if task is None:
        return "The server no longer keeps its task."
    if task["status"] == "failed":
        return "Its task failed: there is nothing to fetch."
    if task["status"] == "succeeded":
        return "Its task has no picture to fetch."
    return "Its task has not ended yet."


def _fetched(history: History) -> dict[str, bool]:
    """Return the tasks of which the client asked for a picture, and whether one came whole. A fetch
    on which it hung up itself is none.
    """
    found: dict[str, bool] = {}
    for each in history.of(PICTURE):
        sent = each.call.raw["sent"] or {}
        if each.call.raw["method"] == "GET" and sent.get("left_after_ms") is None:
            # A picture that is not there belongs to no task; its address names one all the same.
            task_id = each.call.task_id or str(each.call.raw["path"]).rpartition("/")[0]
            task_id = task_id.rpartition("/")[2]
            found[task_id] = found.get(task_id, False) or each.brings_a_picture
    return found
