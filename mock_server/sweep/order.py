"""What a sweep is asked to do: a rehearsal, and the readings that it varies."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, with_readings
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.order import CHECKS, RehearsalOrder

LARGEST_SEED = 2**63 - 1
# A sweep goes on after a failure: it looks for what all failures have in common. What it compares
# with is its own base, not an earlier report.
NOT_OF_A_SWEEP = ("fail_fast", "baseline")


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOrder:
    """A rehearsal and how to vary the readings. Raises UsageError for a value that cannot be.

    `readings`: the ids of those to vary, empty for all that a drill can show. `fixed`: values that
    every combination has. `exhaustive`: try every combination instead of every pair of values.
    `seed`: chooses among the sets of combinations that hold every pair. `yes`: go on however long
    it takes.
    """

    rehearsal: RehearsalOrder
    readings: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    exhaustive: bool = False
    seed: int = 0
    yes: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        for name, check in SWEEP_CHECKS.items():
            check(name, getattr(self, name))
        if both := [name for name in self.readings if name in self.fixed]:
            raise UsageError(f"{both[0]} cannot be varied and fixed: leave one of the two out")


def order_of(values: Mapping[str, Any]) -> SweepOrder:
    """Return the order of options by the names of their fields, those of the rehearsal among them.

    Raises TypeError for an option that nobody knows, UsageError for a value that cannot be.
    """
    own = [each.name for each in fields(SweepOrder) if each.name != "rehearsal"]
    of_rehearsal = [each.name for each in fields(RehearsalOrder) if each.name not in NOT_OF_A_SWEEP]
    for name in values:
        if name not in (*own, *of_rehearsal):
            raise TypeError(f"sweep(): {unknown('option', name, (*own, *of_rehearsal))}")
    given = {name: value for name, value in values.items() if name in own}
    if isinstance(given.get("readings"), list):
        given["readings"] = tuple(given["readings"])
    rehearsal = RehearsalOrder(
        **{name: value for name, value in values.items() if name in of_rehearsal}
    )
    return SweepOrder(rehearsal=rehearsal, **given)


def _readings(name: str, value: Any) -> None:
    CHECKS["only"](name, value)
    for reading in value:
        if reading not in ALLOWED:
            raise UsageError(unknown("reading", reading, ALLOWED))


def _fixed(_: str, values: Any) -> None:
    is_table = isinstance(values, Mapping)
    if not is_table or not all(isinstance(each, str) for pair in values.items() for each in pair):
        raise UsageError("fix must be a table of texts, such as {'result.item': 'object'}")
    with_readings(DEFAULT_READINGS, values)


def _seed(_: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_SEED:
        raise UsageError(f"seed must be a whole number from 0 to {LARGEST_SEED}, not {value!r}")


SWEEP_CHECKS = {
    "readings": _readings, "fixed": _fixed, "exhaustive": CHECKS["restartable"], "seed": _seed,
    "yes": CHECKS["restartable"],
}  # fmt: skip
