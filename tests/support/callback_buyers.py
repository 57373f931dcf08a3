"""A buyer with a frozen clock, and its callbacks."""

import json
from typing import Any

from tests.support.worlds import Rawbox, World

CALL_BACK = "http://127.0.0.1:9/done"


FROZEN = {"frozen": True}


class Buyer:
    """An account with a frozen clock."""

    def __init__(self, world: World, **readings: str) -> None:
        made = world.account(readings=readings, clock=FROZEN, seed=3)
        self.world, self.id, self.app_code = world, made["id"], made["app_code"]

    def arm(self, kind: str, **rule: Any) -> dict[str, Any]:
        order = {"kind": f"callback_{kind}", **rule}
        armed: dict[str, Any] = self.world.admin("POST", f"/accounts/{self.id}/faults", order, 201)
        return armed

    def rule(self) -> dict[str, Any]:
        (rule,) = self.world.admin("GET", f"/accounts/{self.id}/faults")["faults"]
        shown: dict[str, Any] = rule
        return shown

    def submit(self, count: int = 1, **fields: str) -> list[str]:
        fields = {"call_back": CALL_BACK, **fields}
        return [self.world.submit(self.app_code, **fields) for _ in range(count)]

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.world.admin("GET", f"/accounts/{self.id}/callbacks")[
            "callbacks"
        ]
        return found

    def clock(self, **change: Any) -> dict[str, Any]:
        return self.world.clock(self.id, **change)


def task_ids(post: Rawbox) -> list[str]:
    return [json.loads(posting.body)["task_id"] for posting in post.postings]


def in_order(buyer: Buyer) -> list[str]:
    """Return the tasks in the order in which their callbacks are due."""
    planned = [each for each in buyer.listed() if each["copy_of"] is None]
    return [each["task_id"] for each in sorted(planned, key=lambda each: each["due_at"])]
