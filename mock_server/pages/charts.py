"""The arithmetic of charts: shares of a whole, steps of an axis, and how to show fewer of many."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

STEPS = (1, 2, 5)


def shares(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return where each part of a whole begins and how wide it is, in percent."""
    whole = sum(values)
    found, begin = [], 0.0
    for value in values:
        width = 100 * value / whole if whole else 0.0
        found.append((begin, width))
        begin += width
    return found


def step_of(length: float, most: int) -> float:
    """Return the distance of the marks of an axis: 1, 2 or 5 times a power of ten, so that at most
    so many steps fit into its length. The length is more than 0.
    """
    size = 1.0
    while length / size > most * STEPS[-1]:
        size *= 10
    while length / size < 1:
        size /= 10
    return next((size * each for each in STEPS if length / (size * each) <= most), size * 10)


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many of the items, spread evenly, the first among them."""
    if len(items) <= most:
        return list(items)
    return [items[number * len(items) // most] for number in range(most)]


def steps_line(points: Sequence[tuple[float, float]]) -> str:
    """Return the path of a line that stays level until each next point; both axes go from 0 to 1,
    the vertical one upwards. It is for a drawing of 1000 by 1000 units.
    """
    (x, y), *others = points
    drawn = [f"M{1000 * x:.1f} {1000 - 1000 * y:.1f}"]
    drawn += [f"H{1000 * x:.1f}V{1000 - 1000 * y:.1f}" for x, y in others]
    return "".join(drawn)
