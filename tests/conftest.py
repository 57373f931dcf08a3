"""Fixtures for all tests."""

import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from mock_server.domain import records

# Before any module with records loads: what changes one fails in the tests. The servers that tests
# start run those of users.
records.are_frozen = True

from mock_server.simulator import Simulator  # noqa: E402 - see above
from tests.support import databases, postgres, worlds  # noqa: E402
from tests.support.worlds import Gallery, Postbox, RealClock, World  # noqa: E402

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every process
# that they start, and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ("pytester",)

# The same examples in every run, so a failure repeats on every machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("quick", settings.get_profile("repeatable"), max_examples=25)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """Keep the garbage collector off what lives as long as the run: modules, and all tests."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Stop every server: a worker of pytest-xdist exits without running exit handlers."""
    postgres.close()


@pytest.fixture
def real_now() -> RealClock:
    """The real clock, which only the test moves."""
    return RealClock()


@pytest.fixture
def postbox() -> Postbox:
    """The receiver of callbacks."""
    return Postbox()


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """The address of the database: a private file, unless the test is parametrised with
    `databases`.
    """
    return databases.address_of(getattr(request, "param", "sqlite"))


@pytest.fixture
def gallery() -> Gallery:
    """The source of source images."""
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
    """The Flask application of a fresh simulator."""
    return World(simulator, real_now, postbox)
