"""The drills: incidents as data, read from contracts/drills.toml.

A drill is an account (credits, packages, readings, standing), faults that are armed in it, the
texts that the client is asked to order, what has to have happened for a verdict (its needs), and
whether a good client succeeds in spite of it all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any

from mock_server import contract
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError

TEXTS = tuple(f"https://example.com/{name}" for name in ("one", "two", "three"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One incident. `says` tells it, `client` what a good client does, one sentence each.

    `account`: what the account is created with; `patch`: what is changed then. `step`: the name of
    what happens while the client runs (steps.py), None for nothing. `must_succeed`: a good client
    ends with exit code 0. `no_short_links`: a picture that holds a short link is a failure.
    `lying_callbacks`: callbacks carry links that no query would give.
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
    restart: bool = False
    no_short_links: bool = False
    lying_callbacks: bool = False

    @property
    def seed(self) -> int:
        """The seed of its account: ids differ between drills, and repeat in every run."""
        return int.from_bytes(sha256(self.id.encode()).digest()[:6])


@cache
def all_drills() -> tuple[Drill, ...]:
    """Return every drill, in the order of the file."""
    return tuple(map(_drill, contract.load_toml("drills.toml")["drill"]))


def chosen(only: Sequence[str], skip: Sequence[str], *, restartable: bool) -> list[Drill]:
    """Return the drills to run. Raises UsageError for an unknown id, or if none is left."""
    known = {drill.id: drill for drill in all_drills()}
    for name in (*only, *skip):
        if name not in known:
            raise UsageError(unknown("drill", name, known))
    if needing := [name for name in only if known[name].restart and not restartable]:
        raise UsageError(f"{', '.join(needing)} restarts the client: add --restartable")
    found = [
        drill
        for drill in known.values()
        if (not only or drill.id in only)
        and drill.id not in skip
        and (restartable or not drill.restart)
    ]
    if not found:
        raise UsageError("no drill is left to run: choose others with --only and --skip")
    return found


def _drill(row: Mapping[str, Any]) -> Drill:
    values = dict(row)
    for name in ("texts", "needs", "faults"):
        if name in values:
            values[name] = tuple(values[name])
    count = values.pop("count", None)
    if count is not None:
        values["texts"] = tuple(f"https://example.com/{number}" for number in range(1, count + 1))
    return Drill(**values)
