"""What is off between calls: repeated submits, retries without a pause, polls for nothing.

Rule 1: a pause counts on the clock where it was longer: a test that moves the account's clock, and
a client that really waits, are both right.
Rule 2: computed when somebody asks; a call knows nothing of those after it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.calls import Answer, Call, Operation, header
from mock_server.domain.call.redaction import HIDDEN
from mock_server.domain.findings.context import judged_body
from mock_server.domain.findings.finding import Finding

SHORT_PAUSE_MS = 1000
# A later submit of the same fields is another wish.
SAME_WISH_MS = 10 * 60 * 1000
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
# In every form of the reading that is known, and the numbers that one of them has.
_ENDED = frozenset({"succeeded", "failed", "success", "fail", "2", "3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """One call of an operation and its answer, as far as the next calls depend on it. `at` is on
    the account's clock; `code` is the gateway's code, or the message of an older instance;
    `task_id` is what a query asked for, or what a submit was answered. `answer_read`: somebody
    has the answer; without it a status of 0 is one that nobody wrote down."""

    id: int
    at: int
    real_at: int
    operation: Operation
    status: int
    code: str | None = None
    body: str = ""  # a hash
    nonce: str | None = None
    task_id: str | None = None
    ended: bool = False
    answer_read: bool = True


Found = Iterator[tuple[int, Finding]]
SequenceRule = Callable[[Sequence[CallEvent]], Found]


def event_of(
    call: Call, answer: Answer, operation: Operation, *, number: int, at: int, answer_read: bool
) -> CallEvent:
    """Return the event of an exchange that was recorded somewhere, with the answer or without."""
    told = {name.lower(): value for name, value in answer.headers} if answer.status >= 400 else {}
    ended, task_id = False, None
    if operation is Operation.QUERY_TASK and answer.status == 200:
        # Where no task was answered, nothing was paid for.
        body = judged_body(call)
        sent = body.fields.get("task_id") if body else None
        task_id = sent if isinstance(sent, str) else None
        ended = has_ended(answer.body)
    elif operation is Operation.SUBMIT_TASK and answer.status == 200:
        task_id = _made(answer.body)
    return CallEvent(
        id=number,
        at=at,
        real_at=at,
        operation=operation,
        status=answer.status,
        code=told.get("x-ca-error-code") or told.get("x-ca-error-message"),
        body=sha256(call.body).hexdigest(),
        nonce=header(call, "x-ca-nonce"),
        task_id=task_id,
        ended=ended,
        answer_read=answer_read,
    )


def has_ended(answer: bytes) -> bool:
    """Whether the answer to a query says that its task is over."""
    body = service_body(answer) or {}
    status = body.get("status")
    return bool(body.get("resList")) or str(status).lower() in _ENDED


def _made(answer: bytes) -> str | None:
    task_id = (service_body(answer) or {}).get("task_id")
    return str(task_id) if task_id else None


def repeated_submits(events: Sequence[CallEvent]) -> Found:
    """submit-after-failure, submit-twice, refusal-repeated."""
    last: dict[str, CallEvent] = {}
    for event in events:
        if event.operation is Operation.LIST_TASKS and event.status == 200:
            # Whoever has looked into the list knows whether the submit was carried out.
            last = {key: each for key, each in last.items() if 0 < each.status < 500}
        if event.operation is not Operation.SUBMIT_TASK:
            continue
        before = last.get(event.body)
        if before is not None and _pause(before, event) < SAME_WISH_MS:
            finding = _repeated(before)
            if finding is not None:
                says = NOT_RECORDED if _is_open(before) else None
                sent = f"the body of call {before.id} again"
                yield event.id, Finding(id=finding, sent=sent, says=says)
        last[event.body] = event


def _is_open(before: CallEvent) -> bool:
    """Whether nobody wrote down what became of a submit."""
    return not before.answer_read and before.status in (0, 200)


def _repeated(before: CallEvent) -> str | None:
    if _is_open(before):
        return "submit-twice"
    if before.status >= 500 or before.status == 0:
        return "submit-after-failure"
    if before.task_id is not None:
        return "submit-twice"
    # With status 200 it is a refusal all the same, if no task came of it.
    return "refusal-repeated" if before.status in (200, 450) else None


def fast_polls(events: Sequence[CallEvent]) -> Found:
    """poll-too-fast, poll-after-end."""
    last: dict[str, CallEvent] = {}
    for event in events:
        if event.operation is not Operation.QUERY_TASK or event.task_id is None:
            continue
        before = last.get(event.task_id)
        if before is not None and before.ended:
            yield event.id, Finding(id="poll-after-end", sent=f"call {before.id} showed the end")
        elif before is not None and (pause := _pause(before, event)) < SHORT_PAUSE_MS:
            sent = f"{pause} ms after call {before.id}"
            yield event.id, Finding(id="poll-too-fast", sent=sent)
        # An end that was answered once stays answered.
        if before is None or not before.ended:
            last[event.task_id] = event


def no_pause(events: Sequence[CallEvent]) -> Found:
    """retry-at-once."""
    last: dict[Operation, CallEvent] = {}
    for event in events:
        before = last.get(event.operation)
        last[event.operation] = event
        if before is None or not _asks_for_a_pause(before):
            continue
        if (pause := _pause(before, event)) < SHORT_PAUSE_MS:
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


def _pause(before: CallEvent, event: CallEvent) -> int:
    return max(event.at - before.at, event.real_at - before.real_at)


# Every rule that judges the calls of one account together, in the order it is asked.
SEQUENCE_RULES: tuple[SequenceRule, ...] = (
    repeated_submits,
    fast_polls,
    no_pause,
    calls_after_final_refusal,
    used_nonces,
)


def judge_sequence(events: Sequence[CallEvent]) -> dict[int, list[Finding]]:
    """Return what is off, by the id of the call that should have been another."""
    found: dict[int, list[Finding]] = {}
    for each in SEQUENCE_RULES:
        for call_id, hit in each(events):
            found.setdefault(call_id, []).append(hit)
    return found
