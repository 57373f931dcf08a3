"""The rules that a client is judged by: one function each, in RULES.

Rule 1: a rule returns what the client did, with the calls that show it, or None. It never guesses:
what cannot be seen in the journal breaks no rule.
Rule 2: a false alarm on a correct client is worse than a miss.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mock_server.domain.findings import FINAL
from mock_server.formatting import counted
from mock_server.rehearsal.evidence import (
    ROUNDING_MS,
    Evidence,
    Intent,
    SeenCall,
    is_known,
)

# Signed wrongly, a call is refused however often it is sent.
NO_RETRY_HELPS = FINAL | {"A403IS"}
MOST_TRIES = 10
LEAST_PAUSE_MS = 250
MOST_QUERIES = 60
SHORT_GAP_MS = 200
MOST_SHORT_GAPS = 5
MOST_OVERLAPS = 2
RECEIVER_S = 5
MOST_EVIDENCE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What a client did against a rule. `wasted`: the charged calls that it lost by it."""

    says: str
    calls: tuple[SeenCall, ...] = ()
    wasted: tuple[SeenCall, ...] = ()
    is_note: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: what a client has to do, and what to do if it does not."""

    id: str
    says: str
    advice: str
    judge: Callable[[Evidence], Breach | None]


def one_task(evidence: Evidence) -> Breach | None:
    """One intent is made into one task, free ones included."""
    extra: list[SeenCall] = []
    intents = [each for each in evidence.intents() if len(each.task_ids) > evidence.copies]
    for intent in intents:
        made = [each for each in intent.submits if each.call.task_id]
        extra += made[evidence.copies :]
    if not extra:
        return None
    worst = max(intents, key=lambda each: len(each.task_ids))
    return Breach(
        says=f"It wanted {_shown(worst)} once, and made {len(worst.task_ids)} tasks of it.",
        calls=worst.submits,
        wasted=tuple(each for each in extra if each.call.charged),
    )


def looks_first(evidence: Evidence) -> Breach | None:
    """After an open outcome the client reads the list before it submits again."""
    for intent in evidence.intents():
        for before, again in pairwise(intent.submits):
            if not before.leaves_open or _has_looked(evidence, before, again):
                continue
            return Breach(
                says=f"It submitted {_shown(intent)} again without looking whether the first "
                f"submit had made a task ({_outcome(before)}).",
                calls=(before, again),
            )
    return None


def _has_looked(evidence: Evidence, before: SeenCall, again: SeenCall) -> bool:
    """Whether the pages that were read would have shown the task, or there was none to show."""
    if not is_known(before, again):
        return False  # it did not even wait for the outcome
    pages: set[int] = set()
    for listed in evidence.listed_between(before, again):
        page, numbers = listed.page, listed.page_numbers
        if page is None or numbers is None:
            continue
        if before.call.task_id in page.ids:
            return True
        pages.add(numbers[0])
        if before.call.task_id is None and pages.issuperset(range(1, max(1, numbers[1]) + 1)):
            return True
    return False


def stops(evidence: Evidence) -> Breach | None:
    """The client stops at a final refusal, and repeats no refused submit."""
    calls = sorted(evidence.api_calls, key=lambda each: each.began_at)
    final = next((each for each in calls if each.code in NO_RETRY_HELPS), None)
    if final is not None:
        later = [each for each in calls if is_known(final, each) and each is not final]
        allowed = _most_open([each for each in calls if each.began_at <= final.known_at])
        if len(later) > allowed:
            return Breach(
                says=f"After {final.call.answer}, which no retry changes, it made "
                f"{counted(len(later), 'more call')}.",
                calls=(final, *later),
            )
    for intent in evidence.intents():
        for before, again in pairwise(intent.submits):
            if _is_refusal(before) and is_known(before, again) and _same(before, again):
                return Breach(
                    says=f"The service refused {_shown(intent)}, and it sent the same again.",
                    calls=(before, again),
                )
    return None


def backs_off(evidence: Evidence) -> Breach | None:
    """The client waits before it repeats a call that was throttled or failed."""
    for calls in _repeats(evidence):
        tries = 0
        for before, again in pairwise(calls):
            tries = tries + 1 if _asks_to_wait(before) else 0
            pause = again.began_at - before.known_at
            if _asks_to_wait(before) and is_known(before, again) and pause < LEAST_PAUSE_MS:
                return Breach(
                    says=f"It repeated {before.operation} {max(0, pause)} ms after it heard "
                    f"{before.call.answer}; {LEAST_PAUSE_MS} ms are the least.",
                    calls=(before, again),
                )
            if tries >= MOST_TRIES:
                return Breach(
                    says=f"It tried {before.operation} more than {MOST_TRIES} times in a row, "
                    f"each time after {before.call.answer}.",
                    calls=tuple(calls[-MOST_EVIDENCE:]),
                )
    return None


def polls_in_bounds(evidence: Evidence) -> Breach | None:
    """The client polls with pauses, one query at a time, and stops when the task has ended."""
    for task_id, queries in evidence.queries.items():
        if task_id not in evidence.tasks:
            continue
        if breach := _too_many(task_id, queries) or _after_the_end(evidence, task_id, queries):
            return breach
    return None


def _too_many(task_id: str, queries: list[SeenCall]) -> Breach | None:
    shown = tuple(queries[-MOST_EVIDENCE:])
    if len(queries) > MOST_QUERIES:
        says = f"It queried task {task_id} {len(queries)} times; {MOST_QUERIES} are the most."
        return Breach(says=says, calls=shown, wasted=_charged(queries[MOST_QUERIES:]))
    gaps = [later.began_at - before.began_at for before, later in pairwise(queries)]
    short = sum(gap < SHORT_GAP_MS - ROUNDING_MS for gap in gaps)
    if short > MOST_SHORT_GAPS:
        says = f"{short} of its queries of task {task_id} came under {SHORT_GAP_MS} ms apart."
        return Breach(says=says, calls=shown)
    overlaps = sum(
        before.known_at > later.began_at + ROUNDING_MS for before, later in pairwise(queries)
    )
    if overlaps > MOST_OVERLAPS:
        says = f"It began {overlaps} queries of task {task_id} while another was still open."
        return Breach(says=says, calls=shown)
    return None


def _after_the_end(evidence: Evidence, task_id: str, queries: list[SeenCall]) -> Breach | None:
    end = next((each for each in queries if each.tells_the_end), None)
    later = [each for each in queries if end is not None and is_known(end, each) and each != end]
    if end is not None and len(later) > 1:
        says = f"It queried task {task_id} {len(later)} times after it had heard that it ended."
        return Breach(says=says, calls=(end, *later), wasted=_charged(later))
    for number, fetches in evidence.fetched_whole(task_id).items():
        first = fetches[0]
        if again := [each for each in fetches[1:] if is_known(first, each)]:
            says = f"It fetched picture {number} of task {task_id} again, which it had whole."
            return Breach(says=says, calls=(first, *again))
    return None


def ends(evidence: Evidence) -> Breach | None:
    """The client ends by itself, with all that it started."""
    ended = evidence.ended
    if ended.timed_out:
        return Breach(
            says="It still ran at the time limit, and was ended. If it needs longer, raise "
            "--time-limit.",
            calls=tuple(evidence.calls[-MOST_EVIDENCE:]),
        )
    if ended.left:
        what = "; ".join(ended.left[:3])
        return Breach(says=f"It ended, but left {counted(len(ended.left), 'process')}: {what}")
    if ended.status is None:
        return Breach(says="It ended the process that had started it, so nobody saw its exit code.")
    return None


def tells_the_truth(evidence: Evidence) -> Breach | None:
    """Exit code 0 means that everything is there, and only that."""
    if evidence.ended.status is None:
        return None
    missing = [intent for intent in _wanted(evidence) if not _is_complete(evidence, intent)]
    says = None
    if evidence.ended.status == 0 and missing:
        says = f"It ended with exit code 0, but {_shown(missing[0])} has no whole result."
    elif evidence.ended.status != 0 and not missing and evidence.intents():
        says = f"It ended with exit code {evidence.ended.status}, although every result is there."
    if says is None:
        return _printed_lie(evidence)
    return Breach(says=says, calls=tuple(evidence.calls[-MOST_EVIDENCE:]))


def well_formed(evidence: Evidence) -> Breach | None:
    """No request has an error."""
    bad = {each["call"]: each for each in evidence.findings if _is_own_error(each)}
    if not bad:
        return None
    first = next(iter(bad.values()))
    calls = tuple(each for each in evidence.calls if each.id in bad)
    return Breach(says=f"A request has the error {first['id']}: {first['says']}", calls=calls)


# Between calls: other rules judge these, and say more.
BETWEEN = frozenset({"submit-twice", "submit-after-failure", "refusal-repeated", "retry-at-once",
                     "calls-after-final-refusal", "polling-without-bound"})  # fmt: skip


def _is_own_error(finding: Mapping[str, Any]) -> bool:
    return finding["severity"] == "error" and finding["id"] not in BETWEEN


def receives(evidence: Evidence) -> Breach | None:
    """The receiver of callbacks answers genuine ones with 2xx, and soon."""
    for callback in evidence.callbacks:
        if callback["fault"] is not None or callback["task_id"] not in evidence.tasks:
            continue
        for attempt in callback["attempts"]:
            if attempt["request"] is None:
                continue  # nobody listened: perhaps it had ended
            status, lasted = attempt["status"], attempt["duration_ms"]
            if status is not None and not 200 <= status < 300:
                says = f"It answered the callback of task {callback['task_id']} with {status}."
                return Breach(says=says)
            if status is not None and lasted > RECEIVER_S * 1000:
                says = f"It took {lasted} ms to answer the callback of task {callback['task_id']}."
                return Breach(says=says)
    return None


def can_succeed(evidence: Evidence) -> Breach | None:
    """In this drill a good client succeeds."""
    if not evidence.drill.must_succeed or evidence.ended.status == 0:
        return None
    status = evidence.ended.status
    if status is None:
        return None  # the rule `ends` says why
    return Breach(
        says=f"It ended with exit code {status}, although success was possible.",
        calls=tuple(evidence.calls[-MOST_EVIDENCE:]),
    )


RULES: tuple[Rule, ...] = (
    Rule(id="one-intent-one-task", judge=one_task,
         says="One intent is made into one task.",
         advice="Keep what became of each submit, and never submit again while that is open."),
    Rule(id="looks-before-it-repeats", judge=looks_first,
         says="After a failure that leaves open whether the task was made, the client reads the "
         "task list before it submits again.",
         advice="Compare the pages of taskList with the ids that you know, and query each id that "
         "is new; submit again only if none of them is the task."),
    Rule(id="stops-at-a-final-refusal", judge=stops,
         says="The client stops at a refusal that no retry changes.",
         advice="Treat quota, expiry, arrears, credentials and signature errors as final: stop "
         "every worker and alert an operator. Never repeat a refused submit unchanged."),
    Rule(id="backs-off", judge=backs_off,
         says="The client waits before it repeats a call that was throttled or failed.",
         advice="Wait a second or more, longer after each failure, and give up after a few tries."),
    Rule(id="polls-within-bounds", judge=polls_in_bounds,
         says="The client polls with pauses, one query at a time, and stops at the end.",
         advice="Query every few seconds, never twice at once, and give up after some minutes."),
    Rule(id="ends", judge=ends,
         says="The client ends by itself, with everything that it started.",
         advice="Give every wait a deadline, and wait for the processes that you start."),
    Rule(id="tells-the-truth", judge=tells_the_truth,
         says="Exit code 0 means that every result is there, and only that.",
         advice="End with 0 only if each text has a succeeded task, and all its pictures are here."),
    Rule(id="well-formed", judge=well_formed,
         says="No request has an error.",
         advice="`artqr-mock explain CALL` shows what was sent and what to send instead."),
    Rule(id="receiver", judge=receives,
         says="The receiver answers genuine callbacks with 2xx within 5 s.",
         advice="Store the callback, answer 200 at once, and do the work afterwards."),
    Rule(id="success-is-possible", judge=can_succeed,
         says="In this drill a good client succeeds.",
         advice="See what the last calls were answered: this incident can be overcome."),
)  # fmt: skip


def _wanted(evidence: Evidence) -> list[Intent]:
    """Return the intents that were tried, and those given that were not, if one of them was."""
    tried = evidence.intents()
    given = set(evidence.drill.texts)
    texts = {each.what for each in tried if each.is_text}
    if not given & texts:
        return tried
    untried = [
        Intent(what=text, how="", is_text=True, submits=())
        for text in evidence.drill.texts
        if text not in texts
    ]
    return [*tried, *untried]


def _is_complete(evidence: Evidence, intent: Intent) -> bool:
    return any(_has_whole_result(evidence, task_id) for task_id in intent.task_ids)


def _has_whole_result(evidence: Evidence, task_id: str) -> bool:
    task = evidence.tasks.get(task_id)
    if task is None or task["status"] != "succeeded" or not task["pictures"]:
        return False
    fetched = evidence.fetched_whole(task_id)
    return all(number in fetched for number in range(1, len(task["pictures"]) + 1))


def _printed_lie(evidence: Evidence) -> Breach | None:
    """Compare what the client printed of its results with the truth."""
    for line in evidence.printed:
        task_id = line.get("task_id")
        if not isinstance(task_id, str) or line.get("status") != "succeeded":
            continue
        task = evidence.tasks.get(task_id)
        text = line.get("text")
        if task is None or task["status"] != "succeeded" or (text and task["text"] != text):
            return Breach(says=f"It printed that task {task_id} succeeded for {text!r:.60}: it "
                          "did not.")  # fmt: skip
        for name in _names(line):
            if evidence.files.get(name) not in evidence.pictures.get(task_id, ()):
                return Breach(says=f"It printed that {name!r:.60} is a picture of task {task_id}: "
                              "its bytes are not.")  # fmt: skip
    return None


def _names(line: Mapping[str, Any]) -> list[str]:
    files = line.get("files")
    return [name for name in files if isinstance(name, str)] if isinstance(files, list) else []


def _repeats(evidence: Evidence) -> Iterator[list[SeenCall]]:
    """Yield the calls that ask for the same: of an intent, of a task, of a page."""
    groups: dict[tuple[str, str], list[SeenCall]] = {}
    for each in evidence.api_calls:
        groups.setdefault((each.operation, str(sorted(each.call.fields.items()))), []).append(each)
    yield from groups.values()


def _asks_to_wait(call: SeenCall) -> bool:
    if call.status == 403:
        return call.code.startswith("Throttled by")
    return call.status == 429 or call.status >= 500


def _is_refusal(call: SeenCall) -> bool:
    """Whether the service refused a submit for a reason that stays."""
    if not call.answered or call.call.task_id:
        return False
    return call.status == 450 or (call.status == 200 and bool(call.call.result))


def _same(one: SeenCall, other: SeenCall) -> bool:
    return one.call.fields == other.call.fields


def _most_open(calls: Sequence[SeenCall]) -> int:
    """Return how many calls were open at once, at most."""
    return max(
        (
            sum(one.began_at <= each.began_at < one.known_at or one is each for one in calls)
            for each in calls
        ),
        default=0,
    )


def _charged(calls: Sequence[SeenCall]) -> tuple[SeenCall, ...]:
    return tuple(each for each in calls if each.call.charged)


def _outcome(call: SeenCall) -> str:
    return call.call.answer if call.heard else f"{call.call.answer}: it heard nothing"


def _shown(intent: Intent) -> str:
    return f"{intent.what[:60]!r}"
