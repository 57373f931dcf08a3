"""What is a mistake, judged from one step: its calls, and what the client made of them.

Rule 1: one intent makes one task and costs one credit, however many calls it takes.
Rule 2: an answer that leaves open whether the task was made (500, 502, 504, or none) is not
followed by another submit before a look into the task list.
Rule 3: what no retry mends is not tried again: a gateway error that is neither about load nor its
own, a refusal of the service that does not ask to try later.
Rule 4: what asks to wait (429, 5xx) is not called again and again without a pause, in real time.
Some retries at once are nobody's mistake.
Rule 5: a call that failed is raised, a call that succeeded is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from mock_server.audit.records import RecordedCall
from mock_server.client_suite.adapter import TaskResult, result_of
from mock_server.client_suite.inputs import BUSY, FINAL, Intent
from mock_server.client_suite.story import Step, is_unheard, short
from mock_server.formatting import yuan
from mock_server.testing.calls import asks_to_wait

SUBMIT, LIST = "submit_task", "list_tasks"
LEAVES_OPEN = frozenset({0, 500, 502, 504})
# So many calls again, without a pause, are a loop.
HOT_CALLS = 4


def manners(step: Step, *, is_fine: bool, pause_s: float) -> Iterator[str]:
    """Yield what is wrong with the calls of a step; `is_fine`: what was asked for is no oddity;
    `pause_s`: what a pause has to be on average."""
    submits = step.calls_of(SUBMIT)
    paid = [call for call in submits if call.charged or call.task_id]
    if len(paid) > 1:
        fen = sum(call.fen for call in paid)
        yield f"one intent was paid for {len(paid)} times: {yuan(fen)} yuan"
    yield from _blind_submits(step.calls)
    for call, following in _neighbours(step.calls):
        if 400 <= call.status < 450 and not asks_to_wait(call) and not _is_its_own(call):
            yield f"it called again after {_named(call)}, which no retry mends"
        elif _is_final_refusal(call):
            yield f"it called again after the refusal {_named(call)}, which no retry mends"
        if following.operation == SUBMIT and call.task_id:
            yield "it submitted again after the task was made"
    yield from _without_pause(step.calls, pause_s)
    if is_fine:
        yield from _errors(step.calls)


def of_submit(step: Step, intent: Intent, task: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what is wrong with what a submit gave back; `task` is what was made, if it was."""
    if task is not None:
        if step.error is None and step.value != task["task_id"]:
            yield f"it returned {short(step.value, quoted=True)} for task {task['task_id']!r}"
        if step.error is not None and not step.lost:
            yield f"the task was made, and the client raised {short(step.error)!r}"
        yield from _differences(intent, task)
    elif step.error is None:
        yield f"no task was made, and it returned {short(step.value, quoted=True)}"
    elif intent.is_fine and not step.calls:
        yield "it raised on something that is fine, without a call"
    elif intent.is_fine:
        yield from _asked_wrongly(step)


def of_query(step: Step, truth: TaskResult | None, *, is_refused: bool = False) -> Iterator[str]:
    """Yield what is wrong with what a query gave back; without a truth there is no such task.

    `is_refused`: the service refuses the query of a task that has not ended, as here. A client may
    raise that, or know it for what it is.
    """
    found = result_of(step.value) if step.error is None else None
    if not _may_be_answered(step):
        knows = is_refused and step.trouble is None
        if step.error is None and not (knows and found and truth and found.agrees_with(truth)):
            yield f"the call failed, and it returned {short(step.value, quoted=True)}"
        elif truth is not None and not knows:
            yield from _asked_wrongly(step)
    elif step.error is not None:
        yield from _raised(step)
    elif truth is None:
        yield f"there is no such task, and it returned {short(step.value, quoted=True)}"
    elif found is None:
        yield (
            f"it returned {short(step.value, quoted=True)}: a result has task_id, status and "
            "pictures"
        )
    elif not found.agrees_with(truth):
        yield f"it says {_told(found)}, the truth is {_told(truth)}"


def of_page(step: Step, truths: Mapping[str, TaskResult]) -> Iterator[str]:
    """Yield what is wrong with a page of the list."""
    if not _may_be_answered(step):
        if step.error is None:
            yield f"the call failed, and it returned {short(step.value, quoted=True)}"
        yield from _asked_wrongly(step)
        return
    if step.error is not None:
        yield from _raised(step)
        return
    if step.value is None:
        yield "list_tasks returned None: it returns a list, which is empty past the last page"
        return
    for value in step.value:
        found = result_of(value)
        truth = truths.get(found.task_id) if found and isinstance(found.task_id, str) else None
        if found is None or truth is None:
            yield f"it lists {short(value, quoted=True)}, which is no task of this account"
        elif not found.agrees_with(truth):
            yield f"it lists {_told(found)}, the truth is {_told(truth)}"


