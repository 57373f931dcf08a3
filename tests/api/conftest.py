"""A buyer with a signing client, and the modules whose tests run on both databases."""

from typing import Any

import pytest

from tests.support.databases import on_both
from tests.support.signed import Signer
from tests.support.worlds import World

ON_BOTH_DATABASES = {
    "test_tracer", "test_billing", "test_buying", "test_clock", "test_accounts", "test_callbacks",
    "test_journal", "test_bugs", "test_throttle", "test_forcing", "test_signature_review",
    "test_notices", "test_package_life", "test_invoices", "test_retries", "test_resend",
    "test_callback_faults", "test_source_images", "test_task_orders", "test_rule_counters",
    "test_coverage", "test_findings_and_readings", "test_forged_callbacks", "test_older_tasks",
    "test_metrics",
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
