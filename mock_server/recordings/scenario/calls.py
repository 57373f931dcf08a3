"""The calls of a recording, each with its outcome, its instant and the ids of tasks in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.calls import Operation, operation_of
from mock_server.domain.call.errors import ErrorTables
from mock_server.domain.findings import asked_id, list_page
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings
from mock_server.recordings.reader import Exchange
from mock_server.recordings.scenario.outcome import (
    UNKNOWN,
    Outcome,
    OutcomeKind,
    outcome_of,
    sent_outcome,
    word_of,
)

# Where a recording has no time: no hurry, and no task is gone.
STEP_MS = 1_000
# The routes with every reading that adds some.
WIDEST = with_readings(DEFAULT_READINGS, {"query.method": "post-or-get"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTask:
    """A task as an answer shows it: how far it is (`word`), and how many pictures it has."""

    id: str
    word: str
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A recorded call. `at`: ms since 1970, on the account's clock if it is of a journal.

    `asked`: the task that it queries. `made`: the task that its answer names as its own.
    `seen`: the tasks that its answer shows, in the order of the page.
    `is_newest`: they are a page of the list with the newest tasks on it. `late_ms`: how long the
    answer took, None if that is unknown.
    """

    exchange: Exchange
    at: int
    operation: Operation | None
    outcome: Outcome
    asked: str | None = None
    made: str | None = None
    seen: tuple[SeenTask, ...] = ()
    is_newest: bool = False
    late_ms: int | None = None

    @property
    def number(self) -> int:
        """The number of its entry or line in the file."""
        return self.exchange.number


def calls_of(
    exchanges: Sequence[Exchange], tables: ErrorTables, readings: Readings = WIDEST
) -> list[RecordedCall]:
    """Return the calls in the order in which they began."""
    found, at = [], 0
    for each in sorted(_timed(exchanges), key=lambda pair: pair[0]):
        at = max(at, each[0])
        found.append(_call(each[1], at, tables, readings))
    return found


def _timed(exchanges: Sequence[Exchange]) -> list[tuple[int, Exchange]]:
    """Return each exchange with its instant; one without is a step after the one before it."""
    known = [instant for each in exchanges if (instant := _instant(each)) is not None]
    at = min(known, default=0) - STEP_MS
    timed = []
    for each in exchanges:
        instant = _instant(each)
        at = at + STEP_MS if instant is None else instant
        timed.append((at, each))
    return timed


def _instant(exchange: Exchange) -> int | None:
    return exchange.at if exchange.clock_at is None else exchange.clock_at


def _call(exchange: Exchange, at: int, tables: ErrorTables, readings: Readings) -> RecordedCall:
    operation = operation_of(exchange.call, readings)
    outcome = _outcome(exchange, operation, tables)
    body = exchange.answer.body
    fine = outcome.kind is OutcomeKind.RESULT
    page = list_page(body) if fine and operation is Operation.LIST_TASKS else None
    is_query = operation is Operation.QUERY_TASK
    asked = asked_id(exchange.call) if is_query else None
    return RecordedCall(
        exchange=exchange,
        at=at,
        operation=operation,
        outcome=outcome,
        asked=asked,
        made=_made(body) if fine and operation is Operation.SUBMIT_TASK else None,
        seen=tuple(_shown(body, asked)) if page is not None or (is_query and fine) else (),
        is_newest=page is not None and page.has_newest,
        late_ms=_late_ms(exchange),
    )


def _outcome(exchange: Exchange, operation: Operation | None, tables: ErrorTables) -> Outcome:
    if exchange.sent is not None and exchange.decided is not None:
        return sent_outcome(exchange.sent, exchange.decided, operation, tables)
    if not exchange.answer_read:
        return UNKNOWN
    return outcome_of(exchange.answer, operation, tables)


def _late_ms(exchange: Exchange) -> int | None:
    """Return how late the answer was. A journal knows what was held back, if the client left."""
    if exchange.sent is None:
        return exchange.took_ms
    late = exchange.sent.get("late_ms")
    return max(exchange.took_ms or 0, late if isinstance(late, int) else 0)


def _made(body: bytes) -> str | None:
    made = (service_body(body) or {}).get("task_id")
    return str(made) if made else None


def _shown(body: bytes, asked: str | None) -> Iterator[SeenTask]:
    """Yield the tasks of a page of the list, or the one that was asked for."""
    found = service_body(body) or {}
    page = found.get("pagebean", found)
    items = page.get("contentlist", []) if asked is None else [{**found, "task_id": asked}]
    for item in items:
        if isinstance(item, dict) and item.get("task_id"):
            pictures = item.get("resList")
            yield SeenTask(
                id=str(item["task_id"]),
                word=word_of(item),
                pictures=len(pictures) if isinstance(pictures, list) else 0,
            )
