"""One drill: an account of its own, the client in it, and what is seen afterwards."""

import contextlib
import json
import os
import shlex
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import urllib3

from mock_server.admin_client import AdminClient, client_environment
from mock_server.rehearsal.client_process import ClientProcess, Ended
from mock_server.rehearsal.drills import Drill
from mock_server.rehearsal.evidence import Evidence, seen
from mock_server.rehearsal.order import RATE, RehearsalOrder
from mock_server.rehearsal.steps import STEPS
from mock_server.testing.records import RecordedCall
from mock_server.testing.world import World

# A server writes down a call when its client is gone; the last one may still be under way.
SETTLE_S = 2.0
SETTLE_LOOK_S = 0.1
MOST_PRINTED = 10_000
MOST_FILE_BYTES = 16 * 1024 * 1024


class Conduct:
    """Runs one drill once."""

    def __init__(self, order: RehearsalOrder, admin: AdminClient, drill: Drill) -> None:
        self._order = order
        self._admin = admin
        self._drill = drill

    def run(self) -> Evidence:
        """Return what the drill has shown. Raises UnreachableError, RefusedError, OSError."""
        world = self._world()
        with tempfile.TemporaryDirectory(prefix="artqr-drill-") as folder:
            paths = _paths(Path(folder))
            env = self._environment(world, paths)
            self._hook(self._order.setup, env)
            try:
                ended = self._client(world, env)
            finally:
                self._hook(self._order.teardown, env)
            return self._evidence(world, ended, paths["ARTQR_OUT"])

    def _world(self) -> World:
        drill = self._drill
        wish = {"credits": 1000, "seed": drill.seed, **drill.account, "name": f"drill {drill.id}"}
        world = World(self._admin, self._admin.post("/accounts", {**wish, "clock": {"rate": RATE}}))
        if drill.patch:
            world.admin.patch(dict(drill.patch))
        for fault in drill.faults:
            world.faults.add(**self._timed(fault))
        return world

    def _timed(self, fault: Mapping[str, Any]) -> dict[str, Any]:
        """Return a fault whose delay is longer than the client waits, where it is to be."""
        if fault.get("for") != "late":
            return dict(fault)
        return {**fault, "for": f"{int(self._order.client_timeout_s * 1500)}ms"}

    def _environment(self, world: World, paths: Mapping[str, Path]) -> dict[str, str]:
        order, drill = self._order, self._drill
        port = _free_port()
        own = {
            **client_environment(world.base_url, self._admin.get(f"/accounts/{world.id}")),
            "ARTQR_DRILL": drill.id,
            "ARTQR_CALLBACK_PORT": str(port),
            "ARTQR_CALLBACK_URL": f"http://127.0.0.1:{port}/",
            "ARTQR_TEXTS": json.dumps(list(drill.texts), ensure_ascii=False),
            "ARTQR_DEADLINE": f"{order.time_limit_s / 3:g}",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            **{name: str(path) for name, path in paths.items()},
        }
        known = {
            "base_url": own["ARTQR_BASE_URL"], "app_code": own["ARTQR_APP_CODE"],
            "app_key": own["ARTQR_APP_KEY"], "app_secret": own["ARTQR_APP_SECRET"],
            "callback_url": own["ARTQR_CALLBACK_URL"], "callback_port": str(port),
        }  # fmt: skip
        named = {name: _filled(value, known) for name, value in order.env.items()}
        return {**os.environ, **own, **named}

    def _hook(self, command: str | None, env: Mapping[str, str]) -> None:
        if command is not None:
            subprocess.run(  # noqa: S603 - it is the user's own command
                shlex.split(command), env=dict(env), cwd=self._order.cwd, check=True,
                timeout=self._order.time_limit_s, capture_output=True,
            )  # fmt: skip

    def _client(self, world: World, env: Mapping[str, str]) -> Ended:
        client = ClientProcess(self._order.command, env, self._order.cwd)
        over = threading.Event()
        step = STEPS[self._drill.step] if self._drill.step else None
        helper = threading.Thread(target=step, args=(world, over), daemon=True) if step else None
        try:
            if helper:
                helper.start()
            return client.wait(self._order.time_limit_s)
        finally:
            over.set()
            client.kill()
            if helper:
                helper.join(SETTLE_S)

    def _evidence(self, world: World, ended: Ended, out: Path) -> Evidence:
        calls = sorted(map(seen, self._settled_calls(world)), key=lambda each: each.began_at)
        tasks = {each["task_id"]: each for each in world.admin.every("/tasks", "tasks")}
        printed = _printed(ended.stdout)
        named = [each for each in printed if str(each.get("task_id")) in tasks]
        return Evidence(
            drill=self._drill,
            calls=tuple(calls),
            tasks=tasks,
            callbacks=world.admin.every("/callbacks", "callbacks"),
            faults=world.admin.get("/faults")["faults"],
            findings=world.admin.findings()["findings"],
            ended=ended,
            copies=self._order.copies,
            base_url=world.base_url,
            printed=printed,
            files=_files(named, [out, self._order.cwd or Path.cwd()]),
            pictures={
                str(each["task_id"]): _pictures(tasks[str(each["task_id"])]) for each in named
            },
        )

    def _settled_calls(self, world: World) -> list[RecordedCall]:
        """Return the calls once no more are written down."""
        calls = list(world.calls_after(0))
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            threading.Event().wait(SETTLE_LOOK_S)
            again = list(world.calls_after(0))
            if [each.raw for each in again] == [each.raw for each in calls]:
                break
            calls = again
        return calls


def _paths(folder: Path) -> dict[str, Path]:
    out = folder / "out"
    out.mkdir()
    return {"ARTQR_OUT": out, "ARTQR_STATE": folder / "state"}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _filled(value: str, known: Mapping[str, str]) -> str:
    for name, text in known.items():
        value = value.replace(f"{{{name}}}", text)
    return value


def _printed(stdout: bytes) -> list[dict[str, Any]]:
    """Return the lines of JSON objects that the client printed."""
    found: list[dict[str, Any]] = []
    for line in stdout.splitlines()[:MOST_PRINTED]:
        if line.startswith(b"{"):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                found.append(value)
    return found


def _files(printed: Sequence[Mapping[str, Any]], folders: Sequence[Path]) -> dict[str, bytes]:
    """Return the content of the files that the client printed, by what it called them."""
    found: dict[str, bytes] = {}
    for line in printed:
        names = line.get("files")
        for name in names if isinstance(names, list) else ():
            for folder in folders:
                with contextlib.suppress(OSError, ValueError):
                    path = folder / str(name)
                    if path.is_file() and path.stat().st_size <= MOST_FILE_BYTES:
                        found.setdefault(str(name), path.read_bytes())
    return found


def _pictures(task: Mapping[str, Any]) -> list[bytes]:
    return [urllib3.request("GET", url).data for url in task["pictures"]]
