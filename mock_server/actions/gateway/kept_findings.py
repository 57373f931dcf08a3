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
    return _written(hits, _refused(simulator, hits, readings), tuple(secrets))


def of_plain(simulator: Simulator, hits: tuple[Finding, ...], account: Account) -> str:
    """Return the findings of an ordinary call, which has no other credential than an account's."""
    if not hits:
        return NONE
    refused = _refused(simulator, hits, account.readings)
    if any(secret in (hit.sent or "") for hit in hits for secret in account.secrets):
        return _written(hits, refused, account.secrets)
    return _shared(hits, refused)


def _refused(simulator: Simulator, hits: Sequence[Finding], readings: Readings) -> tuple[bool, ...]:
    rows = simulator.catalogue.findings
    return tuple([rows[hit.id].is_refused(readings) for hit in hits])


def _written(hits: Sequence[Finding], refused: tuple[bool, ...], secrets: tuple[str, ...]) -> str:
    both = zip(hits, refused, strict=True)
    return journal.as_array([kept_finding(hit, secrets, refused=is_so) for hit, is_so in both])


@lru_cache(REMEMBERED)
def _shared(hits: tuple[Finding, ...], refused: tuple[bool, ...]) -> str:
    return _written(hits, refused, ())
