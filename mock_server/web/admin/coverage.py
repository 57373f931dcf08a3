"""Coverage: the items of the contract that the calls of a client covered."""

from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions.reports import coverage as actions
from mock_server.domain.contract.coverage import Coverage, Group
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.simulator import Simulator
from mock_server.web.admin.parsing import query_of


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of coverage."""

    def coverage(account_id: str | None) -> Response:
        groups = _groups()
        found = simulator.database.read(
            lambda tx: actions.report(tx, simulator, account_id, groups)
        )
        return jsonify(coverage_json(found))

    routes.add_url_rule("/coverage", "everybodys_coverage", lambda: coverage(None))
    routes.add_url_rule("/accounts/<account_id>/coverage", "coverage", coverage)


def _groups() -> list[Group]:
    named = query_of(("groups",)).get("groups")
    if named is None:
        return []
    words = named.split(",")
    for word in words:
        if word not in set(Group):
            raise UsageError(unknown("group", word, Group))
    return [Group(word) for word in words]


def coverage_json(found: Coverage) -> dict[str, Any]:
    """Return coverage as JSON, group by group."""
    parts = [(group, found.of(group)) for group in Group]
    return {
        "met": found.met,
        "total": len(found.lines),
        "percent": found.percent,
        "groups": [
            {
                "group": group,
                "met": part.met,
                "total": len(part.lines),
                "items": [
                    {
                        "name": line.item.name,
                        "met": line.met,
                        "call": line.call,
                        "how": line.item.how or None,
                    }
                    for line in part.lines
                ],
            }
            for group, part in parts
            if part.lines
        ],
    }
