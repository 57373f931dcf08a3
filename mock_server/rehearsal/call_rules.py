"""The rules on a client's calls: submits, lists, queries, and the pauses between them.

Rule 1: a rule returns what the client did, with the calls that show it, or None. It never guesses:
what cannot be seen in the journal breaks no rule.
Rule 2: a false alarm on a correct client is worse than a miss.
Rule 3: pauses are real time, for the same request or task: three workers side by side are no hurry.
Rule 4: a client that is started again may repeat what its last run had done.
"""

from collections.abc import Sequence

from mock_server.audit.duplicates import duplicates
from mock_server.audit.history import Intent
from mock_server.audit.obligations import (
    LEAST_PAUSE_MS,
    MOST_QUERIES,
    MOST_TRIES,
    SHORT_GAP_MS,
    after_the_end,
    asks_to_wait,
    hasty_repeats,
    is_final,
    not_looked_for,
    one_try_too_many,
    refusals_before,
    same_requests,
    short_gaps,
    went_on,
    workers_of,
)
from mock_server.audit.seen_call import ROUNDING_MS, SeenCall
from mock_server.formatting import counted
from mock_server.rehearsal.breach import Breach, charged, latest, name_of, together
from mock_server.rehearsal.evidence import Evidence

MOST_SHORT_GAPS = 5
MOST_OVERLAPS = 2


def one_task(evidence: Evidence) -> Breach | None:
    """One intent is made into one task, free ones included."""
    copies = evidence.copies
    intents = [each for each in evidence.intents() if len(each.task_ids) > copies]
    if not intents:
        return None
    worst = max(intents, key=lambda each: len(each.task_ids))
    wish = "once" if copies == 1 else f"{copies} times"
    return Breach(
        says=f"It wanted {name_of(worst)} {wish}, and made {len(worst.task_ids)} tasks of it.",
        calls=latest(worst.submits),
        wasted=tuple(duplicates(evidence, intents)),
    )


def looks_first(evidence: Evidence) -> Breach | None:
    """After an open outcome the client reads the list before it submits again."""
    for intent in evidence.intents():
        for number, again in enumerate(intent.submits):
            before = not_looked_for(evidence, intent, number)
            if before is None:
                continue
            heard = before.call.answer if before.heard else f"{before.call.answer}: no answer"
            return Breach(
                says=f"It submitted {name_of(intent)} again ({heard} before), and had not read the "
                "task list as far as it had to.",
                calls=(before, again),
            )
    return None


def stops(evidence: Evidence) -> Breach | None:
    """The client stops at a final refusal, and repeats no refused submit."""
    for calls in evidence.runs_of(evidence.api_calls):
        if breach := _goes_on(calls):
            return breach
    return together(
        _repeats_a_refusal(intent, submits, evidence.copies)
        for intent in evidence.intents()
        for submits in evidence.runs_of(intent.submits)
    )


def _goes_on(calls: Sequence[SeenCall]) -> Breach | None:
    refusals = [each for each in calls if is_final(each)]
    if not refusals:
        return None
    final = min(refusals, key=lambda each: each.known_at)
    later, allowed = went_on(calls, final)
    if len(later) <= allowed:
        return None
    return Breach(
        says=f"After {final.call.answer}, which no retry changes, it made "
        f"{counted(len(later), 'more call')}; it had {allowed} open at once before.",
        calls=(final, *latest(later)),
        wasted=charged(later),
    )


def _repeats_a_refusal(intent: Intent, submits: Sequence[SeenCall], copies: int) -> Breach | None:
    for number, again in enumerate(submits):
        refused = refusals_before(submits, number)
        if len(refused) >= copies:
            return Breach(
                says=f"{name_of(intent)} was refused ({refused[-1].call.answer}), and it sent the "
                "same submit again.",
                calls=(refused[-1], again),
                wasted=charged([again]) if again.call.task_id is None else (),
            )
    return None


def backs_off(evidence: Evidence) -> Breach | None:
    """The client waits before it repeats a call that was throttled or failed."""
    for calls in same_requests(evidence):
        workers = workers_of(evidence, calls)
        if breach := _hurries(evidence, calls) or _tries_on(calls, workers):
            return breach
    return None


def _hurries(evidence: Evidence, calls: Sequence[SeenCall]) -> Breach | None:
    for before in filter(asks_to_wait, calls):
        if hasty := hasty_repeats(evidence, calls, before):
            pause = hasty[0].began_at - before.known_at
            return Breach(
                says=f"It repeated {before.operation} {pause} ms after it heard "
                f"{before.call.answer}; {LEAST_PAUSE_MS} ms are the least.",
                calls=(before, *latest(hasty)),
            )
    return None


def _tries_on(calls: Sequence[SeenCall], workers: int) -> Breach | None:
    last = one_try_too_many(calls, workers)
    if last is None:
        return None
    return Breach(
        says=f"It tried {last.operation} more than {MOST_TRIES} times in a row, the last time "
        f"after {last.call.answer}.",
        calls=latest(calls),
    )


def polls_in_bounds(evidence: Evidence) -> Breach | None:
    """The client polls with pauses, one query at a time, and stops when the task has ended."""
    found: list[Breach | None] = []
    for task_id, queries in evidence.queries.items():
        if not task_id:
            continue  # it names no task, which another rule judges
        found.append(_too_many(task_id, queries))
        found += [_after_the_end(task_id, run) for run in evidence.runs_of(queries)]
    return together([*found, _fetched_again(evidence)])


def _too_many(task_id: str, queries: Sequence[SeenCall]) -> Breach | None:
    shown = latest(queries)
    if len(queries) > MOST_QUERIES:
        says = f"It queried task {task_id} {len(queries)} times; {MOST_QUERIES} are the most."
        return Breach(says=says, calls=shown, wasted=charged(queries[MOST_QUERIES:]))
    hasty = short_gaps(queries)
    if len(hasty) > MOST_SHORT_GAPS:
        says = f"{len(hasty)} queries of task {task_id} came within {SHORT_GAP_MS} ms of the last."
        return Breach(says=says, calls=shown, wasted=charged(hasty[MOST_SHORT_GAPS:]))
    doubled = [
        later
        for number, later in enumerate(queries)
        if any(each.known_at > later.began_at + ROUNDING_MS for each in queries[:number])
    ]
    if len(doubled) > MOST_OVERLAPS:
        says = f"{len(doubled)} queries of task {task_id} began while another was still open."
        return Breach(says=says, calls=shown, wasted=charged(doubled[MOST_OVERLAPS:]))
    return None


def _after_the_end(task_id: str, queries: Sequence[SeenCall]) -> Breach | None:
    end, later = after_the_end(queries)
    if end is None or not later:
        return None
    says = f"It queried task {task_id} {_times(len(later))} after it had heard that it ended."
    return Breach(
        says=says, calls=(end, *latest(later)), wasted=charged(later), is_note=len(later) == 1
    )


def _fetched_again(evidence: Evidence) -> Breach | None:
    for task_id in evidence.tasks:
        for number, fetches in evidence.fetched_whole(task_id).items():
            for run in evidence.runs_of(fetches):
                first = run[0]
                if again := [each for each in run[1:] if each.began_at >= first.open_until]:
                    says = f"It fetched picture {number} of task {task_id} again: it had it whole."
                    return Breach(says=says, calls=(first, *latest(again)))
    return None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
