"""mountebank: a stub that answers a fixed text; the measure of most goals."""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contenders.contender import ANSWER_TEXT, Contender, free_port, stub_request
from benchmarks.contenders.installing import from_npm


def _command(installed: Path, scratch: Path, port: int) -> Sequence[str]:
    stub = {"is": {"statusCode": 200, "headers": {"Content-Type": "application/json"},
                   "body": ANSWER_TEXT}}  # fmt: skip
    imposter = {
        "port": port,
        "host": "127.0.0.1",
        "protocol": "http",
        "stubs": [{"responses": [stub]}],
    }
    config = scratch / "imposters.json"
    config.write_text(json.dumps({"imposters": [imposter]}), "utf-8")
    return [
        str(installed / "node_modules/.bin/mb"), "start", "--host", "127.0.0.1",
        "--port", str(free_port()),
        "--configfile", str(config), "--loglevel", "error", "--nologfile", "--localOnly",
        "--pidfile", str(scratch / "mb.pid"),
    ]  # fmt: skip


MOUNTEBANK = Contender(
    name="mountebank",
    says="a stub that answers one fixed text, as it is installed, without its log",
    install=lambda folder: from_npm("mountebank", folder),
    command=_command,
    request=stub_request,
)
