"""Fixtures of the tests in a browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser for a module. While it runs, its thread can run no other event loop."""
    from tests.support.browser import chromium  # noqa: PLC0415 - most tests here have no browser

    with chromium() as started:
        yield started
