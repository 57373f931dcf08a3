"""The admin API under `/_mock`: a world to make, a clock to move, a bill to read."""

from flask import Blueprint, Response, request

from mock_server.simulator import Simulator
from mock_server.web.admin import accounts, clock, guard, health, reports, tasks
from mock_server.web.problems import problem


def blueprint(simulator: Simulator) -> Blueprint:
    """Return every admin route, behind the guard."""
    routes = Blueprint("admin", __name__, url_prefix="/_mock")
    for module in (health, accounts, clock, tasks, reports):
        module.add_routes(routes, simulator)

    @routes.before_request
    def check() -> Response | None:
        refused = guard.refusal(request, simulator.settings)
        return problem(refused.status, "Refused", refused.detail) if refused else None

    return routes
