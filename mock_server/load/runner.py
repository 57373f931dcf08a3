"""A whole load: a server, an account, Locust beside it, the timeline, and what came of it.

Rule 1: whatever ends a load, what it did so far is returned, and nothing is left running.
Rule 2: Locust gets some seconds to end by itself; what is left of it then is killed.
"""

import contextlib
import importlib.util
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mock_server.actions.accounts import scenarios
from mock_server.admin_client import (
    AccountClient,
    AdminClient,
    RefusedError,
    UnreachableError,
)
from mock_server.client_environment import client_environment
from mock_server.domain.billing.charges import UNLIMITED
from mock_server.domain.usage_errors import UsageError
from mock_server.extras import install_command
from mock_server.formatting import counted, printable_lines
from mock_server.load import locust_settings as names
from mock_server.load.client_log import ClientView, read_log
from mock_server.load.incidents import Incident, Incidents
from mock_server.load.order import LoadOrder
from mock_server.real_clock import wall_clock
from mock_server.rehearsal.client_process import ClientProcess, Ended, StoppedError
from mock_server.rehearsal.environment import inherited

PROGRAM = (sys.executable, "-m", "mock_server.load.locust_program")
ROOT = Path(__file__).parents[2]
START_MS = 60_000  # for a locustfile to be loaded
END_S = 10.0  # for Locust to end once it is told
LOOK_S = 0.1
ALIVE_S = 1.0  # between two looks whether the server is there
MOST_MISSED = 3
MOST_LINES = 15
Told = Callable[[str], None]


class LocustError(Exception):
    """Locust did not do its work; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a load did. Instants are real ms. `trouble`: what ended it too early; `notes`: what a
    reader has to know. `stopped`: the user ended it.
    """

    account_id: str
    began_at: int
    ended_at: int
    incidents: tuple[Incident, ...]
    seen: ClientView
    trouble: str | None = None
    stopped: bool = False
    notes: tuple[str, ...] = ()


def check_locust() -> None:
    """Raise UsageError if Locust is not installed; it is not imported."""
    if importlib.util.find_spec("locust") is None:
        raise UsageError(f"load needs Locust: {install_command('load')}")


def open_account(order: LoadOrder, admin: AdminClient) -> AccountClient:
    """Return a new account that keeps every call, and does not run out unless the scenario says so.

    Raises UsageError for a scenario that cannot be, RefusedError, UnreachableError.
    """
    made = admin.post("/accounts", {"name": "load", "credits": UNLIMITED, "keep_calls": "all",
                                    "clock": {"rate": order.clock_rate}})  # fmt: skip
    account = admin.account(made["id"])
    if order.scenario is not None:
        account.post("/scenario", {"scenario": _scenario(order)})
    return account


def _scenario(order: LoadOrder) -> dict[str, Any]:
    found = scenarios.values_named(str(order.scenario))
    clock = {"rate": order.clock_rate, **found.get("clock", {})}
    own = {} if {"credits", "packages"} & set(found) else {"credits": UNLIMITED}
    return {**found, **own, "keep_calls": "all", "clock": clock}


def run_load(
    order: LoadOrder, admin: AdminClient, account: AccountClient, told: Told, stop: threading.Event
) -> Ran:
    """Run the load; `told` hears what happens. Raises UsageError for a timeline that cannot be,
    LocustError if Locust does not start."""
    incidents = Incidents(account, order.events)
    incidents.check()
    with tempfile.TemporaryDirectory(prefix="artqr-mock-load-") as folder:
        credentials = client_environment(admin.base_url, account.get())
        place = names.Place(base_url=admin.base_url, credentials=credentials, folder=Path(folder))
        return _Conduct(order, admin, incidents, place, told, stop).run(account.id)


