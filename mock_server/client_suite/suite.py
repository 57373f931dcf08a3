"""What you subclass: the tests of the suite."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, Verbosity, settings

from mock_server.client_suite import inputs, machine, pitfalls
from mock_server.client_suite.adapter import Adapter
from mock_server.client_suite.driver import Play
from mock_server.client_suite.pitfalls import Pitfall
from mock_server.client_suite.story import ClientMistakeError
from mock_server.testing.server import MockServer

SEED = 1  # the same worlds in every run


class ClientSuite:
    """Subclass it, name your adapter, and run it with pytest.

    `adapter` is called with the variables of a world (`ARTQR_BASE_URL`, `ARTQR_APP_CODE`,
    `ARTQR_APP_KEY`, `ARTQR_APP_SECRET`) and returns an Adapter of a fresh client.
    """

    adapter: ClassVar[Callable[..., Adapter]]
    # Open questions that you know the answer to: {"envelope": "showapi"}.
    readings: ClassVar[Mapping[str, str]] = {}
    # How many worlds are generated, and how much happens in each.
    worlds: ClassVar[int] = 100
    steps: ClassVar[int] = 8
    # How long your client may take for one step, its pauses and retries with it.
    step_seconds: ClassVar[float] = 60

    def test_known_pitfalls(self, artqr_server: MockServer) -> None:
        """What clients are known to get wrong, one thing at a time."""
        __tracebackhide__ = True
        for readings in ({}, {"refusal.status": "200"}):
            if not set(readings) & set(self._known(artqr_server)):
                self._fall(artqr_server, readings, pitfalls.every())

    def test_every_reading_of_what_nobody_knows(self, artqr_server: MockServer) -> None:
        """The worst of it in every world that may be the true one."""
        __tracebackhide__ = True
        for reading, word in inputs.readings():
            if reading not in self._known(artqr_server):
                self._fall(artqr_server, {reading: word}, pitfalls.short())

    def test_every_error_of_the_gateway_is_raised(self, artqr_server: MockServer) -> None:
        """Each row of the table, on each operation."""
        __tracebackhide__ = True
        older = {"gateway.profile": "classic"}
        met: list[tuple[dict[str, str], str]] = [({}, code) for code in inputs.codes()]
        if not set(older) & set(self._known(artqr_server)):
            met += [(older, code) for code in inputs.USUAL_CODES]
        for readings, code in met:
            self._play(artqr_server, readings, partial(pitfalls.told_off, code=code))

    def test_generated_worlds(self, artqr_server: MockServer) -> None:
        """Made up by hypothesis, which cuts what breaks your client down to the shortest story."""
        __tracebackhide__ = True
        told(lambda: machine.run(partial(self.open, artqr_server), self.hypothesis()))

    def hypothesis(self) -> settings:
        """Return how worlds are generated; the same ones in every run."""
        return settings(
            max_examples=self.worlds,
            stateful_step_count=self.steps,
            derandomize=True,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )

    def _fall(
        self, server: MockServer, readings: Mapping[str, str], into: tuple[Pitfall, ...]
    ) -> None:
        __tracebackhide__ = True
        for pitfall in into:
            self._play(server, readings, pitfall)

    def _known(self, server: MockServer) -> dict[str, str]:
        """Return the readings that are settled: by this class, or by `artqr_readings`."""
        return {**server.readings, **self.readings}

    def _play(self, server: MockServer, readings: Mapping[str, str], pitfall: Pitfall) -> None:
        """Play in one world; its story is the message of a mistake."""
        __tracebackhide__ = True
        play = self.open(server, readings)
        try:
            told(lambda: pitfall(play))
        finally:
            play.close()

    def open(self, server: MockServer, readings: Mapping[str, str]) -> Play:
        """Make a world, and a fresh client in it."""
        if not hasattr(self, "adapter"):
            name = type(self).__name__
            raise TypeError(f"class {name} names no adapter: adapter = YourAdapter")
        words = {**readings, **self._known(server)}
        world = server.account(
            seed=SEED, readings=words, clock={"frozen": True}, name="client suite"
        )
        adapter: Any = self.adapter(world.env)
        flipped = ", ".join(f"{name} is {word}" for name, word in words.items())
        says = f"a world in which {flipped}" if flipped else "a world as it most likely is"
        return Play(server, world, adapter, says, self.step_seconds)


def told(act: Callable[[], None]) -> None:
    """Do something; a mistake is told by its story alone, without the way that led to it."""
    __tracebackhide__ = True
    story = None
    try:
        act()
    except ClientMistakeError as mistake:
        story = str(mistake)
    if story is not None:
        raise AssertionError(story)
