"""Packages: list them, buy one."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions.accounts import packages as actions
from mock_server.actions.accounts.packages import PackagePurchase
from mock_server.domain.billing.charges import Package
from mock_server.simulator import Simulator
from mock_server.web.admin.parsing import body_of


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of packages."""

    @routes.get("/accounts/<account_id>/packages")
    def list_packages(account_id: str) -> Response:
        found = simulator.database.read(lambda tx: actions.listed(tx, account_id))
        return jsonify(packages=[package_json(package) for package in found])

    @routes.post("/accounts/<account_id>/packages")
    def buy_package(account_id: str) -> tuple[Response, int]:
        order = PackagePurchase(**body_of("NewPackage"))
        bought = simulator.database.run(lambda tx: actions.buy(tx, simulator, account_id, order))
        return jsonify(package_json(bought)), 201


def package_json(package: Package) -> dict[str, Any]:
    """Return a package as JSON; money is whole fen."""
    shown = asdict(package)
    del shown["account"], shown["notice_at"]
    return shown
