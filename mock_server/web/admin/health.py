"""Health: a summary for people, two one-word answers for probes, and the authority to trust."""

from flask import Blueprint, Response, current_app, jsonify

from mock_server import __version__, contract
from mock_server.simulator import Simulator
from mock_server.store import probe
from mock_server.tls import ca_certificate
from mock_server.web.keys import SERVING
from mock_server.web.problems import problem

# Less is a full disk: a call writes to the log of the database first, and that grows.
MIN_FREE_BYTES = 1024 * 1024
NO_AUTHORITY = (
    "this server has no certificate of the local authority: start it with --tls, or trust the "
    "authority of your own certificate"
)


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add `/health`, `/livez`, `/readyz` and `/ca.pem`."""

    @routes.get("/health")
    def health() -> Response:
        simulator.database.read(lambda tx: tx.one("select 1"))
        served = {"serving": current_app.config[SERVING]} if SERVING in current_app.config else {}
        return jsonify(
            status="ok",
            version=__version__,
            contract_version=contract.version(),
            database=simulator.database.place,
            **served,
        )

    @routes.get("/livez")
    def livez() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/readyz")
    def readyz() -> Response:
        free = simulator.database.free_bytes()
        if free is not None and free < MIN_FREE_BYTES:
            return _not_ready(f"its disk has {free} bytes left")
        try:
            simulator.database.run(probe.write)
        except Exception as error:  # noqa: BLE001 - whatever it is, no call would be answered
            return _not_ready(str(error))
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/ca.pem")
    def authority() -> Response:
        certificate = ca_certificate(simulator.settings)
        if certificate is None:
            return problem(404, "Not found", NO_AUTHORITY)
        return Response(certificate, content_type="application/pem-certificate-chain")


def _not_ready(why: str) -> Response:
    detail = f"the database cannot be written ({why}): make room on its disk, or look at its log"
    return problem(503, "Not ready", detail)
