"""The class of charged submits: duplicates, orphans, useful ones. Rules 3 to 6 of retry_bill.py."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from mock_server.audit.charge import ChargeClass, Judgement, useful, wasted
from mock_server.audit.duplicates import duplicates
from mock_server.audit.history import PICTURE, History, Intent
from mock_server.audit.links import link_paths
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import Operation

PICTURES = "/pictures/"  # how the path of a picture begins


def judge_submits(
    history: History, intents: Iterable[Intent]
) -> Iterator[tuple[SeenCall, Judgement]]:
    """Yield the charged submits that made a task, with their class."""
    intents = list(intents)
    extra = {each.id for each in duplicates(history, intents)}
    fetched, hidden = _fetched(history), _out_of_sight(history)
    for intent in intents:
        for each in intent.submits:
            if not each.call.charged or each.call.task_id is None:
                continue
            task_id = each.call.task_id
            if each.id in extra:
                yield each, _duplicate(intent, extra, history.copies)
            elif task_id in hidden and task_id not in fetched:
                yield each, useful("The link of its picture leads elsewhere, out of sight.")
            else:
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
            path = urlsplit(each.call.raw["path"]).path
            # What is not there belongs to no task; its address names one all the same.
            task_id = each.call.task_id or path.rpartition("/")[0].rpartition("/")[2]
            found[task_id] = found.get(task_id, False) or each.brings_a_picture
    return found


def _out_of_sight(history: History) -> set[str]:
    """Return the tasks whose pictures, by what the client was told, are at another address: nobody
    here can see whether it fetched them.
    """
    found = set()
    for each in history.of(Operation.QUERY_TASK):
        paths = list(link_paths(each.call.result)) if each.tells_the_end else []
        if paths and not any(path.startswith(PICTURES) for path in paths):
            found.add(each.asked_id)
    return found
