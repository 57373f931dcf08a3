"""What a client did after an error, in words, and whether it was right.

Rule 1: `wrong` is only what obligations.py forbids. `right` has to be seen; else it is `unclear`.
Rule 2: where the account's clock jumped in between, or calls after a refusal succeeded, somebody
else had a hand in it: that is never `wrong`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mock_server.audit.history import History, Intent
from mock_server.audit.obligations import (
    LEAST_PAUSE_MS,
    MOST_TRIES,
    asks_to_wait,
    hasty_repeats,
    is_final,
    jumped_ms,
    not_looked_for,
    one_try_too_many,
    refusals_before,
    same_requests,
    went_on,
    workers_of,
)
from mock_server.audit.seen_call import SeenCall, is_known
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import Means
from mock_server.domain.findings.between_calls import SAME_WISH_MS
from mock_server.formatting import counted

AGAIN = {
    Operation.SUBMIT_TASK: "repeated the same submit",
    Operation.QUERY_TASK: "polled on",
    Operation.LIST_TASKS: "read the list again",
}
MOST_EARLIER = 500  # submits of an intent that are looked at
NOTHING = "made no further call"


class StepVerdict(StrEnum):
    """Whether a client's next step was the right one."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a client did next."""

    says: str
    verdict: StepVerdict


def right(says: str) -> Step:
    """Return a right step."""
    return Step(says=says, verdict=StepVerdict.RIGHT)


def wrong(says: str) -> Step:
    """Return a wrong step."""
    return Step(says=says, verdict=StepVerdict.WRONG)


def unclear(says: str) -> Step:
    """Return a step of which nobody can say whether it was right."""
    return Step(says=says, verdict=StepVerdict.UNCLEAR)


