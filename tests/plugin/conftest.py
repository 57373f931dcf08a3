"""A project that uses the plugin."""

from collections.abc import Iterator

import pytest

# Imported here once, or every run within this process would import them, and start a server, anew.
import mock_server.client_suite
import mock_server.testing.session  # noqa: F401
from tests.support.planted_bugs import failing_on
from tests.support.plugin_users import CLIENT


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with a careless client; warnings are errors, and markers are strict."""
    # Where these are set pytest repeats whole messages in its summary.
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(shop=CLIENT)
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-markers -p no:randomly")
    return pytester


@pytest.fixture
def broken_queries() -> Iterator[None]:
    """A simulator that fails on each query."""
    with failing_on("query_task"):
        yield
