"""A scenario as a drill: a client is rehearsed in a shipped scenario, or in one of its user's own.

Rule 1: the account is the scenario's, with its clock, credits, readings and faults; only the rate
of the clock is that of the drills.
Rule 2: the client is asked for enough texts to reach the last fault of a submit, within a bound.
Rule 3: nobody knows whether a good client succeeds in a scenario, so success is not asked of it.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mock_server import contract
from mock_server.actions.accounts import scenarios
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drill import RATE, TEXTS, Drill

MOST_TEXTS = 40
PREFIX = "scenario-"


def scenario_drills(names: Sequence[str]) -> list[Drill]:
    """Return the drill of each scenario, a shipped one by its name or one in a FILE.toml.

    Raises UsageError for one that does not exist or cannot be used, and for two of one name.
    """
    drills = [_drill(name) for name in names]
    ids = [each.id for each in drills]
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise UsageError(f"two scenarios are called {twice[0].removeprefix(PREFIX)}: rename one")
    return drills


def _drill(name_or_file: str) -> Drill:
    found = scenarios.find(name_or_file)
    values = _values(name_or_file)
    clock = {**values.get("clock", {}), "rate": RATE, "frozen": False}
    faults = [each for each in values.get("faults", ()) if each.get("kind") != "task_order"]
    has_incident = bool(faults) or "credits" in values or "packages" in values
    return Drill(
        id=PREFIX + re.sub(r"[^A-Za-z0-9_-]+", "-", found.name)[:60],
        says=found.says,
        client=found.client,
        texts=_texts(faults),
        needs=("submitted", "met-the-incident") if has_incident else ("submitted",),
        account={"readings": values.get("readings", {})},
        scenario={**values, "clock": clock},
    )


def _values(name_or_file: str) -> dict[str, Any]:
    if name_or_file.endswith(".toml"):
        return scenarios.values_of(Path(name_or_file))
    return dict(contract.scenarios()[name_or_file])


def _texts(faults: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the texts to order: one more than the last submit that a fault is placed at."""
    places = [
        each.get("after", 0) + max(each.get("nth", 0), each.get("first", 0))
        for each in faults
        if each.get("operation") in (None, "submit_task")
    ]
    count = min(MOST_TEXTS, max(places, default=0) + 1)
    more = (f"https://example.com/{number}" for number in range(len(TEXTS) + 1, count + 1))
    return (*TEXTS, *more)
