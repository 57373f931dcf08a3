"""The reports of a rehearsal: report.json and junit.xml.

Rule 1: neither contains a credential, whatever the client printed.
Rule 2: what does not print is shown as an escape, so that no output of a client does harm.
Rule 3: contracts/rehearsal.schema.json is the schema of report.json.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Xml

from mock_server import contract
from mock_server.audit.polling import polling, polling_json
from mock_server.audit.reactions import reactions, reactions_json
from mock_server.audit.retry_bill import bill_json, bill_of, sums
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.redaction import redact_printed
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings
from mock_server.formatting import json_text, printable, printable_lines
from mock_server.rehearsal.baseline import compared
from mock_server.rehearsal.drill import RATE, Drill
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.verdicts import DrillResult, Judged, Verdict

if TYPE_CHECKING:  # it shows its scorecard itself
    from mock_server.rehearsal.outcome import Report

MOST_OUTPUT = 4_000
MOST_CHARGES = 200  # of a drill's bill, wasted ones first
# What every bill rests on.
OF_EVERY_DRILL = ("charge.polls",)
SUMS = ("calls", "charges", "intents", "wasted_charges", "fen_wasted")


def as_json(rehearsal: "Report") -> dict[str, Any]:
    """Return the report as report.json has it."""
    drills = [drill_json(each) for each in rehearsal.results]
    command = [safe(word) for word in rehearsal.order.command]
    earlier, words = rehearsal.earlier, rehearsal.words
    return {
        "verdict": rehearsal.verdict,
        "interrupted": rehearsal.interrupted,
        "trouble": rehearsal.trouble and safe(rehearsal.trouble),
        "command": command,
        "waived": {rule: safe(reason) for rule, reason in rehearsal.order.waived.items()},
        "drills": drills,
        "baseline": None if earlier is None else compared(earlier, command, drills, words),
        "totals": {
            "planned": rehearsal.planned,
            **{
                verdict.lower(): sum(each["verdict"] == verdict for each in drills)
                for verdict in Verdict
            },
            **{name: sum(each[name] for each in drills) for name in SUMS},
            "bill": {"classes": total_sums(drills)},
        },
        **rehearsal.more,
    }


def drill_json(result: DrillResult) -> dict[str, Any]:
    """Return what one drill came to."""
    evidence = result.evidence
    first = result.counted[0] if result.counted else None
    return {
        "id": evidence.drill.id,
        "verdict": result.verdict,
        "verdicts": list(result.others),
        "says": evidence.drill.says,
        "rule": first.rule.id if first else None,
        "rules": [_rule_json(evidence, each) for each in result.broken],
        "reasons": [shown(evidence, each) for each in result.reasons],
        "advice": first.rule.advice if first else None,
        "evidence": [call_json(evidence, each) for each in first.breach.calls] if first else [],
        "calls": len(evidence.calls),
        "charges": sum(each.call.charged for each in evidence.calls),
        "intents": len(evidence.intents()),
        "wasted_charges": len(result.wasted),
        "fen_wasted": sum(result.wasted.values()),
        "bill": _bill_json(evidence),
        "readings": list(_readings(result)),
        "reactions": reactions_of(evidence),
        "polling": polling_json(polling(evidence, _readings_of(evidence.drill), RATE)),
        "exit_code": evidence.ended.status,
        "timed_out": evidence.ended.timed_out,
        "seconds": round(evidence.ended.took_s, 2),
        "output": "" if result.verdict is Verdict.PASS else output_of(result),
        **evidence.more,
    }


def reactions_of(evidence: Evidence) -> list[dict[str, Any]]:
    """Return the errors that the client met, and what it did next."""
    found = reactions(evidence, contract.load_catalogue().errors)
    return reactions_json(found, lambda text: shown(evidence, text))


def _readings_of(drill: Drill) -> Readings:
    """Return the readings of a drill's account."""
    return with_readings(DEFAULT_READINGS, drill.readings)


