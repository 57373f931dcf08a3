"""The summary of a sweep, for a terminal of 80 columns: what breaks the client, and how to mend it.

Rule 1: the verdict comes first, then the causes with their evidence, then what was left out.
Rule 2: as in the scorecard, what others wrote is shown as escapes where it does not print.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mock_server import contract
from mock_server.domain.languages import ENGLISH
from mock_server.formatting import counted
from mock_server.rehearsal.report import shown
from mock_server.rehearsal.report_lines import Line, said, statement
from mock_server.rehearsal.verdicts import DrillResult, Judged
from mock_server.sweep.causes import Values
from mock_server.sweep.rows import FoundCause, Standing

if TYPE_CHECKING:  # it shows its summary itself
    from mock_server.sweep.outcome import SweepReport

MOST_CAUSES = 20
MOST_EXAMPLES = 4
MOST_NUMBERS = 12


def lines(
    sweep: "SweepReport", encoding: str | None = None, language: str = ENGLISH
) -> Iterator[str]:
    """Yield what a person reads at the end, in a language. `encoding`: as of the scorecard."""
    return said(_lines(sweep), language, encoding)


def sentence(cause: FoundCause) -> str:
    """Return the readings of a cause, such as `result.item is object, unless envelope is bare`."""
    text = " and ".join(_each(cause.values))
    return f"{text}, unless {' or '.join(_each(cause.unless))}" if cause.unless else text


def headline(sweep: "SweepReport") -> str:
    """Return the verdict in a sentence or two."""
    if sweep.base.called_nothing or not sweep.rows:
        return "Nothing can be said of the client."
    of = f"{sweep.robust} of {counted(len(sweep.rows), 'combination')}"
    if sweep.base.has_failed:
        said = f"Not robust: it breaks rules by default. Nothing more breaks in {of}"
    else:
        said = f"Robust in {of}"
    if len(sweep.causes) == 1:
        said += f"; breaks when {sentence(sweep.causes[0])}"
    varied, touched = len(sweep.plan.factors), len(sweep.plan.factors) - len(sweep.untouched)
    return f"{said}. Its calls depend on {touched} of {counted(varied, 'reading')}."


def _lines(sweep: "SweepReport") -> Iterator[Line]:
    yield statement(headline(sweep), first="")
    if sweep.base.has_failed:
        yield Line("")
        yield from _of_the_base(sweep)
    for cause in sweep.causes[:MOST_CAUSES]:
        yield Line("")
        yield from _of_a_cause(sweep, cause)
    if len(sweep.causes) > MOST_CAUSES:
        yield Line("")
        yield Line(f"and {len(sweep.causes) - MOST_CAUSES} more causes: sweep.json has them all")
    rest = [*_unexplained(sweep), *_flaky(sweep)]
    if rest:
        yield Line("")
        yield from rest
    yield Line("")
    yield from _foot(sweep)


def _of_the_base(sweep: "SweepReport") -> Iterator[Line]:
    yield statement(f"Fails without any sweep, with {sweep.plan.base_text}:", first="")
    for result in sweep.base.results:
        for judged in result.counted[:1]:
            yield _evidence(result, judged)
    yield statement("What to do: mend this first; `artqr-mock rehearse` shows the calls.")


def _of_a_cause(sweep: "SweepReport", cause: FoundCause) -> Iterator[Line]:
    more = "also " * sweep.base.has_failed
    yield statement(f"Breaks {more}when {sentence(cause)}", first="")
    if not cause.is_simple:
        found = "these together were seen to break it"
        yield statement(f"No single reading or pair of readings explains it; {found}.")
    yield statement(f"In {_numbers(cause.rows)}, and with nothing else changed:")
    for example in cause.examples[:MOST_EXAMPLES]:
        yield _evidence(example.result, example.judged)
    if len(cause.examples) > MOST_EXAMPLES:
        yield Line(f"  and in {counted(len(cause.examples) - MOST_EXAMPLES, 'more drill')}")
    rows = _questions()
    for name in sorted({name for name, _ in cause.values | cause.unless}):
        row = rows[name]
        yield statement(f"{row['question']} The default, {row['default']}, is {row['certainty']}.")
        yield statement(f"What to do: {row['advice']}")


def _evidence(result: DrillResult, judged: Judged) -> Line:
    says = shown(result.evidence, judged.breach.says)
    return statement(f"{result.evidence.drill.id} [{judged.rule.id}] {says}")


def _unexplained(sweep: "SweepReport") -> Iterator[Line]:
    found: dict[str, list[int]] = {}
    for drill, number in sweep.unexplained:
        found.setdefault(drill, []).append(number)
    rows = {row.number: row for row in sweep.rows}
    for drill, numbers in found.items():
        yield statement(f"{drill} fails in {_numbers(numbers)}: {_why(sweep)}", first="")
        row = rows[numbers[0]]
        result = next(each for each in row.report.results if each.evidence.drill.id == drill)
        yield _evidence(result, row.more[drill][0])


def _why(sweep: "SweepReport") -> str:
    if sweep.interrupted:
        return "the sweep ended before it had looked for the cause."
    return (
        "no single reading, no pair and nothing else that was tried explains it. sweep.json has "
        "the readings: give some of them to --fix, and sweep the others."
    )


def _flaky(sweep: "SweepReport") -> Iterator[Line]:
    found: dict[str, list[int]] = {}
    for row in sweep.rows:
        for drill in row.flaky:
            found.setdefault(drill, []).append(row.number)
    for drill, numbers in found.items():
        yield statement(
            f"FLAKY {drill}: with the same readings it failed, and passed, in "
            f"{_numbers(numbers)}. A reading is not the cause.", first="",
        )  # fmt: skip


def _foot(sweep: "SweepReport") -> Iterator[Line]:
    drills = [each.id for each in sweep.plan.drills if each.id not in sweep.silent]
    yield statement(f"Drills: {', '.join(drills) or 'none'}", first="")
    for drill, reasons in sweep.silent.items():
        yield Line(f"Says nothing: {drill} ({'; '.join(reasons)})")
    if sweep.plan.fixed:
        fixed = ", ".join(f"{name}={value}" for name, value in sweep.plan.fixed.items())
        yield statement(f"Fixed: {fixed}", first="")
    yield from _named("Untested, because no call depends on it", sweep.untouched)
    yield from _named("Left out, because no drill can show it", sweep.plan.left_out)
    looked = f", {sweep.reruns} of them to find causes" if sweep.reruns else ""
    yield Line(f"{counted(sweep.runs, 'run')} in {sweep.seconds:.0f} s{looked}")
    unclear = [row.number for row in sweep.rows if row.standing is Standing.UNCLEAR]
    if unclear:
        yield statement(f"No drill says anything in {_numbers(unclear)}", first="")
    if sweep.interrupted:
        planned = counted(len(sweep.plan.combinations), "combination")
        yield Line(f"interrupted: {len(sweep.rows)} of {planned} ran")


def _named(title: str, reasons: Mapping[str, str]) -> Iterator[Line]:
    names = ", ".join(sorted(reasons))
    if names:
        yield statement(f"{title}: {names}", first="")


def _numbers(numbers: Iterable[int]) -> str:
    found = [str(each) for each in sorted(set(numbers))]
    if not found:
        return "no combination of the plan"
    more = f" and {len(found) - MOST_NUMBERS} more" if len(found) > MOST_NUMBERS else ""
    noun = "combination" if len(found) == 1 else "combinations"
    return f"{noun} {', '.join(found[:MOST_NUMBERS])}{more}"


def _each(values: Values) -> list[str]:
    return [f"{name} is {value}" for name, value in sorted(values)]


def _questions() -> dict[str, Mapping[str, str]]:
    return {row["id"]: row for row in contract.load_toml("readings.toml")["reading"]}
