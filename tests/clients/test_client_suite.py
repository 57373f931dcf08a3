"""The client suite against a correct client, correct variants, and mutants with one bug each."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from mock_server import artqr_mock_server
from mock_server.client_suite import ClientSuite
from mock_server.client_suite.adapter import STATUSES, TaskResult
from mock_server.client_suite.driver import Play
from mock_server.client_suite.story import Trouble
from mock_server.extras import install_command
from mock_server.testing import CallbackReceiver, MockServer, SimulatorBugError
from tests.clients.reference.client import ArtQrError, Client, Task
from tests.clients.reference.mutants import (
    APP_CODE_MUTANTS,
    SIGNING_MUTANTS,
    SwallowsRetCode,
    TakesFailedForSuccess,
)
from tests.clients.reference.suites import by_app_code, by_signature, everything, suite_of
from tests.clients.reference.variants import (
    Asynchronous,
    BigPages,
    ChecksFirst,
    KeepsWhatHasEnded,
    KnowsTheUnfinished,
    LooksFirst,
    RetriesQueries,
    RetriesWhatTheGatewayBroke,
    SendsJson,
)
from tests.support.planted_bugs import failing_on

pytestmark = pytest.mark.slow


class TestReference(ClientSuite):
    """The whole suite, as its user runs it."""

    def adapter(self, env: dict[str, str]) -> Any:
        return by_app_code(Client, env)


class TestSigningReference(ClientSuite):
    """The same client with signatures."""

    late_seconds = 0.5  # the other one waits until it gives up

    def adapter(self, env: dict[str, str]) -> Any:
        return by_signature(Client, env)


VARIANTS = [
    KeepsWhatHasEnded,
    RetriesQueries,
    RetriesWhatTheGatewayBroke,
    KnowsTheUnfinished,
    ChecksFirst,
    BigPages,
    LooksFirst,
    Asynchronous,
]


@pytest.mark.parametrize("kind", VARIANTS)
def test_a_client_that_does_it_otherwise_raises_no_alarm(
    kind: Callable[..., Any], artqr_server: MockServer
) -> None:
    suite = suite_of(kind, worlds=30)

    everything(suite, artqr_server)


def test_a_client_that_sends_json_is_safe_if_the_gateway_takes_it(artqr_server: MockServer) -> None:
    suite = suite_of(SendsJson, worlds=30)
    with pytest.raises(AssertionError, match=r"  1\. a world in which body\.type is form-only"):
        suite.test_every_reading_of_what_nobody_knows(artqr_server)

    type(suite).readings = {"body.type": "any"}

    suite.test_known_pitfalls(artqr_server)
    suite.test_every_reading_of_what_nobody_knows(artqr_server)
    suite.test_generated_worlds(artqr_server)


MUTANTS = [
    *((kind, False) for kind in APP_CODE_MUTANTS),
    *((kind, True) for kind in SIGNING_MUTANTS),
]


@pytest.mark.parametrize(("kind", "signs"), MUTANTS, ids=[kind.__name__ for kind, _ in MUTANTS])
def test_a_mutant_is_caught(kind: type[Client], signs: bool, artqr_server: MockServer) -> None:
    suite = suite_of(kind, signs=signs)

    with pytest.raises(AssertionError, match=r"the client is wrong: ") as caught:
        everything(suite, artqr_server)

    assert "  1. a world " in str(caught.value)
    print(f"\n{kind.__doc__}\n  {str(caught.value).splitlines()[0]}")


@pytest.mark.parametrize(("kind", "signs"), MUTANTS, ids=[kind.__name__ for kind, _ in MUTANTS])
def test_the_generated_worlds_alone_catch_a_mutant(
    kind: type[Client], signs: bool, artqr_server: MockServer
) -> None:
    with pytest.raises(AssertionError, match=r"the client is wrong: "):
        suite_of(kind, signs=signs).test_generated_worlds(artqr_server)


def test_the_generated_worlds_see_every_outcome_with_trouble_and_without(
    artqr_server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    worlds: Counter[str] = Counter()
    query, open_play = Play._query, ClientSuite.open

    def noted_query(
        play: Play, task_id: str, truth: TaskResult | None, trouble: Trouble | None
    ) -> None:
        seen[truth.status if truth else "unknown", trouble is not None] += 1
        query(play, task_id, truth, trouble)

    def noted_open(suite: ClientSuite, server: MockServer, readings: dict[str, str]) -> Play:
        worlds[str(readings)] += 1
        return open_play(suite, server, readings)

    monkeypatch.setattr(Play, "_query", noted_query)
    monkeypatch.setattr(ClientSuite, "open", noted_open)
    suite_of(Client).test_generated_worlds(artqr_server)

    known = [(status, troubled) for status in STATUSES for troubled in (True, False)]
    assert {outcome: seen[outcome] for outcome in known if seen[outcome] < 3} == {}
    assert 1 <= seen["unknown", False] < sum(seen[outcome] for outcome in known)
    assert len(worlds) >= 40


def story_of(kind: type[Client], server: MockServer) -> list[str]:
    """Return the story that the author of a mutant reads."""
    with pytest.raises(AssertionError) as caught:
        suite_of(kind, shrinks=True).test_generated_worlds(server)
    return str(caught.value).splitlines()


def test_a_story_is_short_and_numbered_and_the_same_each_time(artqr_server: MockServer) -> None:
    story = story_of(SwallowsRetCode, artqr_server)

    assert story[0] == "the client is wrong: no task was made, and it returned 'None'"
    assert story[2].startswith("  1. a world in which refusal.status is 200")
    assert story[3].startswith("  2. submit ")
    assert story[4].split()[:3] == ["submit_task", "200", "0.28"]
    assert story[5:] == ["       -> returned 'None'", "", "1 call, 1 charged, 0.28 yuan"]
    assert story_of(SwallowsRetCode, artqr_server) == story


def test_a_story_keeps_the_steps_that_matter(artqr_server: MockServer) -> None:
    story = story_of(TakesFailedForSuccess, artqr_server)

    steps = [line for line in story if line[:4].strip().rstrip(".").isdigit()]
    assert len(steps) == 4
    assert "is failed now" in steps[2]
    assert "query" in steps[3]


class NeverEnds(Client):
    """Retries until it is no longer throttled."""

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        while True:
            try:
                return super().call(operation, fields)
            except ArtQrError as error:
                if error.code != "T429PA":
                    raise


@pytest.mark.parametrize("test", ["every_error_of_the_gateway_is_raised", "generated_worlds"])
def test_a_client_that_never_ends_is_stopped(artqr_server: MockServer, test: str) -> None:
    suite = suite_of(NeverEnds, shrinks=True)
    type(suite).step_seconds = 0.3

    with pytest.raises(AssertionError) as caught:
        getattr(suite, f"test_{test}")(artqr_server)

    first, *_, end, _, _ = str(caught.value).splitlines()
    assert re.match(
        r"the client is wrong: it did not come back within 0.3 s, and made \d+ call", first
    )
    assert end == "       -> did not come back"


class ReturnsNoList(Client):
    """Forgets to return the list."""

    def list_tasks(self, page: int = 1) -> list[Task]:
        super().list_tasks(page)
        return None  # type: ignore[return-value]


def test_an_adapter_that_returns_no_list_is_told_so(artqr_server: MockServer) -> None:
    with pytest.raises(AssertionError, match=r"list_tasks returned None: it returns a list"):
        suite_of(ReturnsNoList).test_known_pitfalls(artqr_server)


class Stubborn(Client):
    """Fails on the first call of its process only."""

    fails = iter([True])

    def submit(self, fields: dict[str, str]) -> str:
        return "" if next(self.fails, False) else super().submit(fields)


def test_a_client_that_does_not_repeat_itself_is_told_so(artqr_server: MockServer) -> None:
    with pytest.raises(AssertionError, match="returned ''"):
        suite_of(Stubborn, shrinks=True).test_generated_worlds(artqr_server)


def test_a_reading_that_you_know_is_not_flipped(artqr_server: MockServer) -> None:
    suite = suite_of(SwallowsRetCode, worlds=30)
    type(suite).readings = {"refusal.status": "450"}

    suite.test_generated_worlds(artqr_server)
    suite.test_every_reading_of_what_nobody_knows(artqr_server)


@pytest.mark.parametrize("status", [200, 500])
def test_a_client_that_takes_callbacks_has_to_take_them_all(
    artqr_server: MockServer, artqr_callback_receiver: CallbackReceiver, status: int
) -> None:
    class TakesCallbacks(Client):
        callback_url = artqr_callback_receiver.url

    artqr_callback_receiver.status = status
    suite = suite_of(TakesCallbacks)
    if status == 200:
        suite.test_known_pitfalls(artqr_server)
        assert len(artqr_callback_receiver.received) == 2  # one callback in each kind of world
        return
    with pytest.raises(AssertionError, match="it answered a callback with 500"):
        suite.test_known_pitfalls(artqr_server)


def test_a_bug_of_the_simulator_is_no_mistake_of_the_client(artqr_server: MockServer) -> None:
    with (
        failing_on("list_tasks"),
        artqr_mock_server() as server,
        pytest.raises(SimulatorBugError, match="not of your client"),
    ):
        suite_of(Client).test_known_pitfalls(server)


def test_a_suite_without_an_adapter_says_what_is_missing(artqr_server: MockServer) -> None:
    with pytest.raises(TypeError, match="names no adapter: adapter = YourAdapter"):
        ClientSuite().test_known_pitfalls(artqr_server)


def test_without_hypothesis_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['hypothesis'] = None; import mock_server.client_suite"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: mock_server.client_suite needs hypothesis: " + install_command("test")
    )