def total_sums(drills: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return charges and fen of every class of the bill, over all drills."""
    rows = [row for each in drills for row in each["bill"]["classes"]]
    return [
        {
            "class": row["class"],
            **{
                name: sum(each[name] for each in rows if each["class"] == row["class"])
                for name in ("charges", "fen")
            },
        }
        for row in sums(())
    ]


def _bill_json(evidence: Evidence) -> dict[str, Any]:
    """Return every charge of a drill with its class, as far as there is room."""
    found = bill_json(bill_of(evidence), MOST_CHARGES)
    for each in found["charges"]:
        each["why"] = shown(evidence, each["why"])
        each["intent"] = each["intent"] and shown(evidence, each["intent"])
    return found


def output_of(result: DrillResult) -> str:
    """Return the end of what the client printed."""
    evidence = result.evidence
    # Hidden before the cut, or half of a credential would stay.
    return printable_lines(redact_printed(evidence.ended.printed, evidence.secrets)[-MOST_OUTPUT:])


def shown(evidence: Evidence, text: str) -> str:
    """Return a text that may hold what the client sent or printed, on one line."""
    return printable(redact_printed(text, evidence.secrets))


def safe(text: str) -> str:
    """Return a text of the user on one line, without what looks like a credential."""
    return printable(redact_printed(text, ()))


def _rule_json(evidence: Evidence, judged: Judged) -> dict[str, Any]:
    wasted = judged.breach.wasted
    return {
        "id": judged.rule.id,
        "says": judged.rule.says,
        "found": shown(evidence, judged.breach.says),
        "advice": judged.rule.advice,
        "price": judged.rule.price,
        "waived": None if judged.waived is None else safe(judged.waived),
        "is_note": judged.breach.is_note,
        "calls": [each.id for each in judged.breach.calls],
        "wasted_charges": len(wasted),
        "fen_wasted": sum(each.call.fen for each in wasted),
    }


def call_json(evidence: Evidence, call: SeenCall) -> dict[str, Any]:
    """Return a call as evidence; `after_ms` is real time since the client's first call."""
    return {
        "call": call.id,
        "after_ms": call.began_at - evidence.calls[0].began_at,
        "at": call.call.at,
        "operation": shown(evidence, call.operation),
        "answer": shown(evidence, call.call.answer),
        "heard": call.heard,
        "fen": call.call.fen if call.call.charged else 0,
        "task_id": call.call.task_id,
    }


def _readings(result: DrillResult) -> Iterator[dict[str, Any]]:
    """Yield the open questions whose answers the verdict and the bill rest on."""
    drill = result.evidence.drill
    of_rules = (name for each in result.broken for name in each.rule.readings)
    rows = {row["id"]: row for row in contract.load_toml("readings.toml")["reading"]}
    for name in dict.fromkeys((*drill.own_readings, *drill.readings, *of_rules, *OF_EVERY_DRILL)):
        yield {
            "id": name,
            "value": drill.readings.get(name, rows[name]["default"]),
            "certainty": rows[name]["certainty"],
            "set_by_drill": name in drill.own_readings,
        }


def json_report(rehearsal: "Report") -> bytes:
    """Return report.json."""
    return (json_text(rehearsal.as_json, indent=2) + "\n").encode()


def junit(rehearsal: "Report") -> bytes:
    """Return the rehearsal as JUnit XML: a case for each drill."""
    suite = Xml.Element("testsuite", name=rehearsal.title)
    for result in rehearsal.results:
        add_case(suite, result, "rehearsal", result.evidence.drill.id)
    return junit_file(suite)


def junit_file(suite: Xml.Element) -> bytes:
    """Return a suite of cases as a file, with the sums of its verdicts."""
    cases = {"tests": "testcase", "failures": "testcase/failure", "skipped": "testcase/skipped"}
    suite.set("errors", "0")
    suite.attrib.update({name: str(len(suite.findall(path))) for name, path in cases.items()})
    whole = Xml.Element("testsuites")
    whole.append(suite)
    written: bytes = Xml.tostring(whole, "utf-8", xml_declaration=True)
    return written


def add_case(suite: Xml.Element, result: DrillResult, kind: str, name: str) -> None:
    """Add a case of a kind and a name to a suite: what one drill came to."""
    evidence = result.evidence
    case = Xml.SubElement(
        suite, "testcase", classname=kind, name=name,
        time=f"{evidence.ended.took_s:.3f}",
    )  # fmt: skip
    reasons = "; ".join(shown(evidence, each) for each in result.reasons)
    if result.verdict is Verdict.INCONCLUSIVE:
        Xml.SubElement(case, "skipped", message=reasons)
    elif result.verdict is not Verdict.PASS:
        found = [shown(evidence, each.breach.says) for each in result.counted]
        differing = f"{result.verdict}: {', '.join(result.others)}" if result.others else ""
        message = ": ".join(filter(None, (differing, found[0] if found else reasons)))
        told = [f"[{each.rule.id}] {says}\n{each.rule.advice}"
                for each, says in zip(result.counted, found, strict=True)]  # fmt: skip
        failure = Xml.SubElement(case, "failure", type=result.verdict, message=message)
        failure.text = "\n\n".join([*told, output_of(result)])
    if told_besides := [aside(evidence, each) for each in result.broken if not each.counts]:
        Xml.SubElement(case, "system-out").text = "\n".join(told_besides)


def aside(evidence: Evidence, judged: Judged) -> str:
    """Return a broken rule that does not count, with the reason, on one line."""
    why = "a note" if judged.waived is None else f"waived: {safe(judged.waived)}"
    return f"[{judged.rule.id}] {shown(evidence, judged.breach.says)} ({why})"
