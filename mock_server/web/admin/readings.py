"""The readings of an account."""

from flask import Blueprint, Response, jsonify

from mock_server.actions.accounts import lookup
from mock_server.actions.accounts import readings as actions
from mock_server.domain.readings import as_mapping
from mock_server.simulator import Simulator
from mock_server.web.admin.parsing import body_of


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of readings."""

    @routes.get("/accounts/<account_id>/readings")
    def get_readings(account_id: str) -> Response:
        account = simulator.database.read(lambda tx: lookup.find(tx, account_id))
        return jsonify(as_mapping(account.readings))

    @routes.get("/accounts/<account_id>/readings/sources")
    def get_sources(account_id: str) -> Response:
        account = simulator.database.read(lambda tx: lookup.find(tx, account_id))
        return jsonify(actions.sources(simulator, account))

    @routes.patch("/accounts/<account_id>/readings")
    def change_readings(account_id: str) -> Response:
        values = body_of("ReadingsChange")
        changed = simulator.database.run(
            lambda tx: actions.change(tx, simulator, account_id, values)
        )
        return jsonify(as_mapping(changed))
