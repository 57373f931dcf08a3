"""What an answer asks of its client, and whether the client did it.

Rule 1: a false alarm on a correct client is worse than a miss: what cannot be seen in the journal
is nobody's fault.
Rule 2: pauses are real time, for the same request or task: three workers side by side are no hurry.
Rule 3: the rehearsal's rules and the table of reactions ask the same functions, so they never
differ.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mock_server.audit.history import History, Intent
from mock_server.audit.seen_call import ROUNDING_MS, SeenCall
from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import FINAL

# Signed wrongly, a call is refused however often it is sent.
NO_RETRY_HELPS = FINAL | {"A403IS"}
# An older instance has no code: its message goes on with what was wrong.
NO_RETRY_MESSAGES = ("Invalid Signature", "Invalid AppCode", "Invalid AppKey")
BAD_REQUEST = "I4"  # how the codes of a request begin that the gateway cannot carry out
NOT_THE_SERVICE = frozenset({"platform_error", "maintenance"})  # the kinds of fault
MOST_TRIES = 10
LEAST_PAUSE_MS = 250
SHORT_GAP_MS = 200
MOST_QUERIES = 60  # of a task
# A client may have so many workers without ever having two calls open: one for each usual text.
MANY_WORKERS = 3


def asks_to_wait(call: SeenCall) -> bool:
    """Whether the client heard that it has to wait before it repeats a call."""
    if call.status == 403:
        return call.code.startswith("Throttled by")
    return call.status == 429 or call.status >= 500


def is_final(call: SeenCall) -> bool:
    """Whether the client heard a refusal that ends everything."""
    if not call.answered or call.status < 400:
        return False
    return call.code in NO_RETRY_HELPS or call.code.startswith(NO_RETRY_MESSAGES)


def is_refused_for_good(call: SeenCall) -> bool:
    """Whether the client heard that a submit is refused for a reason that stays."""
    if not call.answered or call.call.task_id is not None:
        return False
    if call.status == 200:
        is_refused = str(call.call.result.get("ret_code", 0)) != "0"
        return is_refused and not is_of_the_platform(call)
    return call.status == 450 or is_final(call) or call.code.startswith(BAD_REQUEST)


def is_of_the_platform(call: SeenCall) -> bool:
    """Whether the platform below the service failed on a call."""
    return any(each["kind"] in NOT_THE_SERVICE for each in call.call.raw["faults"])


def went_on(calls: Sequence[SeenCall], final: SeenCall) -> tuple[list[SeenCall], int]:
    """Return the calls of a run that the client made after it heard a final refusal, and how many
    it may make: as many as it had open at once before.
    """
    later = [each for each in calls if each.began_at >= final.open_until and each is not final]
    return later, most_open([each for each in calls if each.began_at < final.open_until])


def refusals_before(submits: Sequence[SeenCall], number: int) -> list[SeenCall]:
    """Return the refusals that forbid the submit of that number: it is one of them again."""
    again = submits[number]
    return [
        each
        for each in submits[:number]
        if is_refused_for_good(each)
        and each.known_at <= again.began_at
        and each.call.fields == again.call.fields
    ]


def hasty_repeats(history: History, calls: Sequence[SeenCall], before: SeenCall) -> list[SeenCall]:
    """Return the same requests that came too soon after the client heard one's answer; empty if
    each of them may have been the first of another worker.
    """
    later = calls[calls.index(before) + 1 :]
    if before.operation == Operation.LIST_TASKS:
        found = _hasty_chain(before, later)
    else:
        found = [each for each in later if _is_hasty(before, each)]
    workers = workers_of(history, calls)
    return found if len(found) >= workers else []


def _hasty_chain(before: SeenCall, later: Sequence[SeenCall]) -> list[SeenCall]:
    """Return the calls that followed one another too soon. Workers that start one after the other
    make a chain, too, but none that is longer than they are many.
    """
    chain: list[SeenCall] = []
    for each in later:
        if not asks_to_wait(before) or not _is_hasty(before, each):
            break
        chain.append(each)
        before = each
    return chain


def _is_hasty(before: SeenCall, again: SeenCall) -> bool:
    return 0 <= again.began_at - before.known_at < LEAST_PAUSE_MS


def one_try_too_many(calls: Sequence[SeenCall], workers: int) -> SeenCall | None:
    """Return the failed call after which the same request was sent once more than it may be."""
    tries = 0
    for before, again in pairwise(calls):
        tries = tries + 1 if asks_to_wait(before) else 0
        if tries >= MOST_TRIES * workers and before.known_at <= again.began_at:
            return before
    return None


def same_requests(history: History) -> Iterator[list[SeenCall]]:
    """Yield the calls of each run that ask for the same: an intent, a task, a page."""
    for run in history.runs_of(history.api_calls):
        groups: dict[tuple[str, str], list[SeenCall]] = {}
        for each in run:
            asked = str(sorted(each.call.fields.items()))
            groups.setdefault((each.operation, asked), []).append(each)
        yield from groups.values()


def workers_of(history: History, calls: Sequence[SeenCall]) -> int:
    """Return how many of the client's workers may have sent the same request independently.

    A page of the list is for every worker the same, so nobody sees how many they are; a query
    belongs to its task, and a submit to its intent.
    """
    if calls[0].operation == Operation.LIST_TASKS:
        calls = history.api_calls
        at_once = _most_at_once(calls, [each.known_at for each in calls])
        return max(len(history.intents()) or MANY_WORKERS, at_once)
    if calls[0].operation == Operation.SUBMIT_TASK:
        return history.copies
    return 1


def not_looked_for(history: History, intent: Intent, number: int) -> SeenCall | None:
    """Return a submit that forbids the one of that number: nobody knows whether it made a task, and
    the client did not look. With several copies, others may be wanted all the same.
    """
    again, earlier = intent.submits[number], intent.submits[:number]
    unknown = [each for each in earlier if each.leaves_open and not history.has_looked(each, again)]
    made = [each for each in earlier if each.call.task_id and each not in unknown]
    is_one_more = len(unknown) + len(made) < history.copies
    return None if is_one_more or not unknown else unknown[-1]


def short_gaps(queries: Sequence[SeenCall]) -> list[SeenCall]:
    """Return the queries of a task that began too soon after the last one began."""
    return [
        later
        for before, later in pairwise(queries)
        if later.began_at - before.began_at + jumped_ms(before, later) < SHORT_GAP_MS - ROUNDING_MS
    ]


def after_the_end(queries: Sequence[SeenCall]) -> tuple[SeenCall | None, list[SeenCall]]:
    """Return the query that told the client first that its task has ended, and the queries that it
    began afterwards."""
    ends = [each for each in queries if each.tells_the_end]
    if not ends:
        return None, []
    end = min(ends, key=lambda each: each.known_at)
    return end, [each for each in queries if each.began_at >= end.known_at and each.id > end.id]


def jumped_ms(before: SeenCall, later: SeenCall) -> int:
    """Return how far the account's clock jumped between two calls: no client waited for that."""
    jumped: int = later.call.raw.get("jumped_ms", 0) - before.call.raw.get("jumped_ms", 0)
    return max(0, jumped)


def most_open(calls: Sequence[SeenCall]) -> int:
    """Return how many calls were, or may have been, open at once, at most."""
    return _most_at_once(calls, [each.open_until for each in calls])


def _most_at_once(calls: Sequence[SeenCall], ends: list[int]) -> int:
    begins = sorted(each.began_at for each in calls)
    ends = sorted(ends)
    return max((bisect_right(begins, at) - bisect_right(ends, at) for at in begins), default=0)
