"""The rules on a client's calls: submits, lists, queries, and the pauses between them.

Rule 1: a rule returns what the client did, with the calls that show it, or None. It never guesses:
what cannot be seen in the journal breaks no rule.
Rule 2: a false alarm on a correct client is worse than a miss.
Rule 3: pauses are real time, for the same request or task: three workers side by side are no hurry.
Rule 4: a client that is started again may repeat what its last run had done.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mock_server.audit.duplicates import duplicates
from mock_server.audit.history import Intent, after_the_end
from mock_server.audit.seen_call import ROUNDING_MS, SeenCall
from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import FINAL
from mock_server.formatting import counted
from mock_server.rehearsal.breach import Breach, charged, latest, name_of, together
from mock_server.rehearsal.evidence import Evidence

# Signed wrongly, a call is refused however often it is sent.
NO_RETRY_HELPS = FINAL | {"A403IS"}
# An older instance has no code: its message goes on with what was wrong.
NO_RETRY_MESSAGES = ("Invalid Signature", "Invalid AppCode", "Invalid AppKey")
BAD_REQUEST = "I4"  # how the codes of a request begin that the gateway cannot carry out
NOT_THE_SERVICE = frozenset({"platform_error", "maintenance"})  # the kinds of fault
MOST_TRIES = 10
LEAST_PAUSE_MS = 250
MOST_QUERIES = 60
SHORT_GAP_MS = 200
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
            before = _not_looked_for(evidence, intent, number)
            if before is None:
                continue
            heard = before.call.answer if before.heard else f"{before.call.answer}: no answer"
            return Breach(
                says=f"It submitted {name_of(intent)} again ({heard} before), and had not read the "
                "task list as far as it had to.",
                calls=(before, again),
            )
    return None


def _not_looked_for(evidence: Evidence, intent: Intent, number: int) -> SeenCall | None:
    """Return a submit that forbids the one of that number: nobody knows whether it made a task, and
    the client did not look. With several copies, others may be wanted all the same.
    """
    again, earlier = intent.submits[number], intent.submits[:number]
    unknown = [
        each for each in earlier if each.leaves_open and not evidence.has_looked(each, again)
    ]
    made = [each for each in earlier if each.call.task_id and each not in unknown]
    is_one_more = len(unknown) + len(made) < evidence.copies
    return None if is_one_more or not unknown else unknown[-1]


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
    refusals = [each for each in calls if _is_final(each)]
    if not refusals:
        return None
    final = min(refusals, key=lambda each: each.known_at)
    later = [each for each in calls if each.began_at >= final.open_until and each is not final]
    allowed = most_open([each for each in calls if each.began_at < final.open_until])
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
        refused = [
            each
            for each in submits[:number]
            if _is_refused_for_good(each)
            and each.known_at <= again.began_at
            and each.call.fields == again.call.fields
        ]
        if len(refused) >= copies:
            return Breach(
                says=f"{name_of(intent)} was refused ({refused[-1].call.answer}), and it sent the "
                "same submit again.",
                calls=(refused[-1], again),
                wasted=charged([again]) if again.call.task_id is None else (),
            )
    return None


def _is_final(call: SeenCall) -> bool:
    """Whether the client heard a refusal that ends everything."""
    if not call.answered or call.status < 400:
        return False
    return call.code in NO_RETRY_HELPS or call.code.startswith(NO_RETRY_MESSAGES)


def _is_refused_for_good(call: SeenCall) -> bool:
    """Whether the client heard that a submit is refused for a reason that stays."""
    if not call.answered or call.call.task_id is not None:
        return False
    if call.status == 200:
        is_other = any(each["kind"] in NOT_THE_SERVICE for each in call.call.raw["faults"])
        return not is_other and str(call.call.result.get("ret_code", 0)) != "0"
    return call.status == 450 or _is_final(call) or call.code.startswith(BAD_REQUEST)


def backs_off(evidence: Evidence) -> Breach | None:
    """The client waits before it repeats a call that was throttled or failed."""
    for calls in _same_requests(evidence):
        workers = _workers(evidence, calls)
        if breach := _hurries(calls, workers) or _tries_on(calls, workers):
            return breach
    return None


def _hurries(calls: Sequence[SeenCall], workers: int) -> Breach | None:
    for number, before in enumerate(calls):
        if not _asks_to_wait(before):
            continue
        hasty = [
            each
            for each in calls[number + 1 :]
            if 0 <= each.began_at - before.known_at < LEAST_PAUSE_MS
        ]
        if len(hasty) >= workers:
            pause = hasty[0].began_at - before.known_at
            return Breach(
                says=f"It repeated {before.operation} {pause} ms after it heard "
                f"{before.call.answer}; {LEAST_PAUSE_MS} ms are the least.",
                calls=(before, *hasty[:workers]),
            )
    return None


def _tries_on(calls: Sequence[SeenCall], workers: int) -> Breach | None:
    tries = 0
    for before, again in pairwise(calls):
        tries = tries + 1 if _asks_to_wait(before) else 0
        if tries >= MOST_TRIES * workers and before.known_at <= again.began_at:
            return Breach(
                says=f"It tried {before.operation} more than {MOST_TRIES} times in a row, the last "
                f"time after {before.call.answer}.",
                calls=latest(calls),
            )
    return None


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
    hasty = [
        later
        for before, later in pairwise(queries)
        if later.began_at - before.began_at < SHORT_GAP_MS - ROUNDING_MS
    ]
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


def _same_requests(evidence: Evidence) -> Iterator[list[SeenCall]]:
    """Yield the calls of each run that ask for the same: an intent, a task, a page."""
    for run in evidence.runs_of(evidence.api_calls):
        groups: dict[tuple[str, str], list[SeenCall]] = {}
        for each in run:
            asked = str(sorted(each.call.fields.items()))
            groups.setdefault((each.operation, asked), []).append(each)
        yield from groups.values()


def _workers(evidence: Evidence, calls: Sequence[SeenCall]) -> int:
    """Return how many of the client's workers may have sent the same request independently.

    A page of the list is for every worker the same; a query belongs to its task, and a submit to
    its intent.
    """
    if calls[0].operation == Operation.LIST_TASKS:
        return most_open(evidence.api_calls)
    if calls[0].operation == Operation.SUBMIT_TASK:
        return evidence.copies
    return 1


def _asks_to_wait(call: SeenCall) -> bool:
    if call.status == 403:
        return call.code.startswith("Throttled by")
    return call.status == 429 or call.status >= 500


def most_open(calls: Sequence[SeenCall]) -> int:
    """Return how many calls were, or may have been, open at once, at most."""
    return max(
        (sum(one.began_at <= each.began_at < one.open_until for one in calls) for each in calls),
        default=0,
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
