"""What a drill has shown: the calls of the client, what they were about, and how it ended.

Rule 1: everything is read from the admin API after the client has ended, as anybody could.
Rule 2: a client has *heard* an answer that was sent whole and that it did not hang up on.
Rule 3: an intent is one thing that the client wanted: its submits with the same text (or image) and
the same style (or prompt), as the API itself takes them.
Rule 4: instants and pauses are real time; no drill moves the clock while the client runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.call.errors import Refusal
from mock_server.domain.call.redaction import MAX_CAPTURE_BYTES
from mock_server.domain.call.wire_script import Delivered
from mock_server.domain.findings import ListPage, has_ended, known_at, list_page
from mock_server.domain.task.submissions import wanted
from mock_server.rehearsal.client_process import Ended
from mock_server.rehearsal.drill import RATE, Drill
from mock_server.testing.records import RecordedCall

PICTURE = Operation.GET_PICTURE
# Two instants of different threads, in whole ms, may be off by this.
ROUNDING_MS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCall:
    """One call, as far as a rule can depend on it. All instants are real ms.

    `began_at`: it came in; `known_at`: the client had the answer, or knew that it would have none.
    `heard`: a whole HTTP answer reached it; `answered`: that was the API's own, unspoilt.
    """

    call: RecordedCall
    began_at: int
    known_at: int
    heard: bool
    answered: bool

    @property
    def id(self) -> int:
        """Its number in the journal."""
        return self.call.id

    @property
    def operation(self) -> str:
        """What was called."""
        return self.call.operation

    @property
    def status(self) -> int:
        """The status that the client heard; 0 if it heard nothing."""
        return self.call.status if self.heard else 0

    @property
    def open_until(self) -> int:
        """The instant until which it was open for certain or, as the journal has no time on the
        way, may have been: no client has an answer sooner than that."""
        return max(self.known_at, self.began_at + ROUNDING_MS)

    @property
    def leaves_open(self) -> bool:
        """Whether a submit's client cannot know whether its task was made."""
        if self.status == 503 and self.answered:
            return False  # the gateway refuses before it asks the service
        return not self.answered or self.status >= 500

    @property
    def code(self) -> str:
        """The gateway's code or, of an older instance, its message; empty if there is none."""
        return (self.call.error_code or self.call.message) if self.answered else ""

    @property
    def asked_id(self) -> str:
        """The task that a query names."""
        return self.call.fields.get("task_id", "")

    @property
    def brings_a_picture(self) -> bool:
        """Whether the client fetched a picture, and has it whole."""
        return self.call.raw["method"] == "GET" and self.answered and self.status == 200

    @property
    def tells_the_end(self) -> bool:
        """Whether the client heard from this query that the task has ended."""
        is_answer = self.operation == Operation.QUERY_TASK and self.answered and self.status == 200
        return is_answer and has_ended(self.call.answer_bytes)

    @property
    def page(self) -> ListPage | None:
        """What the client saw of the task list."""
        if not self.answered or self.status != 200 or self.operation != Operation.LIST_TASKS:
            return None
        return list_page(self.call.answer_bytes)

    @property
    def page_numbers(self) -> tuple[int, int] | None:
        """The number of the page that a list showed, and how many there are."""
        body = service_body(self.call.answer_bytes) or {}
        shown = body.get("pagebean", body)
        try:
            return int(shown["currentPage"]), int(shown["allPages"])
        except (KeyError, TypeError, ValueError):
            return None


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
class Evidence:
    """All that a rule may look at. `tasks` by id; `callbacks` as the admin API shows them;
    `faults` are the armed ones with their hits. `printed`: the JSON objects that the client
    printed; `files`: what is in the files that it named there; `pictures`: the true ones of the
    tasks that it named. `secrets` are the credentials of the account, which no report shows.

    `ended` is how the last run ended. In a drill that started the client again, `earlier` is how
    the runs before it ended, and `restarted_after` the number of their last call in the journal.
    """

    drill: Drill
    calls: tuple[SeenCall, ...]
    tasks: Mapping[str, Mapping[str, Any]]
    callbacks: Sequence[Mapping[str, Any]]
    faults: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, Any]]
    ended: Ended
    earlier: tuple[Ended, ...] = ()
    restarted_after: int | None = None
    copies: int = 1
    base_url: str = ""
    printed: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    pictures: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)

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

    def run_of(self, call: SeenCall) -> int:
        """Return in which run of the client a call was made, from 0 on."""
        return int(self.restarted_after is not None and call.id > self.restarted_after)

    def runs(self) -> list[tuple[int, int]]:
        """Return the real instants (ms) at which each run began and ended, so far as known."""
        return [
            (each.began_at, each.ended_at) for each in (*self.earlier, self.ended) if each.ended_at
        ]

    def real_time(self, at: int) -> float:
        """Return the real instant (ms) of an instant on the account's clock, which runs evenly."""
        if not self.calls:
            return 0
        first = self.calls[0].call
        real_at: int = first.raw["real_at"]
        return real_at + (at - first.at) / RATE

    def listed_between(self, before: SeenCall, after: SeenCall) -> Iterator[SeenCall]:
        """Yield the lists that the client read after it knew of one call, before another."""
        for each in self.of(Operation.LIST_TASKS):
            if each.began_at + ROUNDING_MS >= before.known_at and is_known(each, after):
                yield each


def is_known(call: SeenCall, later: SeenCall) -> bool:
    """Whether the client knew what became of a call when it began a later one."""
    return call.known_at <= later.began_at + ROUNDING_MS


def seen(call: RecordedCall) -> SeenCall:
    """Return a call of the journal with what its client can have known."""
    raw = call.raw
    sent = raw["sent"]
    began_at = raw["real_at"] - raw["held_ms"]
    stayed = sent is None or sent["left_after_ms"] is None
    heard = stayed and (sent is None or sent["what"] in (Delivered.WHOLE, Delivered.ALTERED))
    answered = stayed and (sent is None or sent["what"] == Delivered.WHOLE)
    known = known_at(raw["real_at"], raw["held_ms"], sent)
    return SeenCall(
        call=call, began_at=began_at, known_at=max(began_at, known),
        heard=heard, answered=answered,
    )  # fmt: skip


def picture_number(call: RecordedCall) -> int | None:
    """Return which picture of its task a call fetches."""
    name = str(call.raw["path"]).rpartition("/")[2].partition(".")[0]
    return int(name) if name.isascii() and name.isdigit() and len(name) < 3 else None


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
