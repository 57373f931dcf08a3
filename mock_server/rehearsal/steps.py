"""What happens in a drill while the client runs: "when the journal shows X, do Y"."""

import threading
from collections.abc import Callable

from mock_server.testing.world import World

LOOK_S = 0.03

Step = Callable[[World, threading.Event], None]


def expire_at_the_first_query(world: World, over: threading.Event) -> None:
    """Once a query came in, the gateway answers that the package has expired."""
    while not over.wait(LOOK_S):
        if world.admin.get("/calls", operation="query_task", limit=1)["calls"]:
            world.faults.add(kind="package_expired")
            return


STEPS: dict[str, Step] = {"expire-at-the-first-query": expire_at_the_first_query}
