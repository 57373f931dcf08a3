"""What a client is configured with: variables over the inherited environment.

Rule 1: what the rehearsal itself sets is never shared by two runs, so `--env` may not set it.
Rule 2: the user's own NO_PROXY stays; the address of the server is added to it.
"""

import json
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mock_server.client_environment import client_environment
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.order import PLACEHOLDER, RehearsalOrder

DIRECT = ("127.0.0.1", "localhost")
# Below the ports that systems give to connections: no connection takes one before the client does.
PORTS = range(20_000, 32_000)
PORT_TRIES = 100

_given_ports: set[int] = set()


def environment(
    order: RehearsalOrder, drill: Drill, base_url: str, account: Mapping[str, str], folder: Path
) -> dict[str, str]:
    """Return the environment of one run of a drill; make what it names in `folder`."""
    out = folder / "out"
    out.mkdir()
    port = free_port()
    own = {
        **client_environment(base_url, dict(account)),
        "ARTQR_DRILL": drill.id,
        "ARTQR_CALLBACK_PORT": str(port),
        "ARTQR_CALLBACK_URL": f"http://127.0.0.1:{port}/",
        "ARTQR_TEXTS": json.dumps(list(drill.texts), ensure_ascii=False),
        "ARTQR_OUT": str(out),
        "ARTQR_STATE": str(folder / "state"),
        "ARTQR_DEADLINE": f"{order.time_limit_s / 3:g}",
    }
    named = {name: filled(value, own) for name, value in order.env.items()}
    return {**inherited(base_url), **own, **named}


def inherited(base_url: str) -> dict[str, str]:
    """Return our own environment, in which no proxy stands before the server."""
    direct = no_proxy(os.environ, urlsplit(base_url).hostname or "")
    return {**os.environ, "NO_PROXY": direct, "no_proxy": direct}


def no_proxy(inherited: Mapping[str, str], host: str) -> str:
    """Return the value of NO_PROXY: the hosts that the user has, this machine and `host`."""
    theirs = [
        entry.strip()
        for name in ("NO_PROXY", "no_proxy")
        for entry in inherited.get(name, "").split(",")
    ]
    if "*" in theirs:
        return "*"  # clients know it only where it stands alone
    return ",".join(dict.fromkeys(filter(None, (*theirs, *DIRECT, host))))


def filled(value: str, own: Mapping[str, str]) -> str:
    """Return the value of a variable with its placeholders filled in, each once."""
    known = {name.removeprefix("ARTQR_").lower(): text for name, text in own.items()}
    return PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), value)


def free_port() -> int:
    """Return a port that nobody listens on, and that was not returned before."""
    for _ in range(PORT_TRIES):
        port = secrets.choice(PORTS)
        if port not in _given_ports and _is_free(port):
            _given_ports.add(port)
            return port
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
