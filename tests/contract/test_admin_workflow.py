"""Calls of the admin API that use what earlier ones answered.

They have a document and a server of their own, and each example begins anew: what is tried depends
on what was answered, so the same calls must have the same answers whenever they are repeated.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import ensure_resource_availability, use_after_free

from mock_server.web.flask_app import create_app
from tests.contract.conftest import let_everything_happen
from tests.contract.wsgi_app import Server
from tests.support.worlds import World

SERVER = Server()
CONFIG = SchemathesisConfig.from_path(Path(__file__).with_name("admin.toml"))
schema = schemathesis.openapi.from_wsgi("/_mock/openapi.yaml", SERVER, config=CONFIG)

BOUNDED = settings(
    derandomize=True, database=None, deadline=None, max_examples=30, stateful_step_count=6,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _open_server(busy: World) -> Iterator[None]:
    SERVER.app = create_app(busy.simulator)
    Workflow.world = busy
    yield
    SERVER.app = None


class Workflow(schema.as_state_machine()):  # type: ignore[misc]
    """Calls that use what earlier ones answered. After a reset, what they created is gone."""

    was_reset = False
    world: World

    def setup(self) -> None:
        """Begin an example: nothing of the one before is left."""
        self.world.admin("POST", "/reset")
        # A scenario that was loaded before stays the template of the default account.
        plain = {"says": "It is as at first.", "client": "It works."}
        self.world.admin("POST", "/accounts/default/scenario", {"scenario": plain})
        let_everything_happen(self.world)

    def after_call(self, response: Any, case: Case[Any]) -> None:
        """Note a reset."""
        super().after_call(response, case)
        self.was_reset = self.was_reset or case.path == "/_mock/reset"

    def validate_response(self, response: Any, case: Case[Any], *_: Any, **__: Any) -> None:
        """Check an answer, whatever may have been created before."""
        # A scenario that nobody knows is a 404, too, whether or not the account is there.
        may_be_gone = self.was_reset or case.path.endswith("/scenario")
        gone = [ensure_resource_availability] if may_be_gone else []
        # To delete all faults leaves their list, which is empty.
        gone += [use_after_free] if case.path.endswith("/faults") else []
        case.validate_response(response, excluded_checks=gone, recorder=self.recorder)


def test_what_one_call_answers_is_good_for_the_next() -> None:
    Workflow.run(settings=BOUNDED)
