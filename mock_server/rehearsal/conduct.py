"""One drill: an account of its own, the client in it, and what is seen afterwards."""

import contextlib
import json
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import urllib3

from mock_server.admin_client import AdminClient
from mock_server.audit.history import by_id, in_order
from mock_server.audit.records import RecordedCall
from mock_server.real_clock import wall_clock
from mock_server.rehearsal import hooks
from mock_server.rehearsal.account import open_account
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.environment import environment
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.runs import Runs, run_client
from mock_server.testing.world import World

# A server writes down a call when its client is gone; the last one may still be under way.
SETTLE_S = 2.0
SETTLE_LOOK_S = 0.1
MOST_PRINTED = 10_000
MOST_FILE_BYTES = 16 * 1024 * 1024


class Conduct:
    """Runs one drill once."""

    def __init__(
        self, order: RehearsalOrder, admin: AdminClient, drill: Drill, stop: threading.Event
    ) -> None:
        """`stop`: once it is set, the client is ended and `run` raises StoppedError."""
        self._order = order
        self._stop = stop
        self._admin = admin
        self._drill = drill

    def run(self) -> Evidence:
        """Return what the drill has shown.

        Raises UnreachableError, RefusedError, HookError, OSError, StoppedError.
        """
        world = open_account(self._order, self._admin, self._drill)
        with tempfile.TemporaryDirectory(
            prefix="artqr-drill-", ignore_cleanup_errors=True
        ) as folder:
            account = self._admin.get(f"/accounts/{world.id}")
            env = environment(self._order, self._drill, world.base_url, account, Path(folder))
            with hooks.around(self._order, self._drill.id, env, self._stop):
                runs = run_client(self._order, self._drill, world, env, self._stop)
            return self.evidence(world, runs, Path(env["ARTQR_OUT"]))

    def evidence(self, world: World, runs: Runs, out: Path) -> Evidence:
        """Return what an account has seen of a client that has ended; `out` is the client's folder.

        Raises UnreachableError, RefusedError.
        """
        calls = self._settled_calls(world)
        tasks = by_id(world.admin.every("/tasks", "tasks"))
        printed = _printed(runs.ended.stdout)
        named = [each for each in printed if str(each.get("task_id")) in tasks]
        return Evidence(
            drill=self._drill,
            calls=in_order(calls),
            tasks=tasks,
            callbacks=world.admin.every("/callbacks", "callbacks"),
            faults=world.admin.get("/faults")["faults"],
            findings=world.admin.findings()["findings"],
            ended=runs.ended,
            earlier=runs.earlier,
            restarted_after=runs.restarted_after,
            copies=self._order.copies,
            dropped=world.admin.dropped_calls(),
            base_url=world.base_url,
            secrets=(world.app_code, world.app_secret),
            printed=printed,
            files=_files(named, [out, self._order.cwd or Path.cwd()]),
            pictures={
                str(each["task_id"]): _pictures(tasks[str(each["task_id"])]) for each in named
            },
        )

    def _settled_calls(self, world: World) -> list[RecordedCall]:
        """Return the calls once no more are written down, and none is still being answered: the
        server has yet to notice that its client is gone.
        """
        calls = list(world.calls_after(0))
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            threading.Event().wait(SETTLE_LOOK_S)
            again = list(world.calls_after(0))
            is_same = [each.raw for each in again] == [each.raw for each in calls]
            if is_same and not any(map(_is_being_answered, again)):
                break
            calls = again
        return calls


def _is_being_answered(call: RecordedCall) -> bool:
    sent = call.raw["sent"]
    if sent is None or sent["left_after_ms"] is not None:
        return False
    ends_at: int = call.raw["real_at"] + sent["late_ms"] + sent["lasts_ms"]
    return ends_at > wall_clock()


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
