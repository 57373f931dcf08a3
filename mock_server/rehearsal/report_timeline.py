"""A drill as its page shows it: the calls of its table, and both views of them on a timeline.

Rule 1: the client's view is what it sent and heard; the server's view is what was true.
Rule 2: both are bounded. The calls that matter stay: the evidence, the charges that were wasted,
the submits, the answers that were lost. Of the others some stay, evenly; the page says how many.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.formatting import counted, cut, yuan
from mock_server.pages.charts import evenly
from mock_server.pages.environment import seconds
from mock_server.pages.timeline import Bar, Lane, Mark, Row, Timeline
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.report import call_json, shown
from mock_server.rehearsal.verdicts import DrillResult

MOST_TASKS = 12
MOST_CALLBACKS = 40
MOST_TEXT = 200  # characters of a text in a table
ROWS = (
    ("submits", (Operation.SUBMIT_TASK,)), ("queries", (Operation.QUERY_TASK,)),
    ("lists", (Operation.LIST_TASKS,)), ("pictures", (Operation.GET_PICTURE,)),
)  # fmt: skip
REACHED = {"ok": "heard", "refused": "heard", "lost": "lost", "left": "left"}
ENDS = {"succeeded": "done", "failed": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillView:
    """What the page shows of a drill beside its part of report.json.

    `calls`: rows of the table, of `total` calls. `span_s`: how long the timeline is.
    """

    timeline: Timeline | None
    calls: Sequence[Mapping[str, Any]]
    total: int


def view_of(result: DrillResult, most: int) -> DrillView:
    """Return what the page shows of a drill, with at most so many calls."""
    evidence = result.evidence
    marked = {call.id for each in result.counted for call in each.breach.calls}
    wasted = result.wasted
    kept = kept_calls(evidence, marked | set(wasted), most)
    rows = [
        {**_row(evidence, each), "is_marked": each.id in marked, "is_wasted": each.id in wasted}
        for each in kept
    ]
    timeline = _timeline(result, kept) if kept else None
    return DrillView(timeline=timeline, calls=rows, total=len(evidence.calls))


def kept_calls(evidence: Evidence, marked: set[int], most: int) -> list[SeenCall]:
    """Return at most so many calls in their order; those that matter first of all."""
    if len(evidence.calls) <= most:
        return list(evidence.calls)
    kept: set[int] = set()
    groups = (
        [each for each in evidence.calls if each.id in marked],
        [each for each in evidence.calls if _matters(each)],
        list(evidence.calls),
    )
    for number, group in enumerate(groups, start=1):
        room = most * number // len(groups) - len(kept)
        kept |= {each.id for each in evenly([each for each in group if each.id not in kept], room)}
    return [each for each in evidence.calls if each.id in kept]


def _matters(call: SeenCall) -> bool:
    return call.operation == Operation.SUBMIT_TASK or not call.heard


def _row(evidence: Evidence, call: SeenCall) -> dict[str, Any]:
    row = call_json(evidence, call)
    texts = {
        name: row[name] and cut(row[name], MOST_TEXT) for name in ("operation", "answer", "task_id")
    }
    return {**row, **texts, "reached": REACHED[_kind(call)]}


def _kind(call: SeenCall) -> str:
    """Return what became of a call, as its client saw it."""
    sent = call.call.raw["sent"]
    if not call.heard:
        return "left" if sent is not None and sent["left_after_ms"] is not None else "lost"
    refused = call.operation in VENDOR_OPERATIONS and not call.call.succeeded
    return "refused" if refused or call.status >= 400 or not call.answered else "ok"


def _timeline(result: DrillResult, kept: Sequence[SeenCall]) -> Timeline:
    evidence = result.evidence
    runs = evidence.runs()
    sent = [(each, at) for each in evidence.callbacks for at in _attempts(evidence, each)]
    ends = [each.known_at for each in evidence.calls] + [end for _, end in runs]
    ends += [at + attempt["duration_ms"] for _, (attempt, at) in sent if attempt["duration_ms"]]
    origin = evidence.calls[0].began_at
    tasks = list(_tasks(evidence))
    server = [_task_row(evidence, *each, origin) for each in tasks[:MOST_TASKS]]
    server += _charges(result, kept, origin)
    if sent:
        server.append(_callbacks(evidence, sent, origin))
    return Timeline(
        lanes=(
            Lane(title="What the client did and heard", rows=list(_client(evidence, kept, origin))),
            Lane(title="What happened at the server", rows=server),
        ),
        begin_ms=min([origin, *(begin for begin, _ in runs)]) - origin,
        end_ms=max(ends) - origin,
        notes=list(_notes(evidence, len(kept), len(tasks), len(sent))),
    )


def _notes(evidence: Evidence, kept: int, tasks: int, callbacks: int) -> Iterator[str]:
    if kept < len(evidence.calls):
        yield (
            f"Showing {kept} of {len(evidence.calls)} calls: first those that matter (evidence, "
            "submits, lost answers), then others at even distances."
        )
    if tasks > MOST_TASKS:
        yield f"Showing the first {MOST_TASKS} of {tasks} tasks."
    if callbacks > MOST_CALLBACKS:
        yield f"Showing {MOST_CALLBACKS} of {callbacks} callbacks."


def _client(evidence: Evidence, kept: Sequence[SeenCall], origin: int) -> Iterator[Row]:
    if runs := evidence.runs():
        how = [*evidence.earlier, evidence.ended]
        said = [_end_of(each) for each in how]
        bars = [
            Bar(start_ms=begin - origin, end_ms=end - origin, kind="run", mark=None,
                says=f"The program ran for {seconds(end - begin)}: {what}")
            for (begin, end), what in zip(runs, said[-len(runs):], strict=True)
        ]  # fmt: skip
        yield Row(label="program", says=f"The program: {'; then '.join(said)}", bars=bars)
    named = {operation for _, operations in ROWS for operation in operations}
    others = tuple({each.operation for each in kept} - named)
    for label, operations in (*ROWS, ("other calls", others)):
        calls = [each for each in kept if each.operation in operations]
        if calls:
            kinds = [_kind(each) for each in calls]
            lost = sum(kind in ("lost", "left") for kind in kinds)
            says = f"{len(calls)} {label}, {kinds.count('refused')} refused, {lost} lost"
            yield Row(label=label, says=says, bars=[_call_bar(each, origin) for each in calls])


def _end_of(ended: Any) -> str:
    if ended.timed_out:
        return "it was ended at the time limit"
    return "it was ended" if ended.status is None else f"exit code {ended.status}"


def _call_bar(call: SeenCall, origin: int) -> Bar:
    kind = _kind(call)
    price = f", {yuan(call.call.fen)} yuan" if call.call.charged else ""
    return Bar(
        start_ms=call.began_at - origin, end_ms=call.known_at - origin,
        kind="lost" if kind == "left" else kind, mark=None if kind == "ok" else kind,
        says=f"call {call.id}: {cut(call.call.answer, MOST_TEXT)}{price}",
    )  # fmt: skip


def _tasks(evidence: Evidence) -> Iterator[tuple[str, SeenCall]]:
    """Yield the tasks that the client made, each with the call that made it."""
    found: dict[str, SeenCall] = {}
    for each in evidence.submits:
        if each.call.task_id:
            found.setdefault(each.call.task_id, each)
    yield from found.items()


def _task_row(evidence: Evidence, task_id: str, made: SeenCall, origin: int) -> Row:
    task = evidence.tasks.get(task_id, {})
    status = str(task.get("status") or "unknown")
    at = {
        name: None if task.get(name) is None else evidence.real_time(task[name]) - origin
        for name in ("submitted_at", "starts_at", "ends_at")
    }
    begin = made.call.raw["real_at"] - origin if at["submitted_at"] is None else at["submitted_at"]
    start = begin if at["starts_at"] is None else at["starts_at"]
    end = at["ends_at"]
    mark = "open" if end is None else ENDS.get(str(task.get("outcome") or status), "open")
    short = f"task …{task_id[-6:]}" if len(task_id) > 8 else f"task {task_id}"
    told = "it never ends" if end is None else f"{status} after {seconds(end - begin)}"
    says = f"Task {cut(task_id, MOST_TEXT)}, made by call {made.id}: {told}"
    bars = [Bar(start_ms=start, end_ms=end, kind="ran", mark=mark, says=says)]
    if start > begin:
        waits = f"Task {cut(task_id, MOST_TEXT)} waits"
        bars.insert(0, Bar(start_ms=begin, end_ms=start, kind="waiting", says=waits))
    return Row(label=shown(evidence, short), says=shown(evidence, says), bars=bars)


def _charges(result: DrillResult, kept: Sequence[SeenCall], origin: int) -> Iterator[Row]:
    wasted = result.wasted
    charged = [each for each in kept if each.call.charged]
    total = sum(each.call.charged for each in result.evidence.calls)
    for kind, label, count in (
        ("charge", "charged", total - len(wasted)), ("wasted", "charged, broken rule", len(wasted)),
    ):  # fmt: skip
        marks = [
            Mark(at_ms=each.call.raw["real_at"] - origin, kind=kind,
                 says=f"call {each.id}: {yuan(each.call.fen)} yuan")
            for each in charged if (each.id in wasted) == (kind == "wasted")
        ]  # fmt: skip
        if marks:
            yield Row(label=label, says=f"{counted(count, 'call')} {label}", marks=marks)


def _attempts(
    evidence: Evidence, callback: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], float]]:
    """Yield what was sent of a callback, each with its real instant."""
    for each in callback["attempts"]:
        if each["at"] is not None:
            yield each, evidence.real_time(each["at"])


def _callbacks(
    evidence: Evidence, sent: Sequence[tuple[Mapping[str, Any], tuple[Mapping[str, Any], float]]],
    origin: int,
) -> Row:  # fmt: skip
    marks = []
    for callback, (attempt, at) in evenly(sent, MOST_CALLBACKS):
        was_taken = 200 <= (attempt["status"] or 0) < 300
        answer = attempt["status"] or cut(str(attempt["error"] or "no answer"), MOST_TEXT)
        fault = f", {callback['fault']['kind']}" if callback["fault"] else ""
        says = f"callback of task {cut(str(callback['task_id']), MOST_TEXT)}{fault}: {answer}"
        marks.append(Mark(at_ms=at - origin, kind="delivered" if was_taken else "rejected",
                          says=shown(evidence, says)))  # fmt: skip
    taken = sum(200 <= (attempt["status"] or 0) < 300 for _, (attempt, _) in sent)
    return Row(label="callbacks", says=f"{counted(len(sent), 'callback')}, {taken} answered 2xx",
               marks=marks)  # fmt: skip
