"""The simulated API keeps the promises of contracts/openapi.yaml, in single calls and in chains."""

import itertools
import re
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response

from mock_server import contract
from mock_server.web.flask_app import create_app
from tests.contract.wsgi_app import Server
from tests.support import worlds
from tests.support.worlds import Postbox, RealClock, World

SERVER = Server()
PLENTY = 1_000_000_000
CONFIG = SchemathesisConfig.from_path(contract.folder("contracts") / "check.toml")
schema = schemathesis.openapi.from_wsgi("/default.json", SERVER, config=CONFIG)

BOUNDED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
)
buyer: dict[str, Any] = {}
_nonces = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def _open_server() -> Iterator[None]:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox) as simulator:
        world = World(simulator, real_now, postbox)
        SERVER.app = create_app(simulator)
        buyer.update(world.account(credits=PLENTY, seed=1))
        yield
        SERVER.app = None


def credentials() -> dict[str, str]:
    """Return the headers of a buyer who can pay."""
    return {"Authorization": f"APPCODE {buyer['app_code']}"}


def keep_promises(case: Case[Any]) -> None:
    """Do what no schema can express: send a fresh nonce and the present time."""
    headers = case.headers
    if headers.get("X-Ca-Nonce"):
        headers["X-Ca-Nonce"] = f"nonce-{next(_nonces)}"
    if re.fullmatch("[0-9]{1,18}", str(headers.get("X-Ca-Timestamp", ""))):
        headers["X-Ca-Timestamp"] = str(worlds.START_AT)


@schema.parametrize()
@BOUNDED
def test_every_call_is_answered_as_the_document_says(case: Case[Any]) -> None:
    keep_promises(case)
    answer = case.call_and_validate(headers=credentials())

    assert answer.status_code != 403, "an empty purse hides everything behind it"


class Chains(schema.as_state_machine()):  # type: ignore[misc]
    """Follows the links: the id that a submit returns is queried and listed."""

    reached: ClassVar[set[tuple[str, int]]] = set()

    def before_call(self, case: Case[Any]) -> None:
        """Send a fresh nonce and the present time, if any."""
        keep_promises(case)

    def after_call(self, response: Response, case: Case[Any]) -> None:
        """Record how far the chains came."""
        self.reached.add((case.operation.path, response.status_code))

    def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
        """Send the credentials with each step."""
        return {"headers": credentials()}


def test_what_one_call_answers_is_good_for_the_next() -> None:
    Chains.run(settings=settings(BOUNDED, max_examples=40, stateful_step_count=8))

    assert {("/submitTask", 200), ("/taskList", 200), ("/queryTask", 200)} <= Chains.reached
