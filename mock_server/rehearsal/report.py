"""The reports of a rehearsal: report.json and junit.xml. Neither contains a credential."""

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Xml

from mock_server.formatting import json_text, printable, printable_lines
from mock_server.rehearsal.evidence import SeenCall
from mock_server.rehearsal.verdicts import DrillResult, Judged, Verdict

if TYPE_CHECKING:  # it shows its scorecard itself
    from mock_server.rehearsal.outcome import Report

MOST_OUTPUT = 4_000


def as_json(rehearsal: "Report") -> dict[str, Any]:
    """Return the report; contracts/rehearsal.schema.json is its schema."""
    drills = [drill_json(each) for each in rehearsal.results]
    return {
        "verdict": rehearsal.verdict,
        "interrupted": rehearsal.interrupted,
        "command": [printable(word) for word in rehearsal.order.command],
        "drills": drills,
        "totals": {
            "planned": rehearsal.planned,
            **{
                verdict.lower(): sum(each["verdict"] == verdict for each in drills)
                for verdict in Verdict
            },
            **{
                name: sum(each[name] for each in drills)
                for name in ("calls", "charges", "intents", "wasted_charges", "fen_wasted")
            },
        },
    }


def drill_json(result: DrillResult) -> dict[str, Any]:
    """Return what one drill came to."""
    evidence = result.evidence
    first = result.counted[0] if result.counted else None
    return {
        "id": evidence.drill.id,
        "verdict": result.verdict,
        "says": evidence.drill.says,
        "rule": first.rule.id if first else None,
        "rules": [_rule_json(each) for each in result.broken],
        "reasons": list(result.reasons),
        "advice": first.rule.advice if first else None,
        "evidence": [_call_json(each) for each in first.breach.calls] if first else [],
        "calls": len(evidence.calls),
        "charges": sum(each.call.charged for each in evidence.calls),
        "intents": len(evidence.intents()),
        "wasted_charges": len(result.wasted),
        "fen_wasted": sum(result.wasted.values()),
        "readings": sorted(evidence.drill.account.get("readings", {}).items()),
        "exit_code": evidence.ended.status,
        "timed_out": evidence.ended.timed_out,
        "seconds": round(evidence.ended.took_s, 2),
        "output": output_of(result) if result.verdict is not Verdict.PASS else "",
    }


def output_of(result: DrillResult) -> str:
    """Return the end of what the client printed."""
    ended = result.evidence.ended
    text = b"\n".join(filter(None, (ended.stdout, ended.stderr))).decode("utf-8", "replace")
    return printable_lines(text[-MOST_OUTPUT:])


def _rule_json(judged: Judged) -> dict[str, Any]:
    return {
        "id": judged.rule.id,
        "says": printable(judged.breach.says),
        "advice": judged.rule.advice,
        "waived": judged.waived,
    }


def _call_json(call: SeenCall) -> dict[str, Any]:
    return {
        "call": call.id,
        "at": call.call.at,
        "operation": printable(call.operation),
        "answer": printable(call.call.answer),
        "heard": call.heard,
        "fen": call.call.fen if call.call.charged else 0,
        "task_id": call.call.task_id,
    }


def json_report(rehearsal: "Report") -> bytes:
    """Return report.json."""
    return (json_text(as_json(rehearsal)) + "\n").encode()


def junit(rehearsal: "Report") -> bytes:
    """Return the rehearsal as JUnit XML: a case for each drill."""
    suite = Xml.Element("testsuite", name="artqr-mock rehearse")
    for result in rehearsal.results:
        ended = result.evidence.ended
        case = Xml.SubElement(
            suite, "testcase", classname="rehearsal", name=result.evidence.drill.id,
            time=f"{ended.took_s:.3f}",
        )  # fmt: skip
        if result.verdict is Verdict.INCONCLUSIVE:
            Xml.SubElement(case, "skipped", message="; ".join(result.reasons))
        elif result.verdict is not Verdict.PASS:
            says = result.counted[0].breach.says if result.counted else result.verdict
            told = "\n".join(f"{each.rule.id}: {each.breach.says}" for each in result.counted)
            fail = Xml.SubElement(case, "failure", message=printable(says))
            fail.text = printable_lines(f"{told}\n\n{output_of(result)}")
    counts = {"tests": len(rehearsal.results), "failures": len(suite.findall("testcase/failure")),
              "skipped": len(suite.findall("testcase/skipped"))}  # fmt: skip
    suite.attrib.update({name: str(count) for name, count in counts.items()})
    whole = Xml.Element("testsuites")
    whole.append(suite)
    written: bytes = Xml.tostring(whole, "utf-8", xml_declaration=True)
    return written
