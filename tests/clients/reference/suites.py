"""The client suite for one client, as its user would write it."""

from collections.abc import Callable
from typing import Any

from hypothesis import Phase, settings

from mock_server.client_suite import ClientSuite
from mock_server.testing import MockServer


def by_app_code(kind: Callable[..., Any], env: dict[str, str]) -> Any:
    """Return a client that sends the app code."""
    return kind(env["ARTQR_BASE_URL"], env["ARTQR_APP_CODE"])


def by_signature(kind: Callable[..., Any], env: dict[str, str]) -> Any:
    """Return a client that signs."""
    return kind(env["ARTQR_BASE_URL"], "", env["ARTQR_APP_KEY"], env["ARTQR_APP_SECRET"])


def suite_of(
    kind: Callable[..., Any],
    *,
    signs: bool = False,
    shrinks: bool = False,
    worlds: int = ClientSuite.worlds,
) -> ClientSuite:
    """Return the suite for a client."""
    make = by_signature if signs else by_app_code

    class Suite(ClientSuite):
        def adapter(self, env: dict[str, str]) -> Any:
            return make(kind, env)

        def hypothesis(self) -> settings:
            wanted = super().hypothesis()
            return wanted if shrinks else settings(wanted, phases=(Phase.generate,))

    Suite.worlds = worlds
    # Short, because these clients wait longer: other tests use clients that time out.
    Suite.late_seconds = 0.5
    return Suite()


def everything(suite: ClientSuite, server: MockServer) -> None:
    """Run the suite in the way of pytest."""
    suite.test_known_pitfalls(server)
    suite.test_every_error_of_the_gateway_is_raised(server)
    suite.test_every_reading_of_what_nobody_knows(server)
    suite.test_generated_worlds(server)
