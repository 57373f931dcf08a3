"""WireMock: a stub on the JVM, from the jar that its npm package brings; journal off, warm."""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contenders.contender import ANSWER_TEXT, Contender, stub_request
from benchmarks.contenders.installing import from_npm, program

JAVA = ("java", "default-jre-headless")


def _install(folder: Path) -> None:
    program(*JAVA)
    from_npm("wiremock", folder)


def _command(installed: Path, scratch: Path, port: int) -> Sequence[str]:
    mappings = scratch / "mappings"
    mappings.mkdir(exist_ok=True)
    stub = {
        "request": {"method": "POST", "urlPath": "/submitTask"},
        "response": {"status": 200, "body": ANSWER_TEXT,
                     "headers": {"Content-Type": "application/json"}},
    }  # fmt: skip
    (mappings / "submit.json").write_text(json.dumps(stub), "utf-8")
    (jar,) = installed.glob("node_modules/wiremock/build/*.jar")
    return [
        program(*JAVA), "-jar", str(jar), "--port", str(port), "--bind-address", "127.0.0.1",
        "--no-request-journal", "--disable-banner", "--root-dir", str(scratch),
    ]  # fmt: skip


WIREMOCK = Contender(
    name="WireMock",
    says="warm (four rounds before the first that counts), journal off",
    install=_install,
    command=_command,
    request=stub_request,
    warm_ups=4,
)
