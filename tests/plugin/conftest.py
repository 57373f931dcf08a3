"""A project that uses the plugin."""

import pytest

# Imported here once; otherwise every run in this process would import the server again.
import zxingcpp  # noqa: F401 - its compiled part can be loaded but once

import mock_server.actions.operations.operations as vendor_actions
import mock_server.client_suite
import mock_server.server
import mock_server.testing.session  # noqa: F401
from mock_server.domain.call.calls import Operation
from tests.support.plugin_users import CLIENT


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a careless client; warnings are errors, and markers are strict."""
    pytester.makepyfile(shop=CLIENT)
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-markers -p no:randomly")
    return pytester


@pytest.fixture
def broken_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulator that fails on each query."""

    def broken(*_: object) -> object:
        raise LookupError

    monkeypatch.setitem(vendor_actions.OPERATIONS, Operation.QUERY_TASK, broken)
