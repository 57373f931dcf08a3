"""The fast path: the pinned uvicorn has the hook for it, and `serve` works without the hook."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mock_server.domain.call.calls import Answer
from mock_server.web.serving.asgi_app import AsgiApp
from tests.support.live import live
from tests.support.processes import DEADLINE_S, environment, until
from tests.support.wire import AUTHORIZED, SUBMIT, exchange, request

ROOT = Path(__file__).parents[2]
EXPECTING = request("/submitTask", SUBMIT, *AUTHORIZED, "Expect: 100-continue")
# A uvicorn whose method for starting requests has another name.
WITHOUT_HOOK = """
import sys
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as Protocol

Protocol._start_request = Protocol._start_asgi_task
del Protocol._start_asgi_task
for caller in (Protocol.on_headers_complete, Protocol.on_response_complete):
    names = caller.__code__.co_names
    caller.__code__ = caller.__code__.replace(
        co_names=tuple("_start_request" if each == "_start_asgi_task" else each for each in names)
    )

from mock_server.cli.main import main
main(sys.argv[1:])
"""


def pinned(name: str) -> str:
    """Return the version of a package in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    (found,) = (version for each, _, version in (x.partition("==") for x in lines) if each == name)
    return found


def test_the_pinned_uvicorn_takes_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: list[str] = []
    handle = AsgiApp._exchange

    async def spied(self: AsgiApp, call: Any, scope: Any) -> Answer:
        tasks.append(scope["path"])
        return await handle(self, call, scope)

    monkeypatch.setattr(AsgiApp, "_exchange", spied)
    with live() as server:
        health = server.admin.get("/health")
        fast = exchange(server.url, request("/submitTask", SUBMIT, *AUTHORIZED))
        tasks_of_fast = [*tasks]
        slow = exchange(server.url, EXPECTING)

    version = importlib.metadata.version("uvicorn")
    assert version == pinned("uvicorn")
    assert health["serving"] == {
        "server": f"uvicorn {version}",
        "fast_path": True,
        "reason": None,
    }
    assert (fast.status, tasks_of_fast) == (200, [])
    assert tasks == ["/submitTask"], slow


def test_without_the_hook_serve_answers_and_health_says_why_it_is_slower(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = (sys.executable, "-c", WITHOUT_HOOK, "serve", "--port", "0",
               "--database", ":memory:", "--ready-file", str(ready))  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: ready.exists() or process.poll() is not None)
            url = json.loads(ready.read_text("utf-8"))["url"]
            health = exchange(url, request("/_mock/health", method="GET"))
            answers = [
                exchange(url, request("/submitTask", body, *AUTHORIZED)) for body in (SUBMIT, b"")
            ]
        finally:
            process.terminate()
            process.wait(timeout=DEADLINE_S)

    serving = json.loads(health.body)["serving"]
    assert serving["fast_path"] is False
    assert "HttpToolsProtocol._start_asgi_task(cycle, app)" in serving["reason"]
    assert [answer.status for answer in answers] == [200, 450]
    assert b"task_id" in answers[0].body
    assert answers[0].one("Server").startswith("Kaede/")
    assert process.returncode == 0
