"""The reports of a sweep: sweep.json and junit.xml.

Rule 1: neither contains a credential, whatever the client printed; what does not print is escaped.
Rule 2: contracts/sweep.schema.json is the schema of sweep.json.
"""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as Xml

from mock_server import contract
from mock_server.formatting import json_text
from mock_server.rehearsal import report as of_rehearsal
from mock_server.rehearsal.verdicts import DrillResult, Judged
from mock_server.sweep.outcome import SweepReport
from mock_server.sweep.plan import DEFAULTS
from mock_server.sweep.rows import FoundCause, Row, Standing
from mock_server.sweep.summary import headline, sentence


def as_json(sweep: SweepReport) -> dict[str, Any]:
    """Return the report as sweep.json has it."""
    base = sweep.base.as_json
    return {
        "verdict": sweep.standing,
        "says": headline(sweep),
        "interrupted": sweep.interrupted,
        "trouble": sweep.trouble and of_rehearsal.safe(sweep.trouble),
        "command": base["command"],
        "waived": base["waived"],
        "seed": sweep.order.seed,
        "exhaustive": sweep.order.exhaustive,
        "drills": list(_drills(sweep)),
        "readings": list(_readings(sweep)),
        "left_out": _reasons(sweep.plan.left_out),
        "untouched": _reasons(sweep.untouched),
        "base": [_broken(each, judged) for each in sweep.base.results for judged in each.counted],
        "causes": [_cause(each) for each in sweep.causes],
        "unexplained": [
            {"drill": drill, "combination": number} for drill, number in sweep.unexplained
        ],
        "combinations": [_combination(row) for row in sweep.rows],
        "totals": {
            "planned": len(sweep.plan.combinations),
            **{
                standing.lower(): sum(row.standing is standing for row in sweep.rows)
                for standing in Standing
                if standing is not Standing.BASE_FAILS
            },
            "runs": sweep.runs,
            "reruns": sweep.reruns,
            "seconds": round(sweep.seconds, 1),
        },
    }


def json_report(sweep: SweepReport) -> bytes:
    """Return sweep.json."""
    return (json_text(as_json(sweep), indent=2) + "\n").encode()


def junit(sweep: SweepReport) -> bytes:
    """Return the sweep as JUnit XML: a case for each drill in each combination."""
    suite = Xml.Element("testsuite", name="artqr-mock sweep")
    for row in sweep.rows:
        changed = ", ".join(f"{name}={value}" for name, value in _changed(row).items())
        for result in row.report.results:
            name = f"{result.evidence.drill.id} [{row.number}: {changed or 'defaults'}]"
            of_rehearsal.add_case(suite, result, "sweep", name)
    return of_rehearsal.junit_file(suite)


def _drills(sweep: SweepReport) -> Iterator[dict[str, Any]]:
    for each in sweep.plan.drills:
        silent = sweep.silent.get(each.id, ())
        yield {
            "id": each.id,
            "says": each.says,
            "readings": dict(each.own_readings),
            "silent": [of_rehearsal.safe(reason) for reason in silent],
        }


def _readings(sweep: SweepReport) -> Iterator[dict[str, Any]]:
    fixed = {name: (value,) for name, value in sweep.plan.fixed.items()}
    values = {**sweep.plan.factors, **fixed}
    for row in contract.load_toml("readings.toml")["reading"]:
        if row["id"] in values:
            yield {
                "id": row["id"],
                "question": row["question"],
                "values": list(values[row["id"]]),
                "default": row["default"],
                "certainty": row["certainty"],
                "advice": row["advice"],
                "fixed": row["id"] in fixed,
            }


def _reasons(found: Any) -> list[dict[str, str]]:
    return [{"id": name, "why": why} for name, why in found.items()]


def _broken(result: DrillResult, judged: Judged) -> dict[str, Any]:
    evidence = result.evidence
    return {
        "drill": evidence.drill.id,
        "rule": judged.rule.id,
        "says": judged.rule.says,
        "found": of_rehearsal.shown(evidence, judged.breach.says),
        "advice": judged.rule.advice,
        "evidence": [of_rehearsal.call_json(evidence, each) for each in judged.breach.calls],
        "output": of_rehearsal.output_of(result),
    }


def _cause(cause: FoundCause) -> dict[str, Any]:
    names = sorted({name for name, _ in cause.values | cause.unless})
    rows = {row["id"]: row for row in contract.load_toml("readings.toml")["reading"]}
    return {
        "says": sentence(cause),
        "values": dict(sorted(cause.values)),
        "unless": [{"id": name, "value": value} for name, value in sorted(cause.unless)],
        "simple": cause.is_simple,
        "combinations": list(cause.rows),
        "readings": [
            {name: rows[each][name] for name in ("id", "default", "certainty", "advice")}
            for each in names
        ],
        "drills": [
            {**_broken(each.result, each.judged), "combinations": list(each.rows)}
            for each in cause.examples
        ],
    }


def _combination(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "verdict": row.standing,
        "readings": dict(row.readings),
        "changed": _changed(row),
        "drills": [_drill(row, each) for each in row.report.results],
    }


def _drill(row: Row, result: DrillResult) -> dict[str, Any]:
    whole = of_rehearsal.drill_json(result)
    drill = result.evidence.drill.id
    copied = ("id", "verdict", "reasons", "calls", "charges", "fen_wasted", "exit_code",
              "timed_out", "seconds")  # fmt: skip
    return {
        **{name: whole[name] for name in copied},
        "flaky": drill in row.flaky,
        "rules": [
            {
                "id": each.rule.id,
                "found": of_rehearsal.shown(result.evidence, each.breach.says),
                "more_than_base": each in row.more.get(drill, ()),
            }
            for each in result.counted
        ],
    }


def _changed(row: Row) -> dict[str, str]:
    return {name: value for name, value in row.readings.items() if value != DEFAULTS[name]}