def _differences(intent: Intent, task: Mapping[str, Any]) -> Iterator[str]:
    for name, wanted in intent.wanted().items():
        if task[name] != wanted:
            yield (
                f"it was asked for {name}={short(wanted, quoted=True)}, and the task has "
                f"{short(task[name], quoted=True)}"
            )


def _may_be_answered(step: Step) -> bool:
    """Whether the client may have an answer: its last call succeeded, or it needed none."""
    if not step.calls or step.calls[-1].succeeded:
        return True
    # Whoever comes back with something had waited, whatever the journal made of the hang-up.
    return step.trouble is not None and step.trouble.is_slow and step.error is None


def _raised(step: Step) -> Iterator[str]:
    if step.heard_all:
        what = "its call succeeded" if step.calls else "it made no call"
        yield f"{what}, and it raised {type(step.error).__name__}: {short(step.error)}"


def _asked_wrongly(step: Step) -> Iterator[str]:
    if step.trouble is None and step.error is not None and step.calls:
        yield f"what it sent was answered {_named(step.calls[-1])}; what it was asked is fine"


def _is_its_own(call: RecordedCall) -> bool:
    """Whether the gateway failed by itself, which passes: codes that begin with X."""
    return (call.error_code or "").startswith("X")


def _blind_submits(calls: Sequence[RecordedCall]) -> Iterator[str]:
    """Yield a submit after one that may have made the task, with no list answered in between."""
    open_one: tuple[RecordedCall, str] | None = None
    for at, call in enumerate(calls):
        if call.operation == LIST and call.succeeded:
            open_one = None
        if call.operation != SUBMIT:
            continue
        if open_one is not None and call.fields == open_one[0].fields:
            yield (
                f"it submitted again after {open_one[1]}: the first task may have been made, and "
                "paid; look into the task list before"
            )
        unheard = at + 1 < len(calls) and is_unheard(call, calls[at + 1])
        what = f"an answer {call.status}" if call.status and not unheard else "no answer"
        open_one = (call, what) if unheard or call.status in LEAVES_OPEN else None


def _errors(calls: Sequence[RecordedCall]) -> Iterator[str]:
    for call in calls:
        for finding in call.findings:
            if finding.at_least("error"):
                yield f"its request has an error: {finding.id}: {finding.text}"


def _is_final_refusal(call: RecordedCall) -> bool:
    """Whether the service refused and did not ask to try later. Of queries only one that was
    refused on order counts: a task that has not ended may be refused as well."""
    if call.mishap is not None or call.status not in (200, 450) or call.succeeded:
        return False
    return call.message == FINAL or (call.operation == SUBMIT and call.message != BUSY)


def _without_pause(calls: Sequence[RecordedCall], pause_s: float) -> Iterator[str]:
    for start in range(len(calls) - HOT_CALLS):
        run = calls[start : start + HOT_CALLS + 1]
        took_s = (run[-1].raw["real_at"] - run[0].raw["real_at"]) / 1000
        if took_s < HOT_CALLS * pause_s and all(map(asks_to_wait, run[:-1])) and _are_same(run):
            yield (
                f"it called {HOT_CALLS} more times within {took_s:.2f} s of {_named(run[0])}, "
                "which asks it to wait: pause before each retry, ever longer (if your adapter "
                "switches the pauses off, set pause_seconds = 0)"
            )
            return


def _are_same(calls: Sequence[RecordedCall]) -> bool:
    return len(list(_neighbours(calls))) == len(calls) - 1


def _neighbours(calls: Any) -> Iterator[tuple[RecordedCall, RecordedCall]]:
    """Yield each call with the next one, where the next is the same again."""
    for call, following in pairwise(calls):
        if call.operation == following.operation and call.fields == following.fields:
            yield call, following


def _named(call: RecordedCall) -> str:
    return f"{call.status} {call.error_code or ''} {call.message}".replace("  ", " ").strip()


def _told(result: TaskResult) -> str:
    count = len(result.pictures)
    shown = "1 picture" if count == 1 else f"{count or 'no'} pictures"
    pictures = f" with {shown}" if count or result.status == "succeeded" else ""
    return f"task {result.task_id!r} is {result.status}{pictures}"
