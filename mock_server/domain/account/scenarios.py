"""A scenario: a named bundle of readings, packages, clock, standing, faults and older tasks.

Rule 1: a scenario is an account's template and nothing else. Loading it resets the account to it,
and every later reset does the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.domain.account.accounts import AccountTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`says`: what happens in the scenario; `client`: what a good client does. One sentence
    each.
    """

    name: str
    says: str
    client: str
    origin: AccountTemplate


def scenario_of(name: str, values: Mapping[str, Any]) -> Scenario:
    """Return a scenario from its TOML table, which was validated before."""
    origin = AccountTemplate.of(values)
    return Scenario(name=name, says=values["says"], client=values["client"], origin=origin)
