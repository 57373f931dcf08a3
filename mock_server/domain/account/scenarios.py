"""A scenario: a named bundle of readings, packages, clock, standing, faults and older tasks.

Rule 1: a scenario is an account's template and nothing else. Loading it resets the account to it,
and every later reset does the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.domain.account.accounts import DEFAULT_CREDITS, AccountTemplate, Standing


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
    clock, throttle = values.get("clock", {}), values.get("throttle", {})
    origin = AccountTemplate(
        credits=values.get("credits", DEFAULT_CREDITS),
        packages=tuple(values.get("packages", ())),
        readings=values.get("readings", {}),
        standing=Standing(values.get("standing", Standing.GOOD)),
        per_second=throttle.get("per_second"),
        burst=throttle.get("burst", 0),
        faults=tuple(values.get("faults", ())),
        clock_at=clock.get("now"),
        rate=float(clock.get("rate", 1.0)),
        frozen=clock.get("frozen", False),
        notify_url=values.get("notify_url"),
        older_tasks=int(values.get("older_tasks", 0)),
    )
    return Scenario(name=name, says=values["says"], client=values["client"], origin=origin)
