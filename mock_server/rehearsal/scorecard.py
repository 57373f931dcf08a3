"""The scorecard of a rehearsal, for a terminal of 80 columns: failures first, a summary last.

Rule 1: the summary fits on a screen of 80 columns and 24 lines, whatever was found.
Rule 2: what we write is ASCII; of what others wrote, only what the terminal's encoding has is shown
as it is.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, chop_cells

from mock_server.audit.next_steps import StepVerdict
from mock_server.audit.retry_bill import bill_of
from mock_server.audit.seen_call import SeenCall
from mock_server.formatting import counted, yuan
from mock_server.rehearsal import baseline
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.report import aside, call_json, output_of, reactions_of, shown
from mock_server.rehearsal.verdicts import DrillResult, Verdict

if TYPE_CHECKING:  # it shows its scorecard itself
    from mock_server.rehearsal.outcome import Report

WIDTH = 80
SUMMARY_LINES = 24
WAIVED_LINES = 5
MOST_OUTPUT_LINES = 8
ORDER = (Verdict.FAIL, Verdict.FLAKY, Verdict.INCONCLUSIVE, Verdict.PASS)
FAILURES = (Verdict.FAIL, Verdict.FLAKY)


def lines(rehearsal: "Report", encoding: str | None = None) -> Iterator[str]:
    """Yield what a person reads at the end: the failures with their evidence, then a summary.

    `encoding`: that of the terminal; by default that of our standard output.
    """
    yield from fitted(_lines(rehearsal), encoding)


def fitted(found: Iterable[str], encoding: str | None = None) -> Iterator[str]:
    """Yield lines in parts that fit, in what the encoding of the terminal has."""
    charset = encoding or sys.stdout.encoding or "ascii"
    for line in found:
        for part in _folded(line.encode(charset, "backslashreplace").decode(charset)):
            yield part.rstrip()


def line_of(result: DrillResult) -> str:
    """Return one drill in one line."""
    why = result.counted[0].rule.id if result.counted else "; ".join(result.reasons)
    others = f" ({', '.join(result.others)})" if result.others else ""
    line = f"{result.verdict} {result.evidence.drill.id}{others}" + (f": {why}" if why else "")
    return cut(shown(result.evidence, line))


def summary(rehearsal: "Report") -> list[str]:
    """Return the last lines: which drills had which verdict, and what was wasted."""
    found = rehearsal.as_json
    totals = found["totals"]
    foot = _waived(rehearsal)[:WAIVED_LINES]
    if found["baseline"] is not None:
        foot += wrapped(f"baseline: {found['baseline']['sentence']}", first="")
    if rehearsal.hint is not None:
        foot.append(rehearsal.hint)
    if rehearsal.has_bill:
        foot.append(
            f"{counted(totals['calls'], 'call')}, {totals['charges']} charged; "
            f"broken rules cost {_price(totals['wasted_charges'], totals['fen_wasted'])}"
        )
        foot += _reacted(found["drills"])
    if rehearsal.interrupted:
        foot.append(
            f"interrupted: {len(rehearsal.results)} of {rehearsal.planned} {rehearsal.drills} ran"
        )
    room = SUMMARY_LINES - len(foot)
    groups = [
        (verdict, [each.evidence.drill.id for each in rehearsal.results if each.verdict is verdict])
        for verdict in ORDER
    ]
    groups = [(verdict, ids) for verdict, ids in groups if ids]
    shown_groups: list[str] = []
    for number, (verdict, ids) in enumerate(groups, start=1):
        # Each group that follows needs a line.
        most = room - len(shown_groups) - (len(groups) - number)
        shown_groups += _group(verdict, ids, most)
    return [*shown_groups, *foot]


def _lines(rehearsal: "Report") -> Iterator[str]:
    for verdict in FAILURES:
        for result in rehearsal.results:
            if result.verdict is verdict:
                yield from _failure(result)
                yield ""
    beside = [line for each in rehearsal.results for line in _besides(each)]
    yield from beside
    if beside:
        yield ""
    if rehearsal.earlier is not None:
        yield "Against the baseline:"
        for line in baseline.lines(rehearsal.as_json["baseline"]):
            yield from wrapped(line)
        yield ""
    yield from summary(rehearsal)


def _failure(result: DrillResult) -> Iterator[str]:
    evidence = result.evidence
    yield line_of(result)
    yield from wrapped(evidence.drill.says)
    for number, judged in enumerate(result.counted):
        yield from wrapped(f"[{judged.rule.id}] {shown(evidence, judged.breach.says)}")
        if number == 0:
            yield from wrapped(f"Rule: {judged.rule.says}")
            yield from wrapped(f"What to do: {judged.rule.advice}")
            yield from _table(evidence, judged.breach.calls)
    if evidence.has_bill:
        cost = _price(len(result.wasted), sum(result.wasted.values()))
        yield from wrapped(f"The broken rules cost {cost if result.wasted else 'nothing'}.")
        bill = bill_of(evidence)
        if bill.wasted:
            yield from wrapped(f"Retry bill: {shown(evidence, bill.sentence)}")
        yield from _reactions(result)
    for judged in result.broken:
        if not judged.counts:
            yield from wrapped(aside(evidence, judged))
    output = output_of(result).strip().splitlines()[-MOST_OUTPUT_LINES:]
    if output:
        yield f"  {evidence.output_title}"
        yield from (cut(f"    {line}") for line in output)


def _besides(result: DrillResult) -> Iterator[str]:
    """Yield what is worth a word of a drill that did not fail."""
    if result.verdict is Verdict.INCONCLUSIVE:
        yield line_of(result)
    if result.verdict not in FAILURES:
        for judged in result.broken:
            said = f"{result.evidence.drill.id}: {aside(result.evidence, judged)}"
            yield from wrapped(said, first="")


def _table(evidence: Evidence, calls: Sequence[SeenCall]) -> Iterator[str]:
    """Yield one line a call: real time, call, answer, yuan, task."""
    if not calls:
        return
    yield "    after ms  call         answer                 yuan  task"
    for each in calls:
        row = call_json(evidence, each)
        cost = yuan(row["fen"]) if row["fen"] else "-"
        answer = row["answer"] if each.heard else f"{row['answer']} (lost)"
        yield cut(
            f"    {row['after_ms']:>8}  {row['operation'][:11]:<11}  {answer[:20]:<20}  "
            f"{cost:>5}  {row['task_id'] or ''}"
        )


def _reacted(drills: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return how many errors the client met, and handled wrongly, in all drills."""
    rows = [row for each in drills for row in each["reactions"]]
    met = {(row["status"], row["code"], row["message"]): False for row in rows}
    for row in rows:
        if row["verdict"] == StepVerdict.WRONG:
            met[row["status"], row["code"], row["message"]] = True
    if not met:
        return []
    return [f"{counted(len(met), 'different error')} met, {sum(met.values())} handled wrongly"]


