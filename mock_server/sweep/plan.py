"""Which drills run under which combinations of readings.

Rule 1: the first combination is the base: every reading has its default, or the value it is fixed
to. Rule 2: any two values of two readings meet in some combination, or all do. Rule 3: a reading
that no drill can show is left out, by name and with the reason: a sweep says nothing of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

import covertable

from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.drills import chosen
from mock_server.sweep.order import SweepOrder

# Few, and each of them shows readings that the others do not: lists, throttling, refusals,
# messages of the gateway, tasks without pictures.
DEFAULT_DRILLS = (
    "calm", "submit-charged-then-reset", "throttled-429", "refused-450", "quota-exhausted",
    "task-failed",
)  # fmt: skip
SHORT = "a drill ends within minutes, so it cannot show this"
NEVER_SHOWN = {
    "host.check": "every client of a rehearsal calls this machine, not the vendor's host",
    "list.retention": SHORT,
    "notices.at_zero": "notices do not go to the client",
    "packages.order": "the account of a drill has one package",
    "picture.gone": SHORT,
    "picture.lifetime": SHORT,
    "text.too_long": "no drill orders a text of more than 2,953 bytes",
}
MOST_COMBINATIONS = 10_000
DEFAULTS = as_mapping(DEFAULT_READINGS)

Combination = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`factors`: the values of each reading that varies, that of the base first. `combinations`: a
    value of each reading that varies or is fixed. `left_out`: reasons by reading.
    """

    drills: tuple[Drill, ...]
    factors: Mapping[str, tuple[str, ...]]
    fixed: Mapping[str, str]
    combinations: tuple[Combination, ...]
    left_out: Mapping[str, str]

    @property
    def base(self) -> Combination:
        """The combination in which every reading that varies has its default."""
        return self.combinations[0]

    @property
    def base_text(self) -> str:
        """Return what the base is, as a part of a sentence."""
        return "every reading at its default" + ", or as fixed" * bool(self.fixed)

    def runs(self) -> list[Drill]:
        """Return every drill with the readings of every combination, each pair once."""
        every = [
            under(drill, combination) for combination in self.combinations for drill in self.drills
        ]
        return list({key_of(each): each for each in every}.values())


def plan_of(order: SweepOrder) -> Plan:
    """Return what a sweep runs. Raises UsageError if the choice leaves nothing to run."""
    drills = drills_of(order)
    asked = (*order.readings, *order.fixed)
    left_out = {**NEVER_SHOWN, **_set_by_drills(drills)}
    for name in asked:
        if name in left_out:
            raise UsageError(f"{name} cannot be swept here: {left_out[name]}")
    wanted = order.readings or tuple(name for name in ALLOWED if name not in order.fixed)
    factors = {name: _values(name) for name in ALLOWED if name in wanted and name not in left_out}
    if not factors:
        raise UsageError("no reading is left to vary: name others with --readings or --fix")
    combinations = tuple({**each, **order.fixed} for each in _combined(order, factors))
    return Plan(
        drills=drills, factors=factors, fixed=dict(order.fixed), combinations=combinations,
        left_out={} if order.readings else left_out,
    )  # fmt: skip


def drills_of(order: SweepOrder) -> tuple[Drill, ...]:
    """Return the drills of a sweep. Raises UsageError for an unknown id, or if none is left."""
    asked = order.rehearsal
    return tuple(chosen(asked.only or DEFAULT_DRILLS, asked.skip, restartable=asked.restartable))


def under(drill: Drill, combination: Combination) -> Drill:
    """Return a drill with the readings of a combination that differ from the default."""
    changed = {name: value for name, value in combination.items() if value != DEFAULTS[name]}
    return replace(drill, swept=changed)


def key_of(drill: Drill) -> tuple[str, frozenset[tuple[str, str]]]:
    """Return what two runs have in common that can be taken for each other: drill and readings."""
    return drill.id, frozenset(drill.readings.items())


def _set_by_drills(drills: Sequence[Drill]) -> dict[str, str]:
    """Return the readings that each of the drills sets by itself."""
    shared = set.intersection(*(set(each.own_readings) for each in drills))
    names = ", ".join(each.id for each in drills)
    each = f"drill {names} sets it" if len(drills) == 1 else f"the drills {names} set it"
    return dict.fromkeys(sorted(shared), f"{each} itself")


def _values(name: str) -> tuple[str, ...]:
    return (DEFAULTS[name], *(each for each in ALLOWED[name] if each != DEFAULTS[name]))


def _combined(
    order: SweepOrder, factors: Mapping[str, tuple[str, ...]]
) -> Iterator[dict[str, str]]:
    """Yield the combinations, the base first."""
    base = {name: values[0] for name, values in factors.items()}
    count = prod(map(len, factors.values()))
    if order.exhaustive and count > MOST_COMBINATIONS:
        raise UsageError(
            f"{len(factors)} readings have {count:,} combinations; {MOST_COMBINATIONS:,} are the "
            "most: name fewer with --readings, or leave --exhaustive out"
        )
    if order.exhaustive or len(factors) == 1:  # a pair takes two
        for values in product(*factors.values()):
            yield dict(zip(factors, values, strict=True))
        return
    lists = {name: list(values) for name, values in factors.items()}
    yield base
    for row in covertable.make(lists, salt=str(order.seed), presets=[base]):
        found = {name: row[name] for name in factors}
        if found != base:
            yield found
