"""All calls that a client made in an account, and what they were about.

Rule 1: an intent is one thing that the client wanted: its submits with the same text (or image) and
the same style (or prompt), as the API itself takes them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.audit.records import RecordedCall
from mock_server.audit.seen_call import ROUNDING_MS, SeenCall, is_known, picture_number
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.call.errors import Refusal
from mock_server.domain.call.redaction import MAX_CAPTURE_BYTES
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
    `restarted_after`: the number of the last call before the client was started again, if it was.
    """

    calls: tuple[SeenCall, ...]
    tasks: Mapping[str, Mapping[str, Any]]
    callbacks: Sequence[Mapping[str, Any]] = ()
    copies: int = 1
    restarted_after: int | None = None

    def run_of(self, call: SeenCall) -> int:
        """Return in which run of the client a call was made, from 0 on."""
        return int(self.restarted_after is not None and call.id > self.restarted_after)

    def of_runs(self, calls: Sequence[SeenCall]) -> Iterator[list[SeenCall]]:
        """Yield the calls of each run of the client that made any of them."""
        runs: dict[int, list[SeenCall]] = {}
        for each in calls:
            runs.setdefault(self.run_of(each), []).append(each)
        for number in sorted(runs):
            yield runs[number]

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
        groups: dict[tuple[str, str, bool], list[SeenCall]] = {}
        for each in self.submits:
            groups.setdefault(_intent_of(each.call), []).append(each)
        return [
            Intent(what=what, how=how, is_text=is_text, submits=tuple(submits))
            for (what, how, is_text), submits in groups.items()
        ]

    def fetched_whole(self, task_id: str) -> dict[int, list[SeenCall]]:
        """Return the fetches that brought a picture of a task whole, by its number."""
        found: dict[int, list[SeenCall]] = {}
        for each in self.of(PICTURE):
            number = picture_number(each.call)
            if each.call.task_id == task_id and number is not None and each.brings_a_picture:
                found.setdefault(number, []).append(each)
        return found

    def listed_between(self, before: SeenCall, after: SeenCall) -> Iterator[SeenCall]:
        """Yield the lists that the client read after it knew of one call, before another."""
        for each in self.of(Operation.LIST_TASKS):
            if each.began_at + ROUNDING_MS >= before.known_at and is_known(each, after):
                yield each


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
