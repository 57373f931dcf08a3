"""All calls that a client made in an account, and what they were about.

Rule 1: an intent is one thing that the client wanted: its submits with the same text (or image) and
the same style (or prompt), as the API itself takes them.
Rule 2: where nobody said how many of each are wanted (`repeats`), the same submit is another intent
once its client knew that a task of the first one had ended, or a day later.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Self

from mock_server.audit.records import RecordedCall
from mock_server.audit.seen_call import ROUNDING_MS, SeenCall, is_known, picture_number, seen
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.call.errors import Refusal
from mock_server.domain.call.redaction import MAX_CAPTURE_BYTES
from mock_server.domain.findings import SAME_WISH_MS
from mock_server.domain.task.submissions import wanted

PICTURE = Operation.GET_PICTURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One thing that the client wanted, and its submits in the order in which they began."""

    what: str
    how: str
    is_text: bool
    submits: tuple[SeenCall, ...]

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The tasks that were made for it, charged or free."""
        made = (each.call.task_id for each in self.submits)
        return tuple(dict.fromkeys(task_id for task_id in made if task_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the client of an account did. `calls` in the order in which they began; `tasks` by id,
    and `callbacks`, as the admin API shows them. `copies`: how many of each text are wanted.
    `repeats`: nobody said so, and Rule 2 decides. `dropped`: how many earlier calls are missing,
    because the journal let them go; `unexplained`: how many others, up to `kept_after`, because the
    server no longer keeps their tasks and callbacks. `restarted_after`: the number of the last call
    before the client was started again, if it was.
    """

    calls: tuple[SeenCall, ...]
    tasks: Mapping[str, Mapping[str, Any]]
    callbacks: Sequence[Mapping[str, Any]] = ()
    copies: int = 1
    repeats: bool = False
    dropped: int = 0
    unexplained: int = 0
    kept_after: int | None = None
    restarted_after: int | None = None
    _lists: tuple[SeenCall, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the lists: rules ask for them again and again."""
        object.__setattr__(self, "_lists", tuple(self.of(Operation.LIST_TASKS)))

    @classmethod
    def of_account(
        cls, calls: Iterable[RecordedCall], tasks: Iterable[Mapping[str, Any]], *,
        callbacks: Sequence[Mapping[str, Any]] = (), copies: int | None = None, dropped: int = 0,
        kept_after: int | None = None,
    ) -> Self:  # fmt: skip
        """Return the history of an account from what the admin API says of it. `copies`: None if
        nobody said how many of each text are wanted. `kept_after`: the instant after which tasks
        and callbacks are all there, None if all are: earlier calls are left out."""
        calls = list(calls)
        told = [each for each in calls if kept_after is None or each.at > kept_after]
        return cls(
            calls=in_order(told), tasks=by_id(tasks), callbacks=callbacks, copies=copies or 1,
            repeats=copies is None, dropped=dropped, unexplained=len(calls) - len(told),
            kept_after=kept_after,
        )  # fmt: skip

    def of(self, *operations: str) -> list[SeenCall]:
        """Return the calls of some operations, in the order in which they began."""
        return [each for each in self.calls if each.operation in operations]

    @property
    def api_calls(self) -> list[SeenCall]:
        """Return the calls of the three operations."""
        return self.of(*VENDOR_OPERATIONS)

    @property
    def submits(self) -> list[SeenCall]:
        """Return the submits."""
        return self.of(Operation.SUBMIT_TASK)

    @property
    def queries(self) -> dict[str, list[SeenCall]]:
        """Return the queries of each task."""
        found: dict[str, list[SeenCall]] = {}
        for each in self.of(Operation.QUERY_TASK):
            found.setdefault(each.asked_id, []).append(each)
        return found

    def intents(self) -> list[Intent]:
        """Return what the client wanted, in the order of its first submits."""
        latest: dict[tuple[str, str, bool], list[SeenCall]] = {}
        found: list[tuple[tuple[str, str, bool], list[SeenCall]]] = []
        ends = self._known_ends() if self.repeats else {}
        for each in self.submits:
            wish = _intent_of(each.call)
            if wish not in latest or (self.repeats and self._is_another(latest[wish], each, ends)):
                latest[wish] = []
                found.append((wish, latest[wish]))
            latest[wish].append(each)
        return [
            Intent(what=what, how=how, is_text=is_text, submits=tuple(submits))
            for (what, how, is_text), submits in found
        ]

    def _is_another(
        self, earlier: Sequence[SeenCall], again: SeenCall, ends: "Mapping[str, _KnownEnd]"
    ) -> bool:
        """Whether a submit is a new intent, although it asks for what earlier ones did."""
        if earlier[-1].pause_until(again) >= SAME_WISH_MS:
            return True
        known = (ends.get(each.call.task_id or "") for each in earlier)
        return any(each is not None and each.before(again) for each in known)

    def _known_ends(self) -> "dict[str, _KnownEnd]":
        """Return when the client heard that its tasks had ended, by their ids."""
        found: dict[str, _KnownEnd] = {}
        for each in self.of(Operation.QUERY_TASK, Operation.LIST_TASKS):
            page = each.page
            told = page.ended if page is not None else {each.asked_id} if each.tells_the_end else ()
            for task_id in told:
                known = found.setdefault(task_id, _KnownEnd())
                known.heard_at = min(known.heard_at, each.known_at)
        for callback in self.callbacks:
            for attempt in callback["attempts"]:
                if attempt["status"] is not None:
                    known = found.setdefault(callback["task_id"], _KnownEnd())
                    known.called_at = min(known.called_at, attempt["at"])
        return found

    def run_of(self, call: SeenCall) -> int:
        """Return in which run of the client a call was made, from 0 on, as far as that is known."""
        return int(self.restarted_after is not None and call.id > self.restarted_after)

    def runs_of(self, calls: Iterable[SeenCall]) -> list[list[SeenCall]]:
        """Return calls by the run of the client that made them; a run that made none is left
        out."""
        found: dict[int, list[SeenCall]] = {}
        for each in calls:
            found.setdefault(self.run_of(each), []).append(each)
        return [found[number] for number in sorted(found)]

    def has_looked(self, before: SeenCall, again: SeenCall | None = None) -> list[SeenCall]:
        """Return the lists that told a client whether a submit had made a task: their pages show
        it, or are all pages; empty if they did not. Only lists count that the client read after it
        knew of the submit, and before `again`, if there is one.
        """
        if again is not None and not is_known(before, again):
            return []  # it did not even wait for the outcome
        pages: set[int] = set()
        found: list[SeenCall] = []
        for listed in self.listed_between(before, again):
            page, numbers = listed.page, listed.page_numbers
            if page is None or numbers is None:
                continue
            pages.add(numbers[0])
            found.append(listed)
            is_whole = pages.issuperset(range(1, max(1, numbers[1]) + 1))
            if is_whole or before.call.task_id in page.ids:
                return found
        return []

    def fetched_whole(self, task_id: str) -> dict[int, list[SeenCall]]:
        """Return the fetches that brought a picture of a task whole, by its number."""
        found: dict[int, list[SeenCall]] = {}
        for each in self.of(PICTURE):
            number = picture_number(each.call)
            if each.call.task_id == task_id and number is not None and each.brings_a_picture:
                found.setdefault(number, []).append(each)
        return found

    def listed_between(self, before: SeenCall, after: SeenCall | None) -> Iterator[SeenCall]:
        """Yield the lists that the client read after it knew of one call, before another."""
        first_at = before.known_at - ROUNDING_MS
        begin = bisect_left(self._lists, first_at, key=lambda each: each.began_at)
        for each in self._lists[begin:]:
            # Of two calls in the same moment, the journal knows which was first.
            if each.id > before.id and (after is None or is_known(each, after)):
                yield each


@dataclass(slots=True, kw_only=True)
class _KnownEnd:
    """When a client heard that a task had ended: from an answer, in real ms; from a callback, on
    the account's clock."""

    heard_at: float = inf
    called_at: float = inf

    def before(self, later: SeenCall) -> bool:
        """Whether the client knew it when it began a call."""
        return self.heard_at <= later.began_at + ROUNDING_MS or self.called_at <= later.call.at


def in_order(calls: Iterable[RecordedCall]) -> tuple[SeenCall, ...]:
    """Return calls as their client saw them, in the order in which they began."""
    return tuple(sorted(map(seen, calls), key=lambda each: each.began_at))


def by_id(tasks: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return tasks of the admin API by their ids."""
    return {each["task_id"]: each for each in tasks}


def _intent_of(call: RecordedCall) -> tuple[str, str, bool]:
    """Return what a submit wanted, how, and whether that is a text."""
    request = call.raw["request"]
    try:
        asked = wanted(call.fields)
    except Refusal:
        return f"call {call.id}", "", False  # it is refused, whatever it wanted
    what = asked.text or asked.qr_code_url or ""
    if request["length"] > MAX_CAPTURE_BYTES:
        what += f" ({request['sha256']})"  # the journal has only the beginning
    return what, asked.style_id or asked.your_prompt or "", asked.text is not None
