"""The clock of an account: show, move, freeze and thaw it, set its rate."""

from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions import clock as actions
from mock_server.actions.accounts import lookup
from mock_server.actions.clock import Change
from mock_server.actions.reports import reports
from mock_server.actions.reports.reports import Overview
from mock_server.domain.clock import forward_ms
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.web.admin.parsing import body_of


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of clocks."""

    @routes.get("/accounts/<account_id>/clock")
    def get_clock(account_id: str) -> Response:
        def look(tx: Transaction) -> Overview:
            return reports.overview(tx, simulator, lookup.find(tx, account_id))

        overview = simulator.database.read(look)
        clock = overview.account.clock
        return jsonify(now=overview.now, rate=clock.rate, frozen=clock.frozen)

    @routes.post("/accounts/<account_id>/clock")
    def change_clock(account_id: str) -> Response:
        body = body_of("ClockChange")
        wanted = _change(body)
        delivered = None
        if body.get("settle"):
            changed, delivered = actions.change_and_settle(simulator, account_id, wanted)
        else:
            changed = simulator.database.run(
                lambda tx: actions.change(tx, simulator, account_id, wanted)
            )
        clock = changed.account.clock
        shown: dict[str, Any] = {
            "now": changed.now,
            "rate": clock.rate,
            "frozen": clock.frozen,
        }
        if wanted.to_next_event:
            event = changed.event
            shown["event"] = event and {
                "kind": event.kind,
                "at": event.at,
                "task_id": event.task_id,
                "package": event.package,
            }
        if delivered is not None:
            shown["delivered"] = delivered
        return jsonify(shown)


def _change(body: dict[str, Any]) -> Change:
    advance = body.get("advance")
    return Change(
        frozen=body.get("freeze"),
        rate=body.get("rate"),
        advance_ms=None if advance is None else forward_ms(advance),
        to=body.get("now"),
        to_next_event=body.get("to_next_event", False),
    )
