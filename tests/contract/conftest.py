"""A simulator in which everything has happened once, to compare the documents with."""

from collections.abc import Iterator

import pytest

from tests.support import worlds
from tests.support.worlds import Postbox, RealClock, World


def pytest_pycollect_makemodule(parent: pytest.Collector) -> None:
    """Load what `schema.parametrize` needs; every other run does without (see pyproject.toml)."""
    parent.config.pluginmanager.import_plugin("schemathesis.pytest.plugin")


@pytest.fixture(scope="module")
def busy() -> Iterator[World]:
    """A simulator whose default account has tasks in every state, callbacks, refusals and
    errors.
    """
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox) as simulator:
        world = World(simulator, real_now, postbox)
        let_everything_happen(world)
        yield world


def let_everything_happen(world: World) -> None:
    """Bring the default account of a world into the state of `busy`."""
    for status in ("running", "succeeded", "failed"):
        task_id = world.submit(call_back="http://127.0.0.1:9/callback")
        world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": status})
    world.submit(call_back="no address")
    world.clock(advance="2s")
    world.submit()
    world.vendor("/submitTask")
    world.vendor("/submitTask", app_code="nobody")
    world.http.post("/submitTask", data=b"\xff", headers=worlds.APP_CODE)
    world.http.get("/nothing")
