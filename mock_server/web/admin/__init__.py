"""The admin API under `/_mock`: accounts, clocks, faults, callbacks, bills, journal."""

from flask import Blueprint, Response, request

from mock_server.simulator import Simulator
from mock_server.web.admin import (
    accounts,
    bill,
    callbacks,
    calls,
    clock,
    coverage,
    faults,
    findings,
    guard,
    health,
    metrics,
    packages,
    readings,
    scenarios,
    tasks,
)
from mock_server.web.problems import problem


def blueprint(simulator: Simulator) -> Blueprint:
    """Return every admin route. The caller must let `refusal` check each call first."""
    routes = Blueprint("admin", __name__, url_prefix="/_mock")
    for module in (
        health, metrics, accounts, readings, clock, tasks, callbacks, faults, packages, bill, calls,
        scenarios, findings, coverage,
    ):  # fmt: skip
        module.add_routes(routes, simulator)

    return routes


def refusal(simulator: Simulator) -> Response | None:
    """Return why the current call may not use the admin API; None: it may."""
    refused = guard.refusal(request, simulator.settings)
    return problem(refused.status, "Refused", refused.detail) if refused else None
