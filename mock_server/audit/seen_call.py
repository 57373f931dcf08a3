"""A call of the journal with what its client can have known of it.

Rule 1: a client has *heard* an answer that was sent whole and that it did not hang up on.
Rule 2: instants and pauses are real time.
"""

from dataclasses import dataclass

from mock_server.audit.records import RecordedCall
from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.wire_script import Delivered
from mock_server.domain.findings import ListPage, has_ended, known_at, list_page

# Two instants of different threads, in whole ms, may be off by this.
ROUNDING_MS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCall:
    """One call, as far as a rule can depend on it. All instants are real ms.

    `began_at`: it came in; `known_at`: the client had the answer, or knew that it would have none.
    `heard`: a whole HTTP answer reached it; `answered`: that was the API's own, unspoilt. Of a
    list, `page` is what the client saw, and `page_numbers` the number of that page and how many
    there are; None for any other call, or if it saw nothing.
    """

    call: RecordedCall
    began_at: int
    known_at: int
    heard: bool
    answered: bool
    page: ListPage | None = None
    page_numbers: tuple[int, int] | None = None

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

    def pause_until(self, later: "SeenCall") -> int:
        """Return the ms from its start to that of a later call: real time, and what the account's
        clock jumped over in between, but not what its rate adds."""
        jumped = later.call.raw.get("jumped_ms", 0) - self.call.raw.get("jumped_ms", 0)
        return later.began_at - self.began_at + max(0, int(jumped))

    @property
    def tells_the_end(self) -> bool:
        """Whether the client heard from this query that the task has ended."""
        is_answer = self.operation == Operation.QUERY_TASK and self.answered and self.status == 200
        return is_answer and has_ended(self.call.answer_bytes)


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
    # Read once: every rule on lists needs it.
    is_page = answered and call.status == 200 and call.operation == Operation.LIST_TASKS
    return SeenCall(
        call=call, began_at=began_at, known_at=max(began_at, known),
        heard=heard, answered=answered,
        page=list_page(call.answer_bytes) if is_page else None,
        page_numbers=_page_numbers(call) if is_page else None,
    )  # fmt: skip


def _page_numbers(call: RecordedCall) -> tuple[int, int] | None:
    body = service_body(call.answer_bytes) or {}
    shown = body.get("pagebean", body)
    try:
        return int(shown["currentPage"]), int(shown["allPages"])
    except (KeyError, TypeError, ValueError):
        return None


def picture_number(call: RecordedCall) -> int | None:
    """Return which picture of its task a call fetches."""
    name = str(call.raw["path"]).rpartition("/")[2].partition(".")[0]
    return int(name) if name.isascii() and name.isdigit() and len(name) < 3 else None
