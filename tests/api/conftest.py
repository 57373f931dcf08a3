"""A buyer who signs, for the tests of signed calls."""

from typing import Any

import pytest

from tests.support.signed import Signer
from tests.support.worlds import World


@pytest.fixture
def account(world: World) -> dict[str, Any]:
    """A buyer of their own."""
    return world.account(credits=50)


@pytest.fixture
def signer(account: dict[str, Any]) -> Signer:
    """Its client."""
    return Signer.of(account)
