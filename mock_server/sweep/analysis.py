"""From the results of single runs to rows and causes.

Rule: a combination breaks what is not broken in the base. A client that breaks a rule anyhow is not
said to break it by a reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.verdicts import DrillResult, Judged, Verdict
from mock_server.sweep.causes import Cause, Explanation, Outcome, Values
from mock_server.sweep.order import SweepOrder
from mock_server.sweep.plan import Combination, Plan, key_of, under
from mock_server.sweep.rows import Example, FoundCause, Row
from mock_server.sweep.touched import untouched

Key = tuple[str, frozenset[tuple[str, str]]]
Results = dict[Key, DrillResult]


def values_of(plan: Plan, drill: Drill, combination: Combination) -> Values:
    """Return the readings of a combination that differ from the base, as far as a drill lets it."""
    return frozenset(
        (name, value)
        for name, value in combination.items()
        if value != plan.base[name] and name not in drill.own_readings
    )


def outcomes(plan: Plan, drill: Drill, results: Results) -> dict[Values, Outcome]:
    """Return what a drill came to in every combination that ran."""
    return {
        values_of(plan, drill, each): outcome(plan, drill, run, results)
        for each in plan.combinations
        if key_of(run := under(drill, each)) in results
    }


def outcome(plan: Plan, drill: Drill, run: Drill, results: Results) -> Outcome:
    """Return what a run came to beside the base; UNCLEAR if it did not end."""
    found = results.get(key_of(run))
    if found is None or found.verdict is Verdict.INCONCLUSIVE:
        return Outcome.UNCLEAR
    if not more_than(results[key_of(under(drill, plan.base))], found):
        return Outcome.PASSES
    return Outcome.FLAKY if found.verdict is Verdict.FLAKY else Outcome.FAILS


def more_than(base: DrillResult, found: DrillResult) -> tuple[Judged, ...]:
    """Return the rules that a run breaks, and the base does not."""
    known = {each.rule.id for each in base.counted}
    return tuple(each for each in found.counted if each.rule.id not in known)


def rows_of(
    plan: Plan, order: SweepOrder, drills: Sequence[Drill], results: Results,
    explained: Mapping[str, Explanation],
) -> tuple[Row, ...]:  # fmt: skip
    """Return the combinations in which every drill ran that says something of the client."""
    found = []
    for number, combination in enumerate(plan.combinations, start=1):
        keys = [key_of(under(drill, combination)) for drill in drills]
        if drills and all(key in results for key in keys):
            row = _row(plan, order, number, drills, results)
            found.append(_with_flaky(plan, row, drills, explained))
    return tuple(found)


def _row(
    plan: Plan, order: SweepOrder, number: int, drills: Sequence[Drill], results: Results
) -> Row:
    combination = plan.combinations[number - 1]
    found = {drill.id: results[key_of(under(drill, combination))] for drill in drills}
    more = {
        drill.id: broken
        for drill in drills
        if (broken := more_than(results[key_of(under(drill, plan.base))], found[drill.id]))
    }
    return Row(
        number=number, readings=combination, more=more,
        report=Report(order=order.rehearsal, results=tuple(found.values()), planned=len(found)),
        flaky=tuple(name for name, each in found.items()
                    if name in more and each.verdict is Verdict.FLAKY),
    )  # fmt: skip


def _with_flaky(
    plan: Plan, row: Row, drills: Sequence[Drill], explained: Mapping[str, Explanation]
) -> Row:
    flaky = [
        drill.id
        for drill in drills
        if drill.id in explained
        and values_of(plan, drill, row.readings) in explained[drill.id].flaky
    ]
    return replace(row, flaky=tuple(dict.fromkeys((*row.flaky, *flaky))))


def causes_of(
    plan: Plan, results: Results, explained: Mapping[str, Explanation], rows: Iterable[Row]
) -> tuple[FoundCause, ...]:
    """Return the causes of all drills, those of most rows first."""
    rows = list(rows)
    found: dict[tuple[Values, Values], list[tuple[Cause, Example]]] = {}
    for drill in plan.drills:
        for cause in explained.get(drill.id, Explanation()).causes:
            example = _example(plan, drill, cause, results, rows)
            found.setdefault((cause.values, cause.unless), []).append((cause, example))
    causes = [
        FoundCause(
            values=values, unless=unless, always=all(cause.always for cause, _ in each),
            examples=tuple(example for _, example in each),
        )
        for (values, unless), each in found.items()
    ]  # fmt: skip
    return tuple(sorted(causes, key=lambda each: (len(each.values), -len(each.rows))))


def _example(
    plan: Plan, drill: Drill, cause: Cause, results: Results, rows: Iterable[Row]
) -> Example:
    base = results[key_of(under(drill, plan.base))]
    result = results[key_of(under(drill, {**plan.base, **dict(cause.values)}))]
    failing = [
        row.number
        for row in rows
        if drill.id in row.more and cause.explains(values_of(plan, drill, row.readings))
    ]
    return Example(result=result, judged=more_than(base, result)[0], rows=tuple(failing))


def unexplained_of(
    plan: Plan, explained: Mapping[str, Explanation], rows: Iterable[Row]
) -> tuple[tuple[str, int], ...]:
    """Return drills with the combinations that they fail in for no cause that was found."""
    return tuple(
        (drill.id, row.number)
        for row in rows
        for drill in plan.drills
        if drill.id in row.more and drill.id not in row.flaky
        and not any(
            each.explains(values_of(plan, drill, row.readings))
            for each in explained.get(drill.id, Explanation()).causes
        )
    )  # fmt: skip


def untouched_by(plan: Plan, results: Iterable[DrillResult]) -> dict[str, str]:
    """Return the readings that vary, and that no call of any run touched."""
    return untouched(plan.factors, (each.evidence for each in results))
