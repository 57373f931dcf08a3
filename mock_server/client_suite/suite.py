"""What you subclass: the tests of the suite."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, Verbosity, settings

from mock_server.client_suite import event_loop, inputs, machine, pitfalls
from mock_server.client_suite.adapter import Adapter
from mock_server.client_suite.driver import Driven, Play
from mock_server.client_suite.pitfalls import Pitfall
from mock_server.client_suite.story import ClientMistakeError
from mock_server.client_suite.timeout import EndlessError, Runner
from mock_server.testing.server import MockServer

SEED = 1  # the same worlds in every run
MOST_LINES = 20


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
    # How late one answer arrives: set it above the timeout of your client.
    late_seconds: ClassVar[float] = 13
    # The least average pause between retries; 0 if your adapter switches the pauses off.
    pause_seconds: ClassVar[float] = 0.1

    def test_known_pitfalls(self, artqr_server: MockServer) -> None:
        """What clients are known to get wrong, one thing at a time."""
        __tracebackhide__ = True
        # A late answer must not look like a client that does not return.
        late_s = min(self.late_seconds, self.step_seconds / 2)
        self._fall(artqr_server, {}, pitfalls.every(late_s))
        if "refusal.status" not in self._known(artqr_server):
            self._fall(artqr_server, {"refusal.status": "200"}, pitfalls.of_refusals())

    def test_every_reading_of_what_nobody_knows(self, artqr_server: MockServer) -> None:
        """The worst of it in every world that may be the true one."""
        __tracebackhide__ = True
        broken = Broken("readings")
        for reading, word in inputs.readings():
            if reading in self._known(artqr_server):
                continue
            mistake = self._breaks(artqr_server, {reading: word})
            if broken.ends_with(f"{reading} = {word}", mistake):
                break
        broken.tell()

    def test_every_error_of_the_gateway_is_raised(self, artqr_server: MockServer) -> None:
        """Each row of the table, on each operation."""
        __tracebackhide__ = True
        older = {"gateway.profile": "classic"}
        met: list[tuple[dict[str, str], str]] = [({}, code) for code in inputs.codes()]
        if not set(older) & set(self._known(artqr_server)):
            met += [(older, code) for code in inputs.USUAL_CODES]
        broken = Broken("errors of the gateway")
        for readings, code in met:
            pitfall = partial(pitfalls.told_off, code=code)
            mistake = self._mistake(artqr_server, readings, pitfall)
            if broken.ends_with(f"{code}{' (classic)' * bool(readings)}", mistake):
                break
        broken.tell()

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

    def _breaks(self, server: MockServer, readings: Mapping[str, str]) -> ClientMistakeError | None:
        """Return the first mistake under a reading. One that the client makes in the most likely
        world as well is raised at once: it has nothing to do with readings."""
        __tracebackhide__ = True
        for pitfall in pitfalls.short():
            mistake = self._mistake(server, readings, pitfall)
            if mistake is not None:
                if not mistake.is_endless:
                    self._play(server, {}, pitfall)
                return mistake
        return None

    def _known(self, server: MockServer) -> dict[str, str]:
        """Return the readings that are settled: by this class, or by `artqr_readings`."""
        return {**server.readings, **self.readings}

    def _play(self, server: MockServer, readings: Mapping[str, str], pitfall: Pitfall) -> None:
        """Play in one world; its story is the message of a mistake."""
        __tracebackhide__ = True
        mistake = self._mistake(server, readings, pitfall)
        if mistake is not None:
            raise AssertionError(str(mistake))

    def _mistake(
        self, server: MockServer, readings: Mapping[str, str], pitfall: Pitfall
    ) -> ClientMistakeError | None:
        """Play in one world, and return the mistake that was made."""
        __tracebackhide__ = True
        play = self.open(server, readings)
        try:
            pitfall(play)
        except ClientMistakeError as mistake:
            return mistake
        finally:
            play.close()
        return None

    def open(self, server: MockServer, readings: Mapping[str, str]) -> Play:
        """Make a world, and a fresh client in it."""
        if not hasattr(self, "adapter"):
            name = type(self).__name__
            raise TypeError(f"class {name} names no adapter: adapter = YourAdapter")
        words = {**readings, **self._known(server)}
        world = server.account(
            seed=SEED, readings=words, clock={"frozen": True}, name="client suite"
        )
        flipped = ", ".join(f"{name} is {word}" for name, word in words.items())
        says = f"a world in which {flipped}" if flipped else "a world as it most likely is"
        return Play(server, world, self._client(world.env), says)

    def _client(self, env: Mapping[str, str]) -> Driven:
        """Construct a client in the thread in which it will run."""
        runner = Runner(self.step_seconds)
        try:
            adapter: Any = runner.run(lambda: event_loop.made(lambda: self.adapter(env)))
        except EndlessError:
            runner.close()
            raise ClientMistakeError(
                f"the client is wrong: its adapter was not made within {self.step_seconds:g} s",
                0,
                is_endless=True,
            ) from None
        return Driven(adapter=adapter, runner=runner, pause_s=self.pause_seconds)


class Broken:
    """Collects the mistakes of one test by the name of their cause, such as a reading."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._stories: dict[str, str] = {}

    def ends_with(self, name: str, mistake: ClientMistakeError | None) -> bool:
        """Add a mistake, if there was one. True for an endless client: the test stops there."""
        if mistake is not None:
            self._stories[name] = str(mistake)
        return mistake is not None and mistake.is_endless

    def tell(self) -> None:
        """Fail, if there was a mistake, with the first story and one line for each cause."""
        __tracebackhide__ = True
        if not self._stories:
            return
        text = next(iter(self._stories.values()))
        lines = [f"  {name}: {each.splitlines()[0]}" for name, each in self._stories.items()]
        if len(lines) > 1:
            more = [f"  ... and {len(lines) - MOST_LINES} more"] * (len(lines) > MOST_LINES)
            count = f"{len(lines)} {self._what} break the client; the first has the story above:"
            text = "\n".join([text, "", count, *lines[:MOST_LINES], *more])
        raise AssertionError(text)


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
