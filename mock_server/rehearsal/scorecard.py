"""The scorecard of a rehearsal, for a terminal of 80 columns: failures first."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mock_server.formatting import counted, printable, yuan
from mock_server.rehearsal.report import as_json, output_of
from mock_server.rehearsal.verdicts import DrillResult, Verdict
from mock_server.testing.tables import calls_table

if TYPE_CHECKING:  # it shows its scorecard itself
    from mock_server.rehearsal.outcome import Report

WIDTH = 80
MOST_OUTPUT_LINES = 8
ORDER = (Verdict.FAIL, Verdict.FLAKY, Verdict.INCONCLUSIVE, Verdict.PASS)


def lines(rehearsal: "Report") -> Iterator[str]:
    """Yield what a person reads at the end: the failures with their evidence, then a summary."""
    for result in rehearsal.results:
        if result.verdict in (Verdict.FAIL, Verdict.FLAKY):
            yield from _failure(result)
            yield ""
    yield from _summary(rehearsal)


def line_of(result: DrillResult) -> str:
    """Return one drill in one line."""
    why = result.counted[0].rule.id if result.counted else "; ".join(result.reasons)
    others = f" ({', '.join(result.others)})" if result.others else ""
    line = f"{result.verdict:<12} {result.evidence.drill.id}{others}" + (f": {why}" if why else "")
    return textwrap.shorten(printable(line), WIDTH, placeholder=" ...")


def _failure(result: DrillResult) -> Iterator[str]:
    drill = result.evidence.drill
    yield line_of(result)
    yield from _wrapped(drill.says)
    for judged in result.broken:
        waived = f" (waived: {judged.waived})" if judged.waived is not None else ""
        yield from _wrapped(f"{judged.breach.says} [{judged.rule.id}]{waived}")
    if result.counted:
        first = result.counted[0]
        yield from _wrapped(f"What to do: {first.rule.advice}")
        if first.breach.calls:
            table = calls_table([each.call for each in first.breach.calls])
            yield from (f"    {line}"[: WIDTH * 2] for line in table.splitlines())
    output = output_of(result).strip().splitlines()[-MOST_OUTPUT_LINES:]
    if output:
        yield "  Its output ends with:"
        yield from (f"    {line}"[:WIDTH] for line in output)


def _summary(rehearsal: "Report") -> Iterator[str]:
    totals = as_json(rehearsal)["totals"]
    for verdict in ORDER:
        ids = [each.evidence.drill.id for each in rehearsal.results if each.verdict is verdict]
        if ids:
            yield from _wrapped(f"{verdict} {len(ids)}: {', '.join(ids)}", indent="  ", first="")
    waived = {each.rule.id: each.waived for result in rehearsal.results for each in result.broken
              if each.waived is not None}  # fmt: skip
    for rule, reason in waived.items():
        yield from _wrapped(f"waived {rule}: {reason}", first="")
    wasted = totals["fen_wasted"]
    yield (
        f"{counted(totals['calls'], 'call')}, {totals['charges']} charged; "
        f"wasted: {counted(totals['wasted_charges'], 'charge')}, {yuan(wasted)} yuan"
    )
    if rehearsal.interrupted:
        yield f"interrupted: {len(rehearsal.results)} of {rehearsal.planned} drills ran"


def _wrapped(text: str, indent: str = "  ", first: str | None = None) -> list[str]:
    return textwrap.wrap(
        printable(text), WIDTH, initial_indent=indent if first is None else first,
        subsequent_indent=indent, break_on_hyphens=False,
    )  # fmt: skip
