"""A buyer with a signing client, the model of a probe, and the modules whose tests run on both
databases.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.databases import on_both
from tests.support.signed import Signer
from tests.support.worlds import World

if TYPE_CHECKING:
    from mock_server.probe.model import Model
    from mock_server.probe.planner import Planner

ON_BOTH_DATABASES = {
    "test_tracer", "test_billing", "test_buying", "test_clock", "test_accounts", "test_callbacks",
    "test_journal", "test_bugs", "test_throttle", "test_forcing", "test_signature_review",
    "test_notices", "test_package_life", "test_invoices", "test_retries", "test_resend",
    "test_callback_faults", "test_source_images", "test_task_orders", "test_rule_counters",
    "test_coverage", "test_findings_and_readings", "test_forged_callbacks", "test_older_tasks",
    "test_metrics",
    "test_unlimited_credits",
}  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of billing on PostgreSQL too."""
    on_both(metafunc, ON_BOTH_DATABASES)


@pytest.fixture
def account(world: World) -> dict[str, Any]:
    """A new buyer."""
    return world.account(credits=50)


@pytest.fixture
def signer(account: dict[str, Any]) -> Signer:
    """The buyer's signing client."""
    return Signer.of(account)


@pytest.fixture(scope="module")
def model() -> "Iterator[Model]":
    """One model for all worlds of a module: what it computed once it keeps."""
    from mock_server.probe.model import opened  # noqa: PLC0415 - it loads slowly

    with opened() as built:
        yield built


@pytest.fixture(scope="module")
def planner(model: "Model") -> "Planner":
    """One planner for all worlds of a module."""
    from mock_server.probe.planner import Planner  # noqa: PLC0415 - it loads slowly

    return Planner(model)
