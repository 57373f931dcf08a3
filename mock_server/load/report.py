"""The reports of a load: load.json and junit.xml.

Rule 1: neither contains a credential, whatever a client sent; what does not print is escaped.
Rule 2: contracts/load.schema.json is the schema of load.json.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from mock_server import contract
from mock_server.audit.charge import ChargeClass
from mock_server.audit.met_errors import MetError
from mock_server.domain.call.redaction import redact_printed
from mock_server.formatting import counted, json_text, printable, yuan
from mock_server.load.advice import advice
from mock_server.load.audit import Audit
from mock_server.load.evidence import OPERATIONS, OperationSums
from mock_server.load.series import series
from mock_server.load.storms import Storm
from mock_server.rehearsal.report import junit_file

MOST_TWICE = 50
MOST_TEXT = 300
QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


def as_json(audit: Audit) -> dict[str, Any]:
    """Return the audit as load.json has it."""
    evidence = audit.evidence
    return {
        "verdict": audit.verdict,
        "says": sentence(audit),
        "missing": [safe(audit, each) for each in audit.missing],
        "account": {"id": evidence.account["id"], "name": safe(audit, evidence.account["name"])},
        "load": audit.users or None,
        "began_at": audit.begin_at,
        "ended_at": audit.end_at,
        "seconds": round(audit.seconds, 1),
        "latencies_of": "clients" if audit.seen is not None else "simulator",
        "totals": _totals(audit),
        "operations": list(_operations(audit)),
        "errors": [_error(audit, *each) for each in _by_number(evidence.errors)],
        "classes": audit.bill.sums,
        "paid_twice": _paid_twice(audit)[:MOST_TWICE],
        "callbacks": _callbacks(audit),
        "findings": list(_findings(audit)),
        "incidents": [_incident(audit, each) for each in audit.storms],
        "series": _series(audit),
        "gates": [
            {
                "option": each.option, "says": each.says, "most": each.most, "found": each.found,
                "exceeded": each.is_exceeded,
            }
            for each in audit.held
        ],
        "notes": [safe(audit, each) for each in audit.notes],
        "advice": [safe(audit, each) for each in advice(audit)],
    }  # fmt: skip


def sentence(audit: Audit) -> str:
    """Return the verdict in one sentence."""
    spent = audit.evidence.spent
    cost = f"{counted(spent['charges'], 'charge')}, {yuan(spent['fen'])} yuan"
    if audit.exceeded:
        what = "; ".join(f"{each.says}: {each.found}, at most {each.most} is allowed"
                         for each in audit.exceeded)  # fmt: skip
        return f"The load exceeded what is allowed: {what}."
    wasted = audit.bill.fen_wasted
    lost = f"{yuan(wasted)} yuan of it wasted" if wasted else "nothing of it wasted"
    if audit.missing:
        return f"The audit is not complete. What is known: {cost}, {lost}."
    return f"The load cost {cost}, {lost}."


def json_report(report: Mapping[str, Any]) -> bytes:
    """Return load.json."""
    return (json_text(report, indent=2) + "\n").encode()


def junit(audit: Audit) -> bytes:
    """Return the audit as JUnit XML: a case for each gate, and one for the audit itself."""
    suite = Xml.Element("testsuite", name="artqr-mock load")
    for gate in audit.held:
        case = _case(suite, audit, gate.option)
        says = f"{gate.says}: {gate.found}, at most {gate.most} is allowed"
        if gate.is_exceeded:
            Xml.SubElement(case, "failure", message=says)
        elif gate.found is None:
            Xml.SubElement(case, "skipped", message=gate.why)
    whole = _case(suite, audit, "audit")
    if audit.missing:
        says = safe(audit, " ".join(audit.missing))
        Xml.SubElement(whole, "skipped", message=f"INCONCLUSIVE: {says}")
    return junit_file(suite)


def safe(audit: Audit, text: str) -> str:
    """Return a text of others on one line, without credentials."""
    account = audit.evidence.account
    secrets = (account["app_code"], account["app_secret"])
    return printable(redact_printed(text, secrets))[:MOST_TEXT]


def _case(suite: Xml.Element, audit: Audit, name: str) -> Xml.Element:
    return Xml.SubElement(
        suite, "testcase", classname="load", name=name, time=f"{audit.seconds:.3f}"
    )


def _totals(audit: Audit) -> dict[str, Any]:
    twice = audit.bill.of(ChargeClass.DUPLICATE_SUBMIT)
    api = [audit.evidence.operations.get(name, OperationSums()) for name in OPERATIONS[:-1]]
    calls = sum(each.calls for each in api)
    return {
        "calls": audit.evidence.calls,
        "api_calls": calls,
        "per_second": round(calls / audit.seconds, 2),
        "intents": len(audit.intents),
        "submits": audit.bill.submits,
        "charges": audit.evidence.spent["charges"],
        "fen": audit.evidence.spent["fen"],
        "wasted_charges": len(audit.bill.wasted),
        "fen_wasted": audit.bill.fen_wasted,
        "paid_twice": len({each.intent for each in twice}),
        "fen_paid_twice": sum(each.fen for each in twice),
        **{name: audit.latencies.quantile(share) for name, share in QUANTILES.items()},
    }


def _operations(audit: Audit) -> Iterator[dict[str, Any]]:
    for name in (*OPERATIONS, "other"):
        sums = audit.evidence.operations.get(name)
        if sums is None:
            continue
        times = audit.latencies_of(name)
        yield {
            "operation": name,
            "calls": sums.calls,
            "per_second": round(sums.calls / audit.seconds, 2),
            "charges": sums.charges,
            "fen": sums.fen,
            "seen_200s": audit.seen_200s(name),
            "statuses": {str(status): sums.statuses[status] for status in sorted(sums.statuses)},
            **{quantile: times.quantile(share) for quantile, share in QUANTILES.items()},
        }


def _by_number(errors: dict[MetError, int]) -> list[tuple[MetError, int]]:
    return sorted(errors.items(), key=lambda each: -each[1])


def _error(audit: Audit, error: MetError, met: int) -> dict[str, Any]:
    return {
        "status": error.status, "code": safe(audit, error.code),
        "message": safe(audit, error.message), "means": error.means, "met": met,
        "advice": error.advice,
    }  # fmt: skip


def _paid_twice(audit: Audit) -> list[dict[str, Any]]:
    """Return the intents that were paid more than once, the most expensive first."""
    found: dict[str | None, list[int]] = {}
    for each in audit.bill.of(ChargeClass.DUPLICATE_SUBMIT):
        found.setdefault(each.intent, []).append(each.fen)
    rows = [
        {"intent": safe(audit, intent or "unknown"), "charges": len(costs), "fen": sum(costs)}
        for intent, costs in found.items()
    ]
    return sorted(rows, key=lambda each: -each["fen"])


def _callbacks(audit: Audit) -> dict[str, Any]:
    found = audit.evidence.callbacks
    return {
        "planned": found.all,
        **{name: found.states[name] for name in ("delivered", "failed", "lost", "cancelled")},
        "open": found.states["due"] + found.states["sending"],
        "attempts": found.attempts,
        "late": found.late if found.is_timed else None,
        "p99_lag_ms": found.lag.quantile(0.99) if found.is_timed else None,
    }


def _findings(audit: Audit) -> Iterator[dict[str, Any]]:
    rows = {row["id"]: row for row in contract.load_toml("findings.toml")["finding"]}
    for name, count in audit.evidence.findings.most_common():
        row = rows.get(name, {})
        yield {
            "id": name, "severity": row.get("severity", "error"), "count": count,
            **{each: row.get(each, "").replace("{hint}", "…") for each in ("says", "instead")},
        }  # fmt: skip


def _incident(audit: Audit, storm: Storm) -> dict[str, Any]:
    return {
        "says": safe(audit, storm.says),
        "after_ms": storm.began_at - audit.begin_at,
        "lasted_ms": storm.ended_at - storm.began_at,
        "usual_rate": storm.usual_rate,
        "peak_rate": storm.peak_rate,
        "requests_before": storm.before,
        "requests_in_storm": storm.during,
        "factor": storm.factor,
        "calm_ms": storm.calm_ms,
    }


def _series(audit: Audit) -> dict[str, Any]:
    found = series(audit)
    return {
        "step_s": found.step_s,
        "steps": [{"at_s": each.at_s, **each.rates, "p99_ms": each.p99_ms} for each in found.steps],
    }
