"""The rule machine: worlds, and what happens in them, made up and cut down by hypothesis."""

from collections.abc import Callable
from typing import Any

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from mock_server.client_suite import inputs
from mock_server.client_suite.driver import Play
from mock_server.client_suite.inputs import Intent
from mock_server.client_suite.story import ClientMistakeError, Trouble

# Less than a page, and a little more than one of 20 and of 50 tasks.
CROWDS = (1, 2, 21, 51)
ENOUGH_TASKS = max(CROWDS)
HOWS = ("as it is", "next event", "finished", "running", "succeeded", "failed")
# Worlds made up from one seed. From the eleventh on hypothesis would rather change a world that it
# has made, five times, than make another.
ROUND = 10
SHRINKING_WORLDS = 120
OpenPlay = Callable[[dict[str, str]], Play]


class Worlds(RuleBasedStateMachine):
    """One client, one world, a few steps.

    No rule has a precondition: a step that says nothing here does nothing, or makes what it needs.
    So a story stays true when any of its steps is cut out.
    """

    def __init__(self, search: "Search") -> None:
        super().__init__()
        self._search = search
        self._play: Play | None = None
        self._has_asked_for_unknown = False

    @property
    def play(self) -> Play:
        """The play, once it has begun."""
        assert self._play is not None  # noqa: S101 - `begin` comes first
        return self._play

    @initialize(readings=inputs.worlds())
    def begin(self, readings: dict[str, str]) -> None:
        """Make a world."""
        self._play = self._search.open(readings)

    @rule(intent=inputs.fine_intents(), trouble=inputs.troubles(), calls_back=st.booleans())
    def submit(self, intent: Intent, trouble: Trouble | None, calls_back: bool) -> None:  # noqa: FBT001
        """Have a task submitted, whatever goes wrong."""
        extra = self.play.callback_field() if calls_back else {}
        self.play.submit(Intent(fields={**intent.fields, **extra}, is_fine=True), trouble)

    @rule(intent=inputs.odd_intents())
    def submit_something_odd(self, intent: Intent) -> None:
        """Have a task submitted that the vendor may refuse."""
        self.play.submit(intent)

    @rule(number=st.integers(0, 60), how=st.sampled_from(HOWS), trouble=inputs.troubles())
    def query(self, number: int, how: str, trouble: Trouble | None) -> None:
        """Let something happen to a task, or not, and have it queried."""
        if not self.play.task_count:
            self.play.fill(1)
        if how == "next event":
            self.play.next_event()
        elif how == "finished":
            self.play.finish()
        elif how != "as it is":
            number = self.play.force(number, how)
        self.play.query(number, trouble)

    @rule()
    def query_unknown(self) -> None:
        """Have a task queried that there is not; once in a world tells all."""
        if not self._has_asked_for_unknown:
            self._has_asked_for_unknown = True
            self.play.query_unknown()

    @rule(trouble=inputs.troubles())
    def list_all(self, trouble: Trouble | None) -> None:
        """Have the whole list read."""
        self.play.list_all(trouble)

    @rule(count=st.sampled_from(CROWDS))
    def fill(self, count: int) -> None:
        """Make tasks without the client, until there are enough."""
        if self.play.task_count < ENOUGH_TASKS:
            self.play.fill(count)

    def teardown(self) -> None:
        """Let go of the world."""
        if self._play is not None:
            self._play.close()


class EnoughError(BaseException):
    """Ends the search: the shortest story that was found is short enough."""


class Search:
    """Notes the shortest story of a mistake, and ends the search some worlds after the first one.

    Cutting down could go on for a minute to save the last step; whoever waits has a test to run.
    A client that does not do the same twice is shown what it did once.
    """

    def __init__(self, open_play: OpenPlay) -> None:
        self._open_play = open_play
        self._left = SHRINKING_WORLDS
        self.shortest: ClientMistakeError | None = None

    @property
    def is_over(self) -> bool:
        """Whether enough worlds have been tried."""
        return self._left < 0

    def open(self, readings: dict[str, str]) -> Play:
        """Make a world."""
        if self.shortest is not None:
            self._left -= 1
            if self.is_over:
                raise EnoughError
        try:
            play = self._open_play(readings)
        except ClientMistakeError as mistake:  # the client could not be made
            self.note(mistake)
            raise
        play.on_mistake = self.note
        return play

    def note(self, mistake: ClientMistakeError) -> None:
        """Take in a mistake."""
        best = self.shortest
        if best is None or _length(mistake) < _length(best):
            self.shortest = mistake
        if mistake.is_endless:  # nobody waits for it once more
            self._left = 0


def run(open_play: OpenPlay, wanted: settings) -> None:
    """Drive a client through generated worlds; raise the shortest story of a mistake."""
    search = Search(open_play)
    machine: Any = lambda: Worlds(search)  # noqa: E731 - whatever makes a machine will do
    try:
        for done in range(0, wanted.max_examples, ROUND):
            count = min(ROUND, wanted.max_examples - done)
            run_state_machine_as_test(
                seed(done)(machine), settings=settings(wanted, max_examples=count)
            )
    except (ClientMistakeError, EnoughError, Flaky):
        shortest = search.shortest
        assert shortest is not None  # noqa: S101 - none of them is raised before
        raise shortest from None


def _length(mistake: ClientMistakeError) -> tuple[int, int]:
    return mistake.steps, len(str(mistake))
