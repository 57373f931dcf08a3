"""The suite of a client against a good one, variants as good, and mutants with one bug each."""

import pytest
from hypothesis import Phase, settings

from mock_server.client_suite import ClientSuite
from mock_server.testing import MockServer
from tests.clients.reference.client import Client
from tests.clients.reference.mutants import (
    APP_CODE_MUTANTS,
    SIGNING_MUTANTS,
    RetriesSubmits,
    SwallowsRetCode,
    TakesFailedForSuccess,
)
from tests.clients.reference.variants import (
    BigPages,
    ChecksFirst,
    KeepsWhatHasEnded,
    RetriesQueries,
    SendsJson,
)

pytestmark = pytest.mark.slow


def by_app_code(kind: type[Client], env: dict[str, str]) -> Client:
    """Return a client that sends the app code."""
    return kind(env["ARTQR_BASE_URL"], env["ARTQR_APP_CODE"])


def by_signature(kind: type[Client], env: dict[str, str]) -> Client:
    """Return a client that signs."""
    return kind(env["ARTQR_BASE_URL"], "", env["ARTQR_APP_KEY"], env["ARTQR_APP_SECRET"])


def suite_of(kind: type[Client], *, signs: bool = False, shrinks: bool = False) -> ClientSuite:
    """Return the suite for a client."""
    make = by_signature if signs else by_app_code

    class Suite(ClientSuite):
        def adapter(self, env: dict[str, str]) -> Client:
            return make(kind, env)

        def hypothesis(self) -> settings:
            wanted = super().hypothesis()
            return wanted if shrinks else settings(wanted, phases=(Phase.generate,))

    return Suite()


class TestReference(ClientSuite):
    """The whole suite as its user runs it."""

    def adapter(self, env: dict[str, str]) -> Client:
        return by_app_code(Client, env)


class TestSigningReference(ClientSuite):
    """The same client, signing."""

    def adapter(self, env: dict[str, str]) -> Client:
        return by_signature(Client, env)


VARIANTS = [SendsJson, KeepsWhatHasEnded, RetriesQueries, ChecksFirst, BigPages]


@pytest.mark.parametrize("kind", VARIANTS)
def test_a_client_that_does_it_otherwise_raises_no_alarm(
    kind: type[Client], artqr_server: MockServer
) -> None:
    suite = suite_of(kind)

    suite.test_the_whole_life_of_a_task(artqr_server)
    suite.test_every_reading_of_what_nobody_knows(artqr_server)
    suite.test_generated_worlds(artqr_server)


MUTANTS = [
    *((kind, False) for kind in APP_CODE_MUTANTS),
    *((kind, True) for kind in SIGNING_MUTANTS),
]


@pytest.mark.parametrize(("kind", "signs"), MUTANTS, ids=[kind.__name__ for kind, _ in MUTANTS])
def test_a_mutant_is_caught_in_generated_worlds(
    kind: type[Client], signs: bool, artqr_server: MockServer
) -> None:
    with pytest.raises(AssertionError, match=r"is wrong|it lists a task twice|none of the pages"):
        suite_of(kind, signs=signs).test_generated_worlds(artqr_server)


def story_of(kind: type[Client], server: MockServer) -> str:
    """Return the story that a mutant's author reads."""
    with pytest.raises(AssertionError) as caught:
        suite_of(kind, shrinks=True).test_generated_worlds(server)
    return str(caught.value)


@pytest.mark.parametrize("kind", [TakesFailedForSuccess, SwallowsRetCode, RetriesSubmits])
def test_story(kind: type[Client], artqr_server: MockServer) -> None:
    print(story_of(kind, artqr_server))
    print(story_of(kind, artqr_server))
