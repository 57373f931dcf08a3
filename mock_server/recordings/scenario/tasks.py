"""What a recording says of the tasks: which submits made one, and when and how each ended.

Rule 1: a task that no answer named, and that shows up after a submit whose answer was lost, is that
submit's. One that shows up without such a submit is older than the recording.
Rule 2: a submit without an answer made no task if a later page with the newest tasks has none that
is new. Where no page says so, nobody knows: it counts as executed, and the import says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import ErrorTables, Means
from mock_server.recordings.scenario.calls import RecordedCall
from mock_server.recordings.scenario.outcome import OutcomeKind

# Outcomes of a submit that leave open whether it was executed.
OPEN = frozenset({OutcomeKind.LOST, OutcomeKind.PAGE, OutcomeKind.CUT, OutcomeKind.BROKEN})
# What is cut or broken was there before.
EXECUTED = frozenset({OutcomeKind.CUT, OutcomeKind.BROKEN})


@dataclass(slots=True, kw_only=True)
class TaskEnd:
    """When and how a task ended, in ms after its submit: after `low`, and at `high` at the latest;
    None: it was never seen finished. `word`: succeeded, failed, or None.
    """

    low: int = -1
    high: int | None = None
    word: str | None = None
    pictures: int | None = None
    remark: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the recording says anything of it."""
        return self.low >= 0 or self.high is not None


@dataclass(slots=True, kw_only=True)
class TaskFacts:
    """`made`: the task of each submit, by its place among the calls. `executed`: of submits without
    a clear answer, whether they were executed; None where nobody knows. `older`: tasks from before
    the recording, the oldest first. `ends`: by the place of the submit.
    """

    made: dict[int, str] = field(default_factory=dict)
    executed: dict[int, bool | None] = field(default_factory=dict)
    older: list[str] = field(default_factory=list)
    ends: dict[int, TaskEnd] = field(default_factory=dict)


def facts_of(calls: Sequence[RecordedCall], tables: ErrorTables) -> TaskFacts:
    """Return what the calls say of their tasks."""
    facts = TaskFacts()
    facts.made = {place: call.made for place, call in enumerate(calls) if call.made is not None}
    strangers = _strangers(calls, set(facts.made.values()))
    for place, call in enumerate(calls):
        if call.operation is not Operation.SUBMIT_TASK or not _is_open(call, tables):
            continue
        later = [name for name, first in strangers.items() if first > place]
        taken = later[-1] if later else None  # a page begins with the newest
        if taken is not None and not _is_on_a_page_before(calls, place, taken):
            facts.made[place] = taken
            del strangers[taken]
            facts.executed[place] = True
        elif call.outcome.kind in EXECUTED:
            facts.executed[place] = True
        else:
            seen_later = any(each.is_newest for each in calls[place + 1 :])
            facts.executed[place] = False if seen_later else None
    facts.older = [*strangers][::-1]
    for place, name in facts.made.items():
        facts.ends[place] = _end(calls, place, name)
    return facts


def _is_open(call: RecordedCall, tables: ErrorTables) -> bool:
    """Whether a submit's answer leaves open what became of it: then a client has to look."""
    if call.outcome.kind is not OutcomeKind.GATEWAY:
        return call.outcome.kind in OPEN
    row = tables.rows.get(call.outcome.code) or tables.classic.get(call.outcome.code)
    return row is not None and row.means is Means.LOOK


def _strangers(calls: Sequence[RecordedCall], made: set[str]) -> dict[str, int]:
    """Return the tasks that no submit's answer named, with the place of the call that showed them
    first, the newest first."""
    found: dict[str, int] = {}
    for place, call in enumerate(calls):
        for task in call.seen:
            if task.id not in made:
                found.setdefault(task.id, place)
    return found


def _is_on_a_page_before(calls: Sequence[RecordedCall], place: int, name: str) -> bool:
    return any(name == task.id for each in calls[:place] for task in each.seen)


def _end(calls: Sequence[RecordedCall], place: int, name: str) -> TaskEnd:
    """Return what the calls after a submit say of the end of its task."""
    end, begun = TaskEnd(), calls[place].at
    for call in calls[place + 1 :]:
        for task in call.seen:
            if task.id != name:
                continue
            after = call.at - begun
            if task.word == "unfinished":
                end.low = max(end.low, after)
                continue
            if end.high is None:
                end.high, end.word = after, task.word
            if task.word == "succeeded":
                end.pictures = task.pictures
            elif call.asked == name:
                end.remark = call.outcome.text
    if end.high is not None and end.low >= end.high:
        end.low = end.high - 1  # it was listed as unfinished after a query said otherwise
    return end
