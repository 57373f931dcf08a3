"""The retry bill: every charge with its class, the intent it belongs to, and why.

Rule 1: every charged call has exactly one class, so the classes add up to what the journal charged.
Calls that the journal let go are counted, and said; what they cost, or would explain, is not
guessed. A waste is then a lower bound: an earlier submit that is missing makes no later one a
duplicate.
Rule 2: a charged answer in which the service, or its platform, refuses is `refusal-in-200`,
whatever was called and whether or not the client heard it.
Rule 3: of an intent's charged submits as many are kept as copies are wanted, less the tasks that
were made for free before. The others are `duplicate-submit`: those whose tasks the client used
least (duplicates.py). Text beats image, style beats prompt, as in the API itself.
Rule 4: a kept submit is an `orphan` if its task has succeeded and nobody asked for a picture. One
picture of several is enough. A fetch that the client broke off itself is none; one that failed on
the server, or on its way, is no fault of the client.
A picture whose link leads elsewhere is out of sight, and makes no orphan.
An orphan is lost money, and not always a mistake: without a credit nobody can ask for the result.
Rule 5: a task that failed, or still runs, was paid for usefully: there is nothing to fetch.
Rule 6: where nobody said how many copies are wanted, the same submit is another intent once the
client knew the end of the first one's task, or a day later (history.py).
Rule 7: the query that told the client of the end is useful, however early it came. Every query that
the client began after that is `poll-after-the-end`.
Rule 8: a query before that is needed, as nobody knows the end without asking, if the client had not
asked the same within the last second; else it is `poll-before-the-end`. So a client that polls once
a second wastes nothing. The pause runs from the last query that was needed, in real time and with
what the account's clock jumped over.
Rule 9: a query whose answer was lost is needed, and so is the one that repeats it.
Rule 10: a callback tells no end here: callbacks carry no signature, so one query to confirm it is
right.
Rule 11: a list is useful if it looks for the task of a submit whose outcome is open, shows a page
for the first time, or tells of a task or an end that the client did not know. Else Rules 7 to 9
hold for it: all its tasks were known to have ended, or the client had read that page within the
last second.
Rule 12: a client that was started again knows nothing: Rules 7 to 11 hold for each run alone. For
Rule 3 all runs are one client, as the money is the same.
Rule 13: looking first is praised: after an open outcome the client read the list as far as it had
to, and before it submitted again, if it did.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.audit.charge import WASTED, Charge, ChargeClass, Judgement, useful, wasted
from mock_server.audit.history import History, Intent
from mock_server.audit.paid_polls import is_open_submit, is_refused, judge_lists, judge_queries
from mock_server.audit.paid_submits import judge_submits
from mock_server.audit.seen_call import SeenCall
from mock_server.formatting import counted, instant, printable, yuan

MOST_NAMED = 8  # calls that a sentence names, of each class
MOST_LABEL = 60
REFUSED = "It was answered with HTTP 200, which costs a credit, and that answer is a refusal."


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBill:
    """Every charge of a client, explained. `charges` in the order of the calls; `intents`: what it
    wanted, with the number of submits that it made for it, paid or not. `praise`: a sentence on
    what it did well, if there is something. `dropped`: how many earlier calls are missing;
    `unexplained`: how many more, up to `kept_after`, as the server has trimmed their tasks.
    """

    charges: tuple[Charge, ...]
    intents: Mapping[str, int]
    praise: str | None = None
    dropped: int = 0
    unexplained: int = 0
    kept_after: int | None = None

    @property
    def submits(self) -> int:
        """Return how many submits the client made, paid or not."""
        return sum(self.intents.values())

    def of(self, *kinds: str) -> list[Charge]:
        """Return the charges of some classes."""
        return [each for each in self.charges if each.kind in kinds]

    @property
    def wasted(self) -> list[Charge]:
        """Return the charges that the client lost."""
        return [each for each in self.charges if each.is_wasted]

    @property
    def fen_wasted(self) -> int:
        """Return what these cost, in 1/100 yuan."""
        return sum(each.fen for each in self.wasted)

    @property
    def sums(self) -> list[dict[str, Any]]:
        """Return charges and fen of every class."""
        return sums((each.kind, each.fen) for each in self.charges)

    @property
    def sentence(self) -> str:
        """Return the bill in a sentence that names the wasted calls."""
        return sentence_of(self, self.wasted)


def sums(charges: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """Return number and fen of charges, given as class and fen, for every class."""
    found: dict[str, list[int]] = {kind: [] for kind in ChargeClass}
    for kind, fen in charges:
        found[kind].append(fen)
    return [
        {"class": str(kind), "charges": len(costs), "fen": sum(costs)}
        for kind, costs in found.items()
    ]


def sentence_of(bill: RetryBill, lost: Sequence[Charge]) -> str:
    """Return a bill in a sentence, such as "4 submits, 1 intent, 3 wasted, 0.84 yuan", with the
    calls of what was `lost`."""
    begins = f"{counted(bill.submits, 'submit')}, {counted(len(bill.intents), 'intent')}"
    missing = (
        f" The journal let {counted(bill.dropped, 'earlier call')} go: more may have been wasted."
        if bill.dropped
        else ""
    )
    if bill.unexplained and bill.kept_after is not None:
        missing += (
            f" {counted(bill.unexplained, 'call')} up to {instant(bill.kept_after)} cannot be "
            "explained: the server no longer keeps their tasks."
        )
    if not lost:
        return f"{begins}, nothing wasted.{missing}"
    named = "; ".join(
        f"{kind} {_calls(found)}"
        for kind in WASTED
        if (found := [each.id for each in lost if each.kind is kind])
    )
    cost = yuan(sum(each.fen for each in lost))
    return f"{begins}, {len(lost)} wasted, {cost} yuan: {named}.{missing}"


def bill_of(history: History) -> RetryBill:
    """Return every charge of a history with its class, its intent and the reason."""
    intents = history.intents()
    labels = _labels(intents)
    tasks, submits = _owners(intents, labels)
    judged = {call.id: judgement for call, judgement in _judgements(history, intents)}
    charges = []
    for each in sorted(history.calls, key=lambda each: each.id):
        if each.call.charged:
            found = judged[each.id]
            owner = submits.get(found.about or each.id)
            label = owner or tasks.get(each.call.task_id or each.asked_id)
            charges.append(Charge(call=each, kind=found.kind, why=found.why, intent=label))
    counts = (len(each.submits) for each in intents)
    return RetryBill(
        charges=tuple(charges), intents=dict(zip(labels, counts, strict=True)),
        praise=_praise(history, intents), dropped=history.dropped,
        unexplained=history.unexplained, kept_after=history.kept_after,
    )  # fmt: skip


def _judgements(
    history: History, intents: Sequence[Intent]
) -> Iterator[tuple[SeenCall, Judgement]]:
    """Yield a class for every charged call; where there are two, the later one holds."""
    for each in history.calls:
        if each.call.charged:
            yield each, useful("It is a call that the service charged.")
    yield from judge_queries(history)
    yield from judge_lists(history)
    yield from judge_submits(history, intents)
    for each in history.calls:
        if each.call.charged and is_refused(each):
            yield each, wasted(ChargeClass.REFUSAL_IN_200, REFUSED)


def _labels(intents: Sequence[Intent]) -> list[str]:
    """Return a name for each intent, which no other one has."""
    seen: dict[str, int] = {}
    labels = []
    for each in intents:
        what = printable(each.what, MOST_LABEL) or "nothing"
        label = f"{what} ({printable(each.how, MOST_LABEL)})" if each.how else what
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label} #{seen[label]}")
    return labels


def _owners(
    intents: Sequence[Intent], labels: Sequence[str]
) -> tuple[dict[str, str], dict[int, str]]:
    """Return the labels of intents by task, and by submit."""
    tasks: dict[str, str] = {}
    submits: dict[int, str] = {}
    for intent, label in zip(intents, labels, strict=True):
        tasks |= dict.fromkeys(intent.task_ids, label)
        submits |= {each.id: label for each in intent.submits}
    return tasks, submits


def _praise(history: History, intents: Sequence[Intent]) -> str | None:
    """Return a sentence on the first time that the client looked before it repeated."""
    for intent in intents:
        for number, before in enumerate(intent.submits):
            if not is_open_submit(before):
                continue
            again = next(iter(intent.submits[number + 1 :]), None)
            if looks := history.has_looked(before, again):
                read = f"it looked into the task list first ({_calls([each.id for each in looks])})"
                then = "before it submitted again" if again else "and submitted nothing again"
                return f"After call {before.id}, whose outcome was open, {read} {then}."
    return None


def _calls(ids: Sequence[int]) -> str:
    """Return the numbers of calls as a sentence names them."""
    shown = ", ".join(map(str, ids[:MOST_NAMED]))
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return f"call {shown}" if len(ids) == 1 else f"calls {shown}{more}"


def bill_json(bill: RetryBill, most: int | None = None) -> dict[str, Any]:
    """Return a bill as JSON. With `most`, only so many charges are in it, wasted ones first, and
    `left_out` says how many are not."""
    shown: Sequence[Charge] = bill.charges
    if most is not None and len(shown) > most:
        wasted_first = sorted(shown, key=lambda each: not each.is_wasted)[:most]
        shown = sorted(wasted_first, key=lambda each: each.id)
    return {
        "sentence": bill.sentence,
        "classes": bill.sums,
        "charges": [charge_json(each) for each in shown],
        "left_out": len(bill.charges) - len(shown),
        "praise": bill.praise,
    }


def intents_json(bill: RetryBill) -> list[dict[str, Any]]:
    """Return what was spent for each intent, and what of it was lost; the last row, without an
    intent, is for the charges that belong to none."""
    spent: dict[str | None, list[Charge]] = {label: [] for label in bill.intents}
    for each in bill.charges:
        spent.setdefault(each.intent, []).append(each)
    return [
        {
            "intent": label,
            "submits": bill.intents[label] if label is not None else 0,
            "charges": len(charges),
            "fen": sum(each.fen for each in charges),
            "wasted": len(lost := [each for each in charges if each.is_wasted]),
            "fen_wasted": sum(each.fen for each in lost),
        }
        for label, charges in spent.items()
    ]


def charge_json(charge: Charge) -> dict[str, Any]:
    """Return a charge as JSON."""
    return {
        "call": charge.id, "class": str(charge.kind), "intent": charge.intent, "fen": charge.fen,
        "why": charge.why,
    }  # fmt: skip
