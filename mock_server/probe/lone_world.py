"""A simulator of one thread in this process: nothing leaves it, nothing happens in the background.

The source image of a probe is read at once, any other one is unreachable.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.task.source_images import SourceRead, unreachable
from mock_server.domain.urls import Address
from mock_server.probe import moves
from mock_server.settings import Settings
from mock_server.signals import NoBackground
from mock_server.simulator import Network, Simulator, build_simulator
from mock_server.store.engine.schedulers import InlineScheduler


def lone_simulator(settings: Settings, now: Callable[[], int]) -> Simulator:
    """Return a simulator on a clock. Close it after use, on the thread that built it."""
    built = build_simulator(
        settings,
        scheduler=InlineScheduler(),
        real_now=now,
        network=Network(post=_post, fetch=_fetch),
    )
    return replace(built, background=NoBackground())


def _post(_address: Address, _posting: Posting) -> Future[Outcome]:
    """Fail: there is no receiver."""
    posted: Future[Outcome] = Future()
    posted.set_result(Outcome(error="nothing leaves this world"))
    return posted


def _fetch(address: Address) -> Future[SourceRead]:
    """Read the source image of the probe, wherever its listener is."""
    read: Future[SourceRead] = Future()
    is_own = address.target.endswith(moves.IMAGE_PATH)
    read.set_result(moves.submit(moves.IMAGE).image_read if is_own else unreachable().read)
    return read
