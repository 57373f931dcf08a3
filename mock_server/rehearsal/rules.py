"""The rules that a client is judged by, in the order in which a report names them.

Each is one function: on calls in call_rules.py, on results in result_rules.py, on callbacks in
callback_rules.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mock_server.rehearsal import call_rules, callback_rules, result_rules
from mock_server.rehearsal.breach import Breach

__all__ = ["RULES", "Breach", "Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: what a client has to do, what to do if it does not, and what a breach costs.

    `readings`: the open questions about the vendor whose answers the judgement depends on.
    `judge` gets the evidence of a drill, or of a delivery to a receiver.
    """

    id: str
    says: str
    advice: str
    price: str
    judge: Callable[[Any], Breach | None]
    readings: tuple[str, ...] = ()


RULES: tuple[Rule, ...] = (
    Rule(id="one-intent-one-task", judge=call_rules.one_task,
         says="The client makes one task of one intent.",
         advice="Keep what became of each submit, and never submit again while that is open.",
         price="A credit for each further submit that was charged."),
    Rule(id="looks-before-it-repeats", judge=call_rules.looks_first,
         says="After a failure that leaves open whether the task was made, the client reads the "
         "task list before it submits again.",
         advice="Compare the pages of taskList with the ids that you know, and query each id that "
         "is new; submit again only if none of them is the task.",
         price="Nothing by itself; a credit if the task had been made.",
         readings=("list.order", "list.shape", "list.retention")),
    Rule(id="stops-at-a-final-refusal", judge=call_rules.stops,
         says="The client stops at a refusal that no retry changes, and repeats no refused submit.",
         advice="Treat quota, expiry, arrears, credentials and signature errors as final: stop "
         "every worker and alert an operator. Never repeat a refused submit unchanged.",
         price="A credit for each further call, or repeated refusal, that was charged.",
         readings=("gateway.profile", "refusal.status", "appcode.unknown")),
    Rule(id="backs-off", judge=call_rules.backs_off,
         says="The client waits before it repeats a call that was throttled or failed.",
         advice="Wait a second or more, longer after each failure, and give up after a few tries.",
         price="Nothing by itself.",
         readings=("gateway.profile", "throttle.retry_after")),
    Rule(id="polls-within-bounds", judge=call_rules.polls_in_bounds,
         says="The client polls with pauses, one query at a time, and stops at the end.",
         advice="Query every few seconds, never twice at once, and give up after some minutes. "
         "Keep each picture that you have.",
         price="A credit for each query past the bounds, or after the end.",
         readings=("charge.polls", "task.words")),
    Rule(id="ends", judge=result_rules.ends,
         says="The client ends by itself, with everything that it started.",
         advice="Give every wait a deadline, and wait for the processes that you start.",
         price="Nothing."),
    Rule(id="tells-the-truth", judge=result_rules.tells_the_truth,
         says="Exit code 0 means that every result is there, and only that.",
         advice="End with 0 only if each text has a succeeded task, and all its pictures are here.",
         price="Nothing; a credit for a picture that will not last.",
         readings=("result.count", "result.item", "task.words")),
    Rule(id="well-formed", judge=result_rules.well_formed,
         says="No request has an error.",
         advice="Send what the contract says: the finding says what to send instead.",
         price="A credit for each wrong request that was charged."),
    Rule(id="receiver", judge=callback_rules.receives,
         says="The receiver answers genuine callbacks with 2xx within 5 s, and trusts no other.",
         advice="Store the callback, answer 200 at once, and do the work afterwards. Take links "
         "from a query, never from a callback.",
         price="Nothing.",
         readings=("callback.delivery", "callback.timing", "callback.on_failure")),
    Rule(id="success-is-possible", judge=result_rules.can_succeed,
         says="In this drill a good client succeeds.",
         advice="See what the last calls were answered: this incident can be overcome.",
         price="Nothing by itself."),
)  # fmt: skip
