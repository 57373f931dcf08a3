"""What is off between calls: repeated submits, retries without a pause, polls for nothing.

Rule 1: a pause is real time plus what the account's clock was jumped over; its rate adds nothing.
Rule 2: a call is judged by what its client could know when it began it: an answer that was still
outstanding then says nothing, whenever one asks.
Rule 3: the same submit is another wish once its client has seen the end of the first one's task.
Rule 4: computed when somebody asks; a call knows nothing of those after it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mock_server.domain.call.calls import Operation
from mock_server.domain.call.redaction import HIDDEN
from mock_server.domain.durations import DAY_MS
from mock_server.domain.findings.call_events import CallEvent, ListPage
from mock_server.domain.findings.finding import Finding

SHORT_PAUSE_MS = 1000
# Pictures live for a day: after that, the same submit is another wish even of a client that never
# looked at the first one's task.
SAME_WISH_MS = DAY_MS
# Refusals that no retry changes: the next call gets the same.
FINAL = frozenset(
    {"A400AC", "A400IK", "A401AC", "A403EP", "B403MQ", "B403ME", "B403MI", "B403MO", "I403AA",
     "Api Market Subscription quota exhausted", "Expiry of Authorization", "Quota Exhausted",
     "Quota Expired", "Unauthorized", "User Arrears"}
)  # fmt: skip
NOT_RECORDED = (
    "The client already sent the same submit, and its response was not recorded: if the service "
    "accepted it, this is a second task, and it costs another credit."
)
OUTSTANDING = (
    "The client repeated a submit before it had the response to the first one: if the first is "
    "executed, this is a second task, and it costs another credit."
)
NOT_ON_THE_PAGE = (
    "The client repeated a submit after a failure that does not show whether the first submit was "
    "executed. It looked into the task list (call {id}), but could not see the task on that page."
)
LISTED = (
    "The response to the first submit was lost, but the task list of call {id} shows its task: "
    "this is a second one, and it costs another credit."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a client learned other than by its calls: the instant, on the account's clock, at which
    a callback told it of the end of a task."""

    ends: Mapping[str, int] = field(default_factory=dict)


Found = Iterator[tuple[int, Finding]]
SequenceRule = Callable[[Sequence[CallEvent]], Found]


@dataclass(slots=True, kw_only=True)
class _Submits:
    """What was seen so far, for judging the next submit."""

    told: Told
    same_wish_ms: int
    last: dict[str, CallEvent] = field(default_factory=dict)
    made: list[CallEvent] = field(default_factory=list)
    ends: dict[str, CallEvent] = field(default_factory=dict)
    lists: list[CallEvent] = field(default_factory=list)

    def add(self, event: CallEvent) -> None:
        """Take in a call that was judged."""
        if event.operation is Operation.SUBMIT_TASK:
            self.last[event.wish] = event
            self.made.append(event)
        elif event.operation is Operation.LIST_TASKS and event.status == 200:
            self.lists.append(event)
            for task_id in event.page.ended if event.page else ():
                self.ends.setdefault(task_id, event)
        elif event.ended and event.task_id is not None:
            self.ends.setdefault(event.task_id, event)

    def judge(self, event: CallEvent) -> Finding | None:
        """Return what is wrong with a submit."""
        before = self.last.get(event.wish)
        if before is None or self._is_another_wish(before, event):
            return None
        sent = f"the body of call {before.id} again"
        if not before.is_known_to(event):
            return Finding(id="submit-after-failure", sent=sent, says=OUTSTANDING)
        if _is_open(before):
            looked = any(self._lists_between(before, event))
            return None if looked else Finding(id="submit-twice", sent=sent, says=NOT_RECORDED)
        if before.status >= 500 or before.status == 0:
            return self._after_failure(before, event, sent)
        return self._after_answer(before, event, sent)

    def _after_answer(self, before: CallEvent, event: CallEvent, sent: str) -> Finding | None:
        """Judge a submit by the answer that its client had to the first one."""
        if before.status not in (200, 450):
            return None
        if before.task_id is not None:
            return Finding(id="submit-twice", sent=sent)
        # With status 200 it is a refusal all the same, if no task came of it.
        is_unchanged = before.body == event.body
        return Finding(id="refusal-repeated", sent=sent) if is_unchanged else None

    def _is_another_wish(self, before: CallEvent, event: CallEvent) -> bool:
        """Whether the client had the outcome of a submit when it began another."""
        if before.pause_until(event) >= self.same_wish_ms:
            return True
        if before.task_id is None:
            return False
        end = self.ends.get(before.task_id)
        told_at = self.told.ends.get(before.task_id)
        by_call = end is not None and end.is_known_to(event)
        return by_call or (told_at is not None and told_at <= event.at)

    def _lists_between(self, before: CallEvent, event: CallEvent) -> Iterator[CallEvent]:
        for each in self.lists:
            is_later = (each.real_at, each.id) > (before.real_at, before.id)
            if is_later and each.is_known_to(event):
                yield each

    def _after_failure(self, before: CallEvent, event: CallEvent, sent: str) -> Finding | None:
        """Judge a submit by whether its client has looked what became of the first one."""
        looked: CallEvent | None = None
        for looked in self._lists_between(before, event):
            page = looked.page
            if page is None:
                return None
            if before.task_id in page.ids:
                return Finding(id="submit-twice", sent=sent, says=LISTED.format(id=looked.id))
            if before.task_id is None and self._could_show(page, before):
                return None
        says = NOT_ON_THE_PAGE.format(id=looked.id) if looked else None
        return Finding(id="submit-after-failure", sent=sent, says=says)

    def _could_show(self, page: ListPage, before: CallEvent) -> bool:
        """Whether the task of a submit would be on a page, if there were one."""
        if page.is_whole:
            return True
        newer = {each.task_id for each in self.made if each.real_at > before.real_at}
        return page.has_newest and not newer.issuperset(page.ids)


