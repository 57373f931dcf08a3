"""Findings in the calls of an account, and in calls without an account."""

from flask import Blueprint, Response, jsonify

from mock_server.actions.gateway.signature_review import wait_for_reviews
from mock_server.actions.reports import findings
from mock_server.domain.findings import Severity
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.simulator import Simulator
from mock_server.web.admin.bill import trimmed_json
from mock_server.web.admin.parsing import MAX_PAGE, flag, query_of, whole


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the route of findings."""

    def report(account_id: str | None) -> Response:
        wanted = _filter()
        wait_for_reviews(simulator, account_id)
        found = simulator.database.read(
            lambda tx: findings.report(tx, simulator, account_id, wanted)
        )
        return jsonify(
            findings=found.findings,
            next=found.following,
            counts=found.counts,
            severities={each: found.severities.get(each, 0) for each in Severity},
            calls=found.calls,
            dropped=found.dropped,
            trimmed=trimmed_json(found.trimmed),
        )

    routes.add_url_rule("/findings", "list_nobodys_findings", lambda: report(None))
    routes.add_url_rule("/accounts/<account_id>/findings", "list_findings", report)


def _filter() -> findings.FindingsFilter:
    query = query_of(("severity", "after", "limit", "ended"))
    severity = query.get("severity")
    if severity is not None and severity not in set(Severity):
        raise UsageError(unknown("severity", severity, Severity))
    return findings.FindingsFilter(
        severity=severity,
        has_ended=flag(query, "ended") or False,
        after=whole(query, "after", default=0, most=2**62),
        limit=whole(query, "limit", default=100, most=MAX_PAGE, least=1),
    )
