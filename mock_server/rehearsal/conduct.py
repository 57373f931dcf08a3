"""One drill: an account of its own, the client in it, and what is seen afterwards."""

import contextlib
import json
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import islice
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
MOST_STORED, MOST_STORED_BYTES = 500, 64 * 1024 * 1024
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
            with hooks.around(self._order, f"drill {self._drill.id}", env, self._stop):
                runs = run_client(self._order, self._drill, world, env, self._stop)
            return self.evidence(world, runs, Path(env["ARTQR_OUT"]))

    def evidence(self, world: World, runs: Runs, out: Path) -> Evidence:
        """Return what an account has seen of a client that has ended; `out` is the client's folder.

        Raises UnreachableError, RefusedError.
        """
        calls = in_order(self._settled_calls(world))
        tasks = by_id(world.admin.every("/tasks", "tasks"))
        printed = _printed(runs.ended.stdout)
        named = [each for each in printed if str(each.get("task_id")) in tasks]
        shown = {str(each["task_id"]) for each in named}
        stored = stored_files(out) if runs.ended.status == 0 else {}
        if stored:
            shown |= {str(each.call.task_id) for each in calls if each.brings_a_picture}
        return Evidence(
            drill=self._drill,
            calls=calls,
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
            files=files_named(named, [out, self._order.cwd or Path.cwd()]),
            stored=stored,
            pictures={each: pictures_of(tasks[each]) for each in shown if each in tasks},
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
            if is_same and not any(map(is_being_answered, again)):
                break
            calls = again
        return calls


def is_being_answered(call: RecordedCall) -> bool:
    """Whether the server is still sending the answer of a call."""
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


def files_named(printed: Sequence[Mapping[str, Any]], folders: Sequence[Path]) -> dict[str, bytes]:
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


def stored_files(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder and below, by their path in it; not more than fits."""
    found: dict[str, bytes] = {}
    room = MOST_STORED_BYTES
    for path in islice(sorted(folder.rglob("*")), MOST_STORED):
        with contextlib.suppress(OSError):
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= room:
                data = path.read_bytes()
                room -= len(data)
                found[str(path.relative_to(folder))] = data
    return found


def pictures_of(task: Mapping[str, Any]) -> list[bytes]:
    """Return the true pictures of a task."""
    return [urllib3.request("GET", url).data for url in task["pictures"]]