def repeated_submits(
    events: Sequence[CallEvent], told: Told, same_wish_ms: int = SAME_WISH_MS
) -> Found:
    """submit-after-failure, submit-twice, refusal-repeated."""
    seen = _Submits(told=told, same_wish_ms=same_wish_ms)
    for event in events:
        if event.operation is Operation.SUBMIT_TASK:
            finding = seen.judge(event)
            if finding is not None:
                yield event.id, finding
        seen.add(event)


def _is_open(before: CallEvent) -> bool:
    """Whether nobody wrote down what became of a submit."""
    return not before.answer_read and before.status in (0, 200)


def fast_polls(events: Sequence[CallEvent]) -> Found:
    """poll-too-fast, poll-after-end."""
    last: dict[str, CallEvent] = {}
    ends: dict[str, CallEvent] = {}
    for event in events:
        task_id = event.task_id
        if event.operation is not Operation.QUERY_TASK or task_id is None:
            continue
        before, end = last.get(task_id), ends.get(task_id)
        if end is not None and end.is_known_to(event):
            yield event.id, Finding(id="poll-after-end", sent=f"call {end.id} showed the end")
        elif before is not None and (pause := before.pause_until(event)) < SHORT_PAUSE_MS:
            sent = f"{pause} ms after call {before.id}"
            yield event.id, Finding(id="poll-too-fast", sent=sent)
        last[task_id] = event
        # An end that was answered once stays answered.
        if event.ended and (end is None or event.known_at < end.known_at):
            ends[task_id] = event


def no_pause(events: Sequence[CallEvent]) -> Found:
    """retry-at-once: the same request again, begun after the refusal had been sent."""
    last: dict[tuple[Operation, str], CallEvent] = {}
    for event in events:
        request = (event.operation, event.wish)
        before = last.get(request)
        last[request] = event
        if before is None or not _asks_for_a_pause(before) or not before.is_known_to(event):
            continue
        if (pause := before.rest_until(event)) < SHORT_PAUSE_MS:
            sent = f"{pause} ms after the {before.status} of call {before.id}"
            yield event.id, Finding(id="retry-at-once", sent=sent)


def _asks_for_a_pause(event: CallEvent) -> bool:
    throttled = event.code is not None and event.code.startswith("Throttled by")
    return event.status == 429 or event.status >= 500 or throttled


def calls_after_final_refusal(events: Sequence[CallEvent]) -> Found:
    """went-on: after a refusal that no retry changes."""
    before: CallEvent | None = None
    for event in events:
        if before is not None and before.code in FINAL and event.code == before.code:
            if not before.is_known_to(event):
                continue  # it was on its way already; what follows is compared with the first
            yield event.id, Finding(id="went-on", sent=f"{before.code} was answered to {before.id}")
        before = event


def used_nonces(events: Sequence[CallEvent]) -> Found:
    """nonce-reused, enforced or not."""
    seen: dict[str, CallEvent] = {}
    for event in events:
        if not event.nonce or HIDDEN in event.nonce:
            continue
        before = seen.setdefault(event.nonce, event)
        if before is not event:
            sent = f"{event.nonce}, as in call {before.id}"
            yield event.id, Finding(id="nonce-reused", at="/header/x-ca-nonce", sent=sent)


# Every rule that judges the calls of one account together, in the order it is asked, but for the
# first, which knows of callbacks as well.
SEQUENCE_RULES: tuple[SequenceRule, ...] = (
    fast_polls,
    no_pause,
    calls_after_final_refusal,
    used_nonces,
)
NOTHING_TOLD = Told()


def judge_sequence(
    events: Collection[CallEvent], told: Told = NOTHING_TOLD, same_wish_ms: int = SAME_WISH_MS
) -> dict[int, list[Finding]]:
    """Return what is off, by the id of the call that should have been another.

    `same_wish_ms` is how long the same submit is the same wish, of a client that has not seen what
    became of the first.
    """
    ordered = sorted(events, key=lambda event: (event.real_at, event.id))
    found: dict[int, list[Finding]] = {}
    for call_id, hit in repeated_submits(ordered, told, same_wish_ms):
        found.setdefault(call_id, []).append(hit)
    for each in SEQUENCE_RULES:
        for call_id, hit in each(ordered):
            found.setdefault(call_id, []).append(hit)
    return found
