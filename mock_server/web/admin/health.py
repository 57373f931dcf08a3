"""Health: a summary for people, and two one-word answers for probes."""

from flask import Blueprint, Response, current_app, jsonify

from mock_server import __version__, contract
from mock_server.simulator import Simulator

# The key of the Flask app's configuration in which `serve` stores how it answers calls.
SERVING = "ARTQR_SERVING"


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add `/health`, `/livez` and `/readyz`."""

    @routes.get("/health")
    def health() -> Response:
        simulator.database.read(lambda tx: tx.one("select 1"))
        served = {"serving": current_app.config[SERVING]} if SERVING in current_app.config else {}
        return jsonify(
            status="ok",
            version=__version__,
            contract_version=contract.document("openapi")["info"]["version"],
            database=simulator.database.place,
            **served,
        )

    @routes.get("/livez")
    def livez() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/readyz")
    def readyz() -> Response:
        simulator.database.read(lambda tx: tx.one("select 1"))
        return Response("ok\n", mimetype="text/plain")