class NextSteps:
    """The calls of a client by what they have in common, to see what followed one."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._runs = {history.run_of(run[0]): run for run in history.runs_of(history.api_calls)}
        self._same = {each.id: calls for calls in same_requests(history) for each in calls}
        self._intents: dict[int, tuple[Intent, int]] = {
            each.id: (intent, number)
            for intent in history.intents()
            for number, each in enumerate(intent.submits)
        }

    def worth_judging(self, calls: Sequence[SeenCall]) -> list[SeenCall]:
        """Return the calls that met an error, of final refusals only the first that each run heard:
        the others are what followed it."""
        found: list[SeenCall] = []
        runs: set[int] = set()
        for each in sorted(calls, key=lambda call: call.known_at):
            if is_final(each):
                run = self._history.run_of(each)
                if run in runs:
                    continue
                runs.add(run)
            found.append(each)
        return found

    def after(self, call: SeenCall, means: Means) -> Step:
        """Return what the client did after it met an error with a call."""
        is_submit = call.operation == Operation.SUBMIT_TASK
        if is_submit and (call.leaves_open or means is Means.LOOK):
            return self._after_open(call)
        if is_final(call):
            return self._after_final(call)
        if asks_to_wait(call) or means is Means.WAIT:
            return self._after_busy(call, means)
        return self._after_refusal(call)

    def _after_open(self, call: SeenCall) -> Step:
        """Judge what followed a submit that may have made a task."""
        intent, number = self._intents[call.id]
        again = next(iter(intent.submits[number + 1 :]), None)
        if again is None:
            return self._without_submit(call)
        after = _after(call, again)
        if self._history.has_looked(call, again):
            return self._pace(call, again, f"read the list, then submitted again {after}")
        has_read = any(True for _ in self._history.listed_between(call, again))
        looked = "and had read too little of the list" if has_read else "without a look at the list"
        says = f"submitted again {after}, {looked}"
        is_same_wish = again.call.at - call.call.at < SAME_WISH_MS
        forbidden = (
            number < MOST_EARLIER and not_looked_for(self._history, intent, number + 1) is not None
        )
        is_wrong = call.leaves_open and forbidden and is_same_wish
        return wrong(says) if is_wrong else unclear(says)

    def _without_submit(self, call: SeenCall) -> Step:
        later = [each for each in self._history.api_calls if is_known(call, each)]
        later = [each for each in later if each is not call]
        if not later:
            return unclear(NOTHING)
        task_id = call.call.task_id
        took_up = task_id is not None and any(each.asked_id == task_id for each in later)
        if any(each.page is not None for each in later):
            return right("read the list, and " + ("took up the task" if took_up
                         else "did not submit again"))  # fmt: skip
        if took_up:
            return right("took up the task")
        return unclear("did not submit again, and did not read the list")

    def _after_final(self, call: SeenCall) -> Step:
        """Judge what followed a refusal that no retry changes."""
        later, allowed = went_on(self._run(call), call)
        if not later:
            same_moment = [each for each in self._run(call) if _is_at_once(call, each)]
            if not same_moment:
                return right(NOTHING)
            return unclear(f"made {counted(len(same_moment), 'more call')} at the same moment")
        says = f"made {counted(len(later), 'more call')}"
        if any(each.call.succeeded for each in later):
            return unclear(f"{says}, and not all of them were refused")
        return wrong(says) if len(later) > allowed else unclear(says)

    def _after_refusal(self, call: SeenCall) -> Step:
        """Judge what followed a refusal of one request."""
        again = self._repeated(call)
        if again is None:
            return right("did not send it again" if self._went_on(call) else NOTHING)
        says = _again(call, again)
        if call.operation == Operation.SUBMIT_TASK:
            same = self._same[call.id]
            end = same.index(again)
            last = same[max(0, end - MOST_EARLIER) : end + 1]
            refused = refusals_before(last, len(last) - 1)
            if call in refused and len(refused) >= self._history.copies:
                return wrong(says)
        return unclear(says)

    def _after_busy(self, call: SeenCall, means: Means) -> Step:
        """Judge what followed a failure that may pass."""
        again = self._repeated(call)
        if again is None:
            return unclear("did not repeat it" if self._went_on(call) else NOTHING)
        step = self._pace(call, again, _again(call, again))
        if step.verdict is StepVerdict.RIGHT and means not in (Means.WAIT, Means.LOOK):
            return unclear(step.says)
        return step

    def _pace(self, call: SeenCall, again: SeenCall, says: str) -> Step:
        """Judge the pause before the same request."""
        same = self._same[call.id]
        if jumped_ms(call, again):
            return right(says)
        workers = workers_of(self._history, same) if asks_to_wait(call) else 1
        if asks_to_wait(call) and hasty_repeats(self._history, same, call):
            return wrong(says)
        if asks_to_wait(call) and one_try_too_many(same, workers) is not None:
            return wrong(f"{says}, more than {MOST_TRIES} times in a row")
        is_calm = again.began_at - call.known_at >= LEAST_PAUSE_MS
        return right(says) if is_calm else unclear(says)

    def _run(self, call: SeenCall) -> Sequence[SeenCall]:
        return self._runs[self._history.run_of(call)]

    def _repeated(self, call: SeenCall) -> SeenCall | None:
        """Return the same request that the client sent next, in the same run."""
        same = self._same[call.id]
        later = same[same.index(call) + 1 :]
        return next((each for each in later if is_known(call, each)), None)

    def _went_on(self, call: SeenCall) -> bool:
        return any(each is not call and is_known(call, each) for each in self._run(call))


def _again(call: SeenCall, again: SeenCall) -> str:
    return f"{AGAIN[Operation(call.operation)]} {_after(call, again)}"


def _after(call: SeenCall, again: SeenCall) -> str:
    """Return the real pause between a call's answer and another call, in words."""
    pause = max(0, again.began_at - call.known_at)
    return f"after {pause} ms" if pause < 1000 else f"after {pause / 1000:.1f} s"


def _is_at_once(call: SeenCall, later: SeenCall) -> bool:
    """Whether a call began when another's answer may have been on its way still."""
    return later.id > call.id and call.known_at <= later.began_at < call.open_until
