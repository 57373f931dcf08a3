"""Scenarios: list those that come with the simulator, load one into an account."""

from flask import Blueprint, Response, jsonify

from mock_server import contract
from mock_server.actions.accounts import scenarios as actions
from mock_server.actions.reports import reports
from mock_server.actions.reports.reports import Overview
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.web.admin.accounts import account_json
from mock_server.web.admin.parsing import body_of


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of scenarios."""

    @routes.get("/scenarios")
    def list_scenarios() -> Response:
        found = contract.scenarios().items()
        return jsonify(scenarios=[{"name": name, **values} for name, values in found])

    @routes.post("/accounts/<account_id>/scenario")
    def load_scenario(account_id: str) -> Response:
        wanted = body_of("WantedScenario")
        if "name" in wanted:
            scenario = actions.shipped(wanted["name"])
        else:
            scenario = actions.read("in the body", wanted["scenario"])

        def load(tx: Transaction) -> Overview:
            account = actions.load(tx, simulator, account_id, scenario)
            return reports.overview(tx, simulator, account)

        return jsonify(account_json(simulator.database.run(load)))
