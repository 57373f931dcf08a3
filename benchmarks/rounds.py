"""Rounds: what is compared takes turns, so that a slow minute of the machine meets everybody."""

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def interleaved(
    cases: Mapping[str, Callable[[], T]], rounds: int, *, warm_ups: int = 1
) -> dict[str, list[T]]:
    """Return the samples of each case, in rounds of all cases; the warm-ups do not count.

    Every other round goes backwards, so that nobody always comes after the same neighbour.
    """
    found: dict[str, list[T]] = {name: [] for name in cases}
    for number in range(warm_ups + rounds):
        order = list(cases) if number % 2 == 0 else list(cases)[::-1]
        for name in order:
            sample = cases[name]()
            if number >= warm_ups:
                found[name].append(sample)
    return found