def _reactions(result: DrillResult) -> Iterator[str]:
    """Yield the errors that the client handled wrongly."""
    for row in reactions_of(result.evidence):
        if row["verdict"] == StepVerdict.WRONG:
            error = " ".join(filter(None, (str(row["status"] or ""), row["code"], row["message"])))
            yield from wrapped(f"{error} means {row['means']}: the client {row['next']}")


def _waived(rehearsal: "Report") -> list[str]:
    found = {
        judged.rule.id: judged.waived
        for result in rehearsal.results
        for judged in result.broken
        if judged.waived is not None
    }
    said = [cut(f"waived {rule}: {reason}") for rule, reason in found.items()]
    if len(said) > WAIVED_LINES:
        return [*said[: WAIVED_LINES - 1], f"and {len(said) - WAIVED_LINES + 1} more waived rules"]
    return said


def _group(verdict: Verdict, ids: Sequence[str], most: int) -> list[str]:
    """Return the drills of a verdict in so many lines; those without room are counted."""
    for kept in range(len(ids), -1, -1):
        names = [*ids[:kept], *([f"{len(ids) - kept} more"] if kept < len(ids) else [])]
        found = wrapped(f"{verdict} {len(ids)}: {', '.join(names)}", first="")
        if len(found) <= most:
            return found
    return [f"{verdict} {len(ids)}"]


def _price(charges: int, fen: int) -> str:
    return f"{counted(charges, 'charge')}, {yuan(fen)} yuan"


def wrapped(text: str, first: str = "  ") -> list[str]:
    """Return a text in lines of the terminal's width."""
    found, line = [], first
    for word in text.split():
        joined = f"{line} {word}" if line.strip() else f"{line}{word}"
        if cell_len(joined) > WIDTH and line.strip():
            found.append(line)
            joined = f"  {word}"
        line = joined
    return [*found, line]


def _folded(line: str) -> list[str]:
    """Return a line in parts that fit: a long word, or an escape, may have made it too long."""
    return [line] if cell_len(line) <= WIDTH else list(chop_cells(line, WIDTH))


def cut(line: str) -> str:
    """Return a line that fits; ` ...` stands for its end."""
    if cell_len(line) <= WIDTH:
        return line
    return chop_cells(line, WIDTH - 4)[0].rstrip() + " ..."
