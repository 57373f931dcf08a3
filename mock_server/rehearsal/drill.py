"""A drill: an incident that a client is rehearsed in.

A drill is an account (credits, readings, older tasks), faults that are armed in it, the texts that
the client is asked to order, what happens while it runs, what must have happened for a verdict (its
needs), and whether a good client succeeds in spite of it all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

RATE = 10.0  # of the clock of each drill: tasks take 0.5 to 2 s
TEXTS = tuple(f"https://example.com/{name}" for name in ("one", "two", "three"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One incident. `says` tells it, `client` what a good client does, one sentence each.

    `account`: what the account is created with; `patch`: what is changed then. `older_tasks`: how
    many finished tasks its list has before the client starts. `step`: the name of what happens
    while the client runs (steps.py), None for nothing. `restart`: the client is started again once
    a step has killed it or, without a step, once it has ended with an error; `before_restart`: the
    name of what happens in between. `must_succeed`: a good client ends with exit code 0, if these
    `success_needs` are met as well.
    `no_short_links`: a picture that holds a short link is a failure. `lying_callbacks`: callbacks
    carry ids or links that no query would give.

    `scenario`: the account is made from this scenario, which has the faults as well.
    `swept`: readings that a sweep gives it, or that a probe observed. No file of drills has these
    two; the readings of its account win.
    """

    id: str
    says: str
    client: str
    texts: tuple[str, ...] = TEXTS
    needs: tuple[str, ...] = ("submitted",)
    account: Mapping[str, Any] = field(default_factory=dict)
    patch: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Mapping[str, Any], ...] = ()
    older_tasks: int = 0
    step: str | None = None
    must_succeed: bool = False
    success_needs: tuple[str, ...] = ()
    restart: bool = False
    before_restart: str | None = None
    no_short_links: bool = False
    lying_callbacks: bool = False
    scenario: Mapping[str, Any] | None = None
    swept: Mapping[str, str] = field(default_factory=dict)

    @property
    def own_readings(self) -> Mapping[str, str]:
        """The readings that the drill itself sets: no sweep changes them."""
        found: Mapping[str, str] = self.account.get("readings", {})
        return found

    @property
    def readings(self) -> dict[str, str]:
        """The readings of its account; those that are missing have their default."""
        return {**self.swept, **self.own_readings}

    @property
    def seed(self) -> int:
        """The seed of its account: ids differ between drills, and repeat in every run."""
        return int.from_bytes(sha256(self.id.encode()).digest()[:6])