class _Conduct:
    """One run of Locust, and what happens beside it."""

    def __init__(
        self, order: LoadOrder, admin: AdminClient, incidents: Incidents, place: names.Place,
        told: Told, stop: threading.Event,
    ) -> None:  # fmt: skip
        self._order = order
        self._admin = admin
        self._incidents = incidents
        self._place = place
        self._told = told
        self._stop = stop
        self._kill = threading.Event()
        self._over = threading.Event()
        self._trouble: str | None = None
        self._failure: Exception | None = None
        self._began_at = 0

    def run(self, account_id: str) -> Ran:
        """Start Locust, and stay until it has ended."""
        limit_ms = START_MS + self._order.run_ms + self._order.drain_ms + END_S * 1000
        began_at, ended = wall_clock(), None
        self._advance(0)  # what is there from the start is there for the first call
        locust = self._start()
        beside = threading.Thread(target=self._beside, daemon=True)
        beside.start()
        try:
            ended = locust.wait(limit_ms / 1000, self._kill)
        except StoppedError:
            pass
        finally:
            self._over.set()
            beside.join()
        if self._failure is not None:
            raise self._failure
        self._take_back()
        trouble = self._trouble or self._why_ended(ended)
        if not self._began_at and not self._stop.is_set():
            raise LocustError(trouble or "Locust ended before a user began")
        return Ran(
            account_id=account_id, began_at=self._began_at or began_at, ended_at=wall_clock(),
            incidents=tuple(self._incidents.all), trouble=trouble, stopped=self._stop.is_set(),
            seen=read_log(self._place.folder / names.LOG_FILE),
            notes=tuple(self._notes()),
        )  # fmt: skip

    def _notes(self) -> Iterator[str]:
        if (self._place.folder / names.FULL_FILE).exists():
            calls = counted(self._order.most_calls, "call")
            yield f"The load ended early: it had made its {calls} (--most-calls)."
        with contextlib.suppress(OSError):  # Locust was killed
            hosts = (self._place.folder / names.REFUSED_FILE).read_text("utf-8").split()
            if hosts:
                yield (
                    f"Calls to {', '.join(hosts)} were refused: a load goes to this machine, to "
                    "hosts that --allow-host names, and never to the vendor."
                )
        with contextlib.suppress(OSError, ValueError):
            count, first = json.loads((self._place.folder / names.RAISED_FILE).read_text("ascii"))
            if count:
                yield f"Users did not catch {counted(count, 'exception')}, such as {first}"

    def _start(self) -> ClientProcess:
        own = names.settings(self._order, self._place, inherited(self._place.base_url))
        paths = [str(ROOT), own.get("PYTHONPATH", "")]
        own["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return ClientProcess(PROGRAM, own, None)

    def _beside(self) -> None:
        """Make the timeline happen, and look after the server; end Locust if that has to be."""
        try:
            self._until_the_end()
        except (UnreachableError, RefusedError) as error:
            self._trouble = f"an event of the timeline failed: {_plain(error)}"
        except Exception as error:  # noqa: BLE001 - it is raised where it is seen
            self._failure = error
        if not self._over.is_set():
            (self._place.folder / names.STOP_FILE).touch()
            if not self._over.wait(END_S):
                self._kill.set()

    def _until_the_end(self) -> None:
        missed, looked_at, began = 0, time.monotonic(), 0.0
        while not self._over.wait(LOOK_S) and not self._stop.is_set():
            if not began and (self._place.folder / names.STARTED_FILE).exists():
                began, self._began_at = time.monotonic(), wall_clock()
                self._told("users begin")
            if began:
                self._advance((time.monotonic() - began) * 1000)
            if time.monotonic() - looked_at >= ALIVE_S:
                looked_at, missed = time.monotonic(), self._missed(missed)
                if missed >= MOST_MISSED:
                    self._trouble = "the server answers no more: what it knew of the load is lost"
                    return

    def _advance(self, passed_ms: float) -> None:
        before = {id(each.event): each for each in self._incidents.all}
        self._incidents.advance(passed_ms)
        for each in self._incidents.all:
            known = before.get(id(each.event))
            if known is None:
                self._told(each.event.says)
            elif each.ended_at is not None and known.ended_at is None:
                self._told(f"over: {each.event.what}")

    def _missed(self, missed: int) -> int:
        try:
            self._admin.get("/health")
        except UnreachableError:
            return missed + 1
        except RefusedError:
            return missed
        return 0

    def _take_back(self) -> None:
        with contextlib.suppress(UnreachableError, RefusedError):  # the audit says so
            self._incidents.end()

    def _why_ended(self, ended: Ended | None) -> str | None:
        if ended is None:
            return None if self._stop.is_set() else "Locust did not end in time, and was killed"
        if ended.timed_out:
            return "Locust did not end in time, and was killed"
        if ended.status:
            printed = _last_lines(ended.printed)
            return f"Locust ended with {ended.status}" + (f":\n{printed}" if printed else "")
        return None


def _plain(error: Exception) -> str:
    return str(error).partition(": start one")[0]


def _last_lines(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return printable_lines("\n".join(lines[-MOST_LINES:]))
