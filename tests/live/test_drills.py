"""Every drill on a live server: its account can be made, and its needs tell clients apart."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from mock_server.rehearsal import needs
from mock_server.rehearsal.account import open_account
from mock_server.rehearsal.client_process import Ended
from mock_server.rehearsal.conduct import Conduct
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.drills import all_drills
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.runs import Runs
from mock_server.rehearsal.steps import STEPS, Scene
from mock_server.testing.world import World
from tests.support.live import Live, live
from tests.support.mini_client import MiniClient, able_client

JOBS = 8
SOON_S = 8.0
ORDER = RehearsalOrder(command=("true",), client_timeout_s=0.4, time_limit_s=20.0)
ENDED = Ended(status=0, timed_out=False, left=(), stdout=b"", stderr=b"", took_s=1.0)
DRILLS = {drill.id: drill for drill in all_drills() if not drill.restart}
# What a client meets that submits one text and ends.
LITTLE = {"submitted", "fired", "heard-a-failure", "lost-an-answer"}


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


@pytest.fixture(scope="module")
def unmet(server: Live) -> dict[str, list[str]]:
    """Why the needs of each drill were not met by a client that can meet them."""
    with ThreadPoolExecutor(JOBS) as pool:
        found = pool.map(lambda drill: unmet_by_an_able_client(server, drill), DRILLS.values())
        return dict(zip(DRILLS, found, strict=True))


def unmet_by_an_able_client(server: Live, drill: Drill) -> list[str]:
    world = open_account(ORDER, server.admin, drill)
    with acting(drill, world), able_client(world, drill, ORDER.client_timeout_s) as client:
        client.work(drill)
        deadline = time.monotonic() + SOON_S  # callbacks are still on their way
        while (reasons := unmet_in(server, drill, world)) and time.monotonic() < deadline:
            pass
        return reasons


@contextmanager
def acting(drill: Drill, world: World) -> Iterator[None]:
    """Let happen what happens in a drill while its client runs."""
    over = threading.Event()
    scene = Scene(world=world, kill=over.set, over=over)
    step = STEPS[drill.step] if drill.step else lambda _: None
    thread = threading.Thread(target=step, args=(scene,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def unmet_in(server: Live, drill: Drill, world: World) -> list[str]:
    conduct = Conduct(ORDER, server.admin, drill, threading.Event())
    return needs.unmet(conduct.evidence(world, Runs(ended=ENDED), Path()))


@pytest.mark.slow
@pytest.mark.parametrize("name", DRILLS)
def test_the_needs_of_a_drill_are_met_by_a_client_that_gets_into_its_situation(
    unmet: dict[str, list[str]], name: str
) -> None:
    assert unmet[name] == []


@pytest.mark.parametrize("name", DRILLS)
def test_the_needs_of_a_drill_are_not_met_by_a_client_that_does_not(
    server: Live, name: str
) -> None:
    """It submits one text patiently with its app code, and ends; where that is enough to meet the
    incident, or takes minutes, it does nothing."""
    drill = DRILLS[name]
    world = open_account(ORDER, server.admin, drill)
    takes_minutes = any("pause" in fault for fault in drill.faults)
    if not set(drill.needs) <= LITTLE and not takes_minutes:
        MiniClient(world=world).submit("https://example.com")

    assert unmet_in(server, drill, world) != []
