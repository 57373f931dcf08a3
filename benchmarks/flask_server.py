"""Runs the Flask application alone, under uvicorn and a2wsgi, to compare `serve` with it.

`python -m benchmarks.flask_server --database FILE` prints its address and serves it.
"""

import socket
import sys

import uvicorn
from a2wsgi import WSGIMiddleware

from mock_server.actions.accounts import accounts
from mock_server.settings import Settings
from mock_server.simulator import build_simulator
from mock_server.web.flask_app import create_app


def main() -> None:
    """Serve the Flask app on a free port."""
    simulator = build_simulator(Settings(database=sys.argv[2]))
    simulator.database.run(lambda tx: accounts.ensure_default(tx, simulator))
    app = WSGIMiddleware(create_app(simulator).wsgi_app)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"ARTQR_BASE_URL=http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
