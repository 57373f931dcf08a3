"""The admin API keeps the promises of contracts/admin.openapi.yaml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from mock_server.web.flask_app import create_app
from tests.contract.wsgi_app import Server
from tests.support.worlds import World

SERVER = Server()
CONFIG = SchemathesisConfig.from_path(Path(__file__).with_name("admin.toml"))
schema = schemathesis.openapi.from_wsgi("/_mock/openapi.yaml", SERVER, config=CONFIG)

BOUNDED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=40,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", autouse=True)
def _open_server(busy: World) -> Iterator[None]:
    SERVER.app = create_app(busy.simulator)
    yield
    SERVER.app = None


@schema.parametrize()
@BOUNDED
def test_every_call_is_answered_as_the_document_says(case: Case[Any]) -> None:
    case.call_and_validate()
