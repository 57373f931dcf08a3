"""What happens in a drill besides its faults: "when the journal shows X, do Y".

A step runs beside the client, and ends once it has acted or the client has ended. What happens
before a restart runs while no client does.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from mock_server.testing.world import World

LOOK_S = 0.03
BOUGHT_OFFER = "1000"  # the name of the package in the price list


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a step works with: the account, how to kill the client, and whether it has ended."""

    world: World
    kill: Callable[[], None]
    over: threading.Event


Step = Callable[[Scene], None]


def expire_at_the_first_query(scene: Scene) -> None:
    """Once a query came in, the gateway answers that the package has expired."""
    if _await_call(scene, "query_task"):
        scene.world.faults.add(kind="package_expired")


def kill_after_the_submit(scene: Scene) -> None:
    """Once a submit is charged, whose answer is still held back, the client is killed."""
    if _await_call(scene, "submit_task", charged=True):
        scene.kill()


def kill_at_the_first_query(scene: Scene) -> None:
    """Once a query came in, the client is killed."""
    if _await_call(scene, "query_task"):
        scene.kill()


def buy_credits(world: World) -> None:
    """Buy a package, as an operator does after the client has stopped."""
    world.admin.post("/packages", {"offer": BOUGHT_OFFER})


def _await_call(scene: Scene, operation: str, *, charged: bool = False) -> bool:
    """Return whether a call came in before the client ended."""
    while not scene.over.wait(LOOK_S):
        calls = scene.world.admin.get("/calls", operation=operation, limit=20)["calls"]
        if any(each["charged"] or not charged for each in calls):
            return True
    return False


STEPS: dict[str, Step] = {
    "expire-at-the-first-query": expire_at_the_first_query,
    "kill-after-the-submit": kill_after_the_submit,
    "kill-at-the-first-query": kill_at_the_first_query,
}
BEFORE_RESTART: dict[str, Callable[[World], None]] = {"buy-credits": buy_credits}
