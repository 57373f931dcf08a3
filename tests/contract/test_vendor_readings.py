"""Schemathesis explores the contract under every value of every reading, through both servers.

Each value has a document narrowed to it, a new account, and a few examples; the default readings
are explored at length in test_vendor_document.py.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Err

from mock_server.admin_client import AdminClient
from mock_server.domain.readings import ALLOWED
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.flask_app import create_app
from tests.contract.documents import VENDOR
from tests.contract.test_vendor_document import CONFIG, PLENTY, keep_promises
from tests.support import worlds
from tests.support.worlds import Postbox, RealClock, World

pytestmark = pytest.mark.slow

FLIPPED = [(name, word) for name, words in ALLOWED.items() for word in words[1:]]
HOST = "aiart.market.alicloudapi.com"  # with host.check the gateway serves no other name
FEW = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=2,
    suppress_health_check=list(HealthCheck),
)


class Explorer:
    """Generates calls from the document of one value, and judges the answers by it."""

    def __init__(self, words: dict[str, str], app_code: str, **how: Any) -> None:
        self.schema = schemathesis.openapi.from_dict(VENDOR.under(words).value, config=CONFIG)
        self.headers = {"Authorization": f"APPCODE {app_code}", "Host": HOST}
        self.how = how
        self.met: set[tuple[str, int]] = set()

    def call(self, case: Case[Any]) -> None:
        """Make one call and judge the answer."""
        keep_promises(case)
        answer = case.call_and_validate(headers=self.headers, **self.how)
        self.met.add((case.operation.path, answer.status_code))

    def explore(self) -> None:
        """Call every operation with valid and with invalid requests."""
        for found in self.schema.get_all_operations():
            assert not isinstance(found, Err), found
            operation = found.ok()
            for mode in GenerationMode:
                strategy = operation.as_strategy(generation_mode=mode)
                FEW(given(case=strategy)(self.call_one))()

    def call_one(self, case: Case[Any]) -> None:
        """Make one call and judge the answer; hypothesis needs a function with this argument."""
        self.call(case)

    def follow_links(self) -> None:
        """Explore in chains: the id that a submit returns is queried and listed."""
        explorer = self

        class Chains(self.schema.as_state_machine()):  # type: ignore[misc]
            """Follows the links."""

            def before_call(self, case: Case[Any]) -> None:
                keep_promises(case)

            def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
                return {"headers": explorer.headers, **explorer.how}

        Chains.run(settings=settings(FEW, stateful_step_count=3))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A simulator with the clock of the other documents' tests."""
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox) as simulator:
        yield World(simulator, real_now, postbox)


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    """The Flask application."""
    return create_app(world.simulator)


@pytest.fixture(scope="module")
def server() -> Iterator[AdminClient]:
    """A running `serve`."""
    stopped_clock = RealClock()
    with running(Settings(port=0, database=":memory:", seed=1), stopped_clock) as server, \
            AdminClient(server.url) as admin:  # fmt: skip
        yield admin


def explored(explorer: Explorer) -> set[tuple[str, int]]:
    explorer.explore()
    explorer.follow_links()
    return explorer.met


@pytest.mark.parametrize(("name", "word"), FLIPPED)
def test_under_every_word_flask_keeps_the_contract(
    world: World, app: Flask, name: str, word: str
) -> None:
    buyer = world.account(credits=PLENTY, readings={name: word})
    explorer = Explorer({name: word}, buyer["app_code"], app=app)

    assert {("/submitTask", 200), ("/taskList", 200)} <= explored(explorer)


@pytest.mark.parametrize(("name", "word"), FLIPPED)
def test_under_every_word_serve_keeps_the_contract(
    server: AdminClient, name: str, word: str
) -> None:
    wish = {"credits": PLENTY, "readings": {name: word}}
    buyer = server.post("/accounts", wish)
    explorer = Explorer({name: word}, buyer["app_code"], base_url=server.base_url)

    assert {("/submitTask", 200), ("/taskList", 200)} <= explored(explorer)


@pytest.mark.parametrize("name", ["envelope", "task_id.form", "ret_code.type", "charge.polls"])
def test_an_account_of_other_words_is_found_out(world: World, app: Flask, name: str) -> None:
    buyer = world.account(credits=PLENTY)
    explorer = Explorer({name: ALLOWED[name][1]}, buyer["app_code"], app=app)

    with pytest.raises(BaseException, match=r"Schemathesis found|failures|Failure"):
        explored(explorer)
