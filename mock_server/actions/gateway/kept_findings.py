"""Findings as the journal keeps them: ids and parameters, worded when somebody reads them.

Rule 1: what most calls share is written once; a text that may hold a credential never is.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from mock_server.domain.account.accounts import Account
from mock_server.domain.findings import Finding, kept_finding
from mock_server.domain.readings import Readings
from mock_server.simulator import Simulator
from mock_server.store import journal

NONE = "[]"
# How many texts are remembered; each is of an ordinary call, and short.
REMEMBERED = 512


def of(
    simulator: Simulator, hits: Sequence[Finding], secrets: Iterable[str], readings: Readings
) -> str:
    """Return findings under an account's readings, with every credential hidden."""
    if not hits:
        return NONE
    rows, hide = simulator.catalogue.findings, tuple(secrets)
    return journal.as_array(
        [kept_finding(hit, hide, refused=rows[hit.id].is_refused(readings)) for hit in hits]
    )


def of_plain(simulator: Simulator, hits: tuple[Finding, ...], account: Account) -> str:
    """Return the findings of an ordinary call, which has no other credential than an account's."""
    if not hits:
        return NONE
    text = _shared(hits)
    rows = simulator.catalogue.findings
    if any(secret in text for secret in account.secrets) or any(
        rows[hit.id].refused for hit in hits
    ):
        return of(simulator, hits, account.secrets, account.readings)
    return text


@lru_cache(REMEMBERED)
def _shared(hits: tuple[Finding, ...]) -> str:
    return journal.as_array([kept_finding(hit, ()) for hit in hits])
