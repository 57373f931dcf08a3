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
                yield each, _duplicate(intent, each, extra)
            else:
                yield each, _kept(history.tasks.get(each.call.task_id), each, fetched)


def _duplicate(intent: Intent, submit: SeenCall, extra: set[int]) -> Judgement:
    kept = [each for each in intent.submits if each.call.task_id and each.id not in extra]
    others = f"call {kept[0].id} made task {kept[0].call.task_id}" if kept else "there are others"
    if kept and not kept[0].call.charged:
        others += " for free"
    return wasted(
        ChargeClass.DUPLICATE_SUBMIT,
        f"It made task {submit.call.task_id}, which nobody needed: for the same intent {others}.",
    )


def _kept(
    task: Mapping[str, Any] | None, submit: SeenCall, fetched: Mapping[str, bool]
) -> Judgement:
    begins = f"It made task {submit.call.task_id}, "
    has_whole = fetched.get(submit.call.task_id or "")
    if has_whole is not None:
        came = "fetched its picture" if has_whole else "asked for its picture, which did not come"
        return useful(f"{begins}and the client {came}.")
    if task is not None and task["status"] == "succeeded" and task["pictures"]:
        why = f"{begins}which has succeeded, and nobody fetched its picture."
        return wasted(ChargeClass.ORPHAN, why)
    return useful(begins + _nothing_to_fetch(task))


def _nothing_to_fetch(task: Mapping[str, Any] | None) -> str:
    if task is None:
        return "which the server no longer keeps."
    if task["status"] == "failed":
        return "which failed: there is nothing to fetch."
    if task["status"] == "succeeded":
        return "which has no picture to fetch."
    return "which has not ended yet."


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
