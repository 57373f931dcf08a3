"""Fixtures that every test may use."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from mock_server.simulator import Simulator
from tests.support import databases, postgres, worlds
from tests.support.worlds import Gallery, Postbox, RealClock, World

pytest_plugins = ("pytester",)

# The same examples in every run: what fails here fails everywhere, and fails again.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """Keep the garbage collector off what lives as long as the run: modules, and all tests."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Leave no server behind: a worker of pytest-xdist ends without saying goodbye."""
    postgres.close()


@pytest.fixture
def real_now() -> RealClock:
    """The real clock, which only the test moves."""
    return RealClock()


@pytest.fixture
def postbox() -> Postbox:
    """Where callbacks end up."""
    return Postbox()


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """Where the rows are: a private file, unless the test is parametrised with `databases`."""
    return databases.address_of(getattr(request, "param", "sqlite"))


@pytest.fixture
def gallery() -> Gallery:
    """Where source images come from."""
    return Gallery()


@pytest.fixture
def simulator(
    real_now: RealClock, postbox: Postbox, gallery: Gallery, address: str
) -> Iterator[Simulator]:
    """A simulator on an empty database."""
    with worlds.simulator(real_now, postbox, gallery, database=address) as built:
        yield built


@pytest.fixture
def world(simulator: Simulator, real_now: RealClock, postbox: Postbox) -> World:
    """The Flask door of a fresh simulator."""
    return World(simulator, real_now, postbox)
