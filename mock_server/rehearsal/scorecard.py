"""The scorecard of a rehearsal, for a terminal of 80 columns: failures first, a summary last.

Rule 1: the summary fits on a screen of 80 columns and 24 lines, whatever was found.
Rule 2: what we write in English is ASCII; of what others wrote, and of Chinese, only what the
terminal's encoding has is shown as it is.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, chop_cells, set_cell_size

from mock_server.audit.next_steps import StepVerdict
from mock_server.audit.retry_bill import bill_of
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.languages import ENGLISH
from mock_server.formatting import yuan
from mock_server.rehearsal import baseline
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.report import call_json, output_of, reactions_of, safe, shown
from mock_server.rehearsal.verdicts import DrillResult, Judged, Verdict
from mock_server.translations import sentence_in
from mock_server.words import Words, words_of

if TYPE_CHECKING:  # it shows its scorecard itself
    from mock_server.rehearsal.outcome import Report

WIDTH = 80
SUMMARY_LINES = 24
WAIVED_LINES = 5
MOST_OUTPUT_LINES = 8
ORDER = (Verdict.FAIL, Verdict.FLAKY, Verdict.INCONCLUSIVE, Verdict.PASS)
FAILURES = (Verdict.FAIL, Verdict.FLAKY)
# What stays on one line: a word, or a Chinese character with the marks that belong to it.
UNITS = re.compile(
    r"(\s*)([（“「]*[\u2e80-\u2fff\u3005-\u9fff][，。；：？！、）”」]*|[^\s\u2e80-\u9fff（“「]+|\S)"
)


def lines(
    rehearsal: "Report", encoding: str | None = None, language: str = ENGLISH
) -> Iterator[str]:
    """Yield what a person reads at the end: the failures with their evidence, then a summary.

    `encoding`: that of the terminal; by default that of our standard output.
    """
    yield from fitted(_lines(rehearsal, words_of(language)), encoding)


def fitted(found: Iterable[str], encoding: str | None = None) -> Iterator[str]:
    """Yield lines in parts that fit, in what the encoding of the terminal has."""
    charset = encoding or sys.stdout.encoding or "ascii"
    for line in found:
        for part in _folded(line.encode(charset, "backslashreplace").decode(charset)):
            yield part.rstrip()


def line_of(result: DrillResult, language: str = ENGLISH) -> str:
    """Return one drill in one line."""
    why = result.counted[0].rule.id if result.counted else _why(result, language)
    others = f" ({', '.join(result.others)})" if result.others else ""
    line = f"{result.verdict} {result.evidence.drill.id}{others}" + (f": {why}" if why else "")
    return cut(shown(result.evidence, line))


def _why(result: DrillResult, language: str) -> str:
    return sentence_in("; ".join(result.reasons), language)


def summary(rehearsal: "Report", language: str = ENGLISH) -> list[str]:
    """Return the last lines: which drills had which verdict, and what was wasted."""
    t, found = words_of(language), rehearsal.as_json
    totals = found["totals"]
    foot = _waived(rehearsal, t)[:WAIVED_LINES]
    if found["baseline"] is not None:
        said = sentence_in(found["baseline"]["sentence"], language)
        foot += wrapped(t("score.baseline", says=said), first="")
    if rehearsal.hint is not None:
        foot.append(t(rehearsal.hint))
    if rehearsal.has_bill:
        price = _price(totals["wasted_charges"], totals["fen_wasted"], t)
        calls = t.count(totals["calls"], "call")
        foot.append(t("score.sums", calls=calls, charged=totals["charges"], price=price))
        foot += _reacted(found["drills"], t)
    if rehearsal.interrupted:
        ran, drills = len(rehearsal.results), t(f"names.{rehearsal.words.drill}")
        foot.append(t("score.interrupted", ran=ran, planned=rehearsal.planned, drills=drills))
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
        shown_groups += _group(verdict, ids, most, t)
    return [*shown_groups, *foot]


def _lines(rehearsal: "Report", t: Words) -> Iterator[str]:
    for verdict in FAILURES:
        for result in rehearsal.results:
            if result.verdict is verdict:
                yield from _failure(result, t)
                yield ""
    beside = [line for each in rehearsal.results for line in _besides(each, t)]
    yield from beside
    if beside:
        yield ""
    if rehearsal.earlier is not None:
        yield t("score.against")
        for line in baseline.lines(rehearsal.as_json["baseline"]):
            yield from wrapped(sentence_in(line, t.language))
        yield ""
    yield from summary(rehearsal, t.language)


def _failure(result: DrillResult, t: Words) -> Iterator[str]:
    evidence = result.evidence
    yield line_of(result, t.language)
    yield from wrapped(sentence_in(evidence.drill.says, t.language))
    for number, judged in enumerate(result.counted):
        yield from wrapped(f"[{judged.rule.id}] {_found(evidence, judged, t)}")
        if number == 0:
            rule = judged.rule
            yield from wrapped(t("score.rule", says=rule.in_language("says", t.language)))
            yield from wrapped(t("score.advice", says=rule.in_language("advice", t.language)))
            yield from _table(evidence, judged.breach.calls, t)
    if evidence.has_bill:
        cost = _price(len(result.wasted), sum(result.wasted.values()), t)
        yield from wrapped(t("score.cost", cost=cost) if result.wasted else t("score.no_cost"))
        bill = bill_of(evidence)
        if bill.wasted:
            yield from wrapped(
                t("score.bill", says=sentence_in(shown(evidence, bill.sentence), t.language))
            )
        yield from _reactions(result, t)
    for judged in result.broken:
        if not judged.counts:
            yield from wrapped(_aside(evidence, judged, t))
    output = output_of(result).strip().splitlines()[-MOST_OUTPUT_LINES:]
    if output:
        yield f"  {t(evidence.output_title)}"
        yield from (cut(f"    {line}") for line in output)


def _aside(evidence: Evidence, judged: Judged, t: Words) -> str:
    """Return a broken rule that does not count, with the reason, on one line."""
    waived = judged.waived
    why = t("score.note") if waived is None else t("score.waived", reason=safe(waived))
    return f"[{judged.rule.id}] {_found(evidence, judged, t)} ({why})"


def _found(evidence: Evidence, judged: Judged, t: Words) -> str:
    """Return what the client did, with what is of others made safe, in a language."""
    return sentence_in(shown(evidence, judged.breach.says), t.language)


def _besides(result: DrillResult, t: Words) -> Iterator[str]:
    """Yield what is worth a word of a drill that did not fail."""
    if result.verdict is Verdict.INCONCLUSIVE:
        yield line_of(result, t.language)
    if result.verdict not in FAILURES:
        for judged in result.broken:
            said = f"{result.evidence.drill.id}: {_aside(result.evidence, judged, t)}"
            yield from wrapped(said, first="")


def _table(evidence: Evidence, calls: Sequence[SeenCall], t: Words) -> Iterator[str]:
    """Yield one line a call: real time, call, answer, yuan, task."""
    if not calls:
        return
    yield f"    {t('score.header')}"
    for each in calls:
        row = call_json(evidence, each)
        cost = yuan(row["fen"]) if row["fen"] else "-"
        answer = sentence_in(row["answer"], t.language)
        answer = answer if each.heard else t("score.lost", answer=answer)
        yield cut(
            f"    {row['after_ms']:>8}  {row['operation'][:11]:<11}  {set_cell_size(answer, 20)}  "
            f"{cost:>5}  {row['task_id'] or ''}"
        )


def _reacted(drills: Sequence[Mapping[str, Any]], t: Words) -> list[str]:
    """Return how many errors the client met, and handled wrongly, in all drills."""
    rows = [row for each in drills for row in each["reactions"]]
    met = {(row["status"], row["code"], row["message"]): False for row in rows}
    for row in rows:
        if row["verdict"] == StepVerdict.WRONG:
            met[row["status"], row["code"], row["message"]] = True
    if not met:
        return []
    errors = t.count(len(met), "different_error")
    return [t("score.reacted", errors=errors, wrong=sum(met.values()))]


def _reactions(result: DrillResult, t: Words) -> Iterator[str]:
    """Yield the errors that the client handled wrongly."""
    for row in reactions_of(result.evidence):
        if row["verdict"] == StepVerdict.WRONG:
            error = " ".join(filter(None, (str(row["status"] or ""), row["code"], row["message"])))
            said = f"{error} means {row['means']}: the client {row['next']}"
            yield from wrapped(sentence_in(said, t.language))


def _waived(rehearsal: "Report", t: Words) -> list[str]:
    found = {
        judged.rule.id: judged.waived
        for result in rehearsal.results
        for judged in result.broken
        if judged.waived is not None
    }
    said = [cut(t("score.waived_rule", rule=rule, reason=reason)) for rule, reason in found.items()]
    if len(said) > WAIVED_LINES:
        more = t("score.more_waived", count=len(said) - WAIVED_LINES + 1)
        return [*said[: WAIVED_LINES - 1], more]
    return said


def _group(verdict: Verdict, ids: Sequence[str], most: int, t: Words) -> list[str]:
    """Return the drills of a verdict in so many lines; those without room are counted."""
    for kept in range(len(ids), -1, -1):
        more = [t("score.more", count=len(ids) - kept)] if kept < len(ids) else []
        names = [*ids[:kept], *more]
        found = wrapped(f"{verdict} {len(ids)}: {', '.join(names)}", first="")
        if len(found) <= most:
            return found
    return [f"{verdict} {len(ids)}"]


def _price(charges: int, fen: int, t: Words) -> str:
    return t("score.price", charges=t.count(charges, "charge"), yuan=yuan(fen))


def wrapped(text: str, first: str = "  ", rest: str = "  ") -> list[str]:
    """Return a text in lines of the terminal's width; Chinese breaks between any two characters.

    The lines begin with `first`, and then with `rest`.
    """
    found, line = [], first
    for space, word in UNITS.findall(text):
        joined = f"{line}{' ' if space and line.strip() else ''}{word}"
        if cell_len(joined) > WIDTH and line.strip():
            found.append(line)
            joined = f"{rest}{word}"
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
