"""The account of a drill: of its own, with older tasks and faults, and a fast clock."""

from collections.abc import Mapping
from typing import Any

from mock_server.admin_client import AdminClient, RefusedError
from mock_server.rehearsal.drill import RATE, Drill
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.testing.world import World

# Far more than a client within bounds spends, at the price of the offer of 1000.
CREDITS = 100_000
# A late answer comes after so much of the time that the client waits for one; a slow one after so
# many milliseconds, if that is within half of the time.
LATE = 1.5
SLOW_MS = 1500
# An answer that drips has at least so many bytes.
LEAST_BYTES = 120
DRIP_MS = 500


def open_account(order: RehearsalOrder, admin: AdminClient, drill: Drill) -> World:
    """Return a new account, made as the drill says. Raises UnreachableError, RefusedError."""
    wanted = {
        "credits": CREDITS, **drill.account, "readings": drill.readings, "clock": {"rate": RATE},
    }  # fmt: skip
    scenario = drill.scenario
    if drill.older_tasks:
        # Loading a scenario resets the clock, so the scenario has the rate as well.
        scenario = {**wanted, "older_tasks": drill.older_tasks, "says": drill.says,
                    "client": drill.client}  # fmt: skip
    if scenario is not None:
        made = admin.post("/accounts", {"name": f"drill {drill.id}", "seed": drill.seed})
        world = World(admin, made)
        world.admin.post("/scenario", {"scenario": {**scenario, "readings": drill.readings}})
    else:
        made = {**wanted, "name": f"drill {drill.id}", "seed": drill.seed}
        world = World(admin, admin.post("/accounts", made))
    if drill.patch:
        world.admin.patch(dict(drill.patch))
    for number, fault in enumerate(drill.faults, start=1):
        try:
            world.faults.add(**timed(order, fault))
        except RefusedError as error:
            says = f"drill {drill.id}, fault {number}: {error}"
            raise RefusedError(error.status, says) from None
    return world


def timed(order: RehearsalOrder, fault: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fault with its times, which depend on how long the client waits, and may run.

    `for = "late"`: longer than it waits for an answer. `for = "slow"`: less long than that.
    `pause = "drip"`: an answer takes longer than the client may run.
    """
    patience_ms = order.client_timeout_s * 1000
    meant = {
        ("for", "late"): int(patience_ms * LATE),
        ("for", "slow"): max(1, min(SLOW_MS, int(patience_ms / 2))),
        ("pause", "drip"): max(DRIP_MS, int(order.time_limit_s * 1000 / LEAST_BYTES)),
    }
    found = dict(fault)
    for (name, word), ms in meant.items():
        if found.get(name) == word:
            found[name] = f"{ms}ms"
    return found
