"""A running server with an account per test, for independent clients."""

from collections.abc import Iterator

import pytest

from mock_server.admin_client import AdminClient
from mock_server.server import running
from mock_server.settings import Settings
from tests.clients.buyers import Buyer


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server on a free port."""
    with running(Settings(port=0, database=":memory:", seed=1)) as server:
        yield server.url


@pytest.fixture(scope="session")
def admin(server_url: str) -> Iterator[AdminClient]:
    """The server's admin API."""
    with AdminClient(server_url) as client:
        yield client


@pytest.fixture
def buyer(server_url: str, admin: AdminClient) -> Buyer:
    """A new account."""
    return Buyer(server_url, admin)
