"""The balance of an account over time, reckoned back from what is left now.

Rule 1: the last charges are followed one by one; before them, the totals of whole days say what
each package had left at the end of a day. So the work is bounded, however many calls there were.
Rule 2: a package counts from its purchase until it expires, like the balance itself. A package
without an end is left out: its credits never run down.
"""

from collections.abc import Iterable, Sequence

from mock_server.domain.billing.bills import SHANGHAI_MS, Total
from mock_server.domain.billing.charges import LedgerEntry, Package
from mock_server.domain.durations import DAY_MS
from mock_server.domain.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The credits left from an instant (ms) until that of the next point."""

    at: int
    balance: int


def over_time(
    packages: Sequence[Package], last: Sequence[LedgerEntry], totals: Iterable[Total], now: int
) -> list[Point]:
    """Return the balance from the first purchase until now, the earliest first.

    `last`: the last charges, the newest first; `totals`: all charges by day.
    """
    ending = [each for each in packages if not each.is_unlimited]
    left = {each.id: each.remaining for each in ending}
    points = [_point(ending, left, now)]
    at = now
    for entry in last:
        if entry.at < at:
            points += _changes(ending, left, entry.at, at)
            at = entry.at
            points.append(_point(ending, left, at))
        if entry.package_id in left:
            left[entry.package_id] += 1
    points += _by_day(ending, left, list(totals), at)
    first = min((each.bought_at for each in ending), default=now)
    points.sort(key=lambda point: point.at)
    return _without_repeats([point for point in points if point.at >= min(first, now)])


def _point(packages: Sequence[Package], left: dict[int, int], at: int) -> Point:
    valid = [each for each in packages if each.bought_at <= at < each.expires_at]
    return Point(at=at, balance=sum(left[each.id] for each in valid))


def _changes(
    packages: Sequence[Package], left: dict[int, int], after: int, before: int
) -> list[Point]:
    """Return the points of purchases and expiries between two instants, without charges."""
    instants = {at for each in packages for at in (each.bought_at, each.expires_at)}
    return [_point(packages, left, at) for at in instants if after < at < before]


def _by_day(
    packages: Sequence[Package], left: dict[int, int], totals: Sequence[Total], before: int
) -> list[Point]:
    """Return the points before the charges that are followed one by one: of whole days."""
    left = dict(left)
    wanted = {each.id: each.credits - left[each.id] for each in packages}
    spent: dict[int, dict[int, int]] = {}
    for total in totals:
        if total.charged and total.package_id in wanted:
            of_day = spent.setdefault(total.day, {})
            of_day[total.package_id] = of_day.get(total.package_id, 0) + total.charged
    gone = dict.fromkeys(wanted, 0)
    points, begin = [], 0
    for day in sorted(spent):
        end = min((day + 1) * DAY_MS - SHANGHAI_MS - 1, before - 1)
        if end <= begin:
            break
        kept = {each.id: each.credits - gone[each.id] for each in packages}
        points += _changes(packages, kept, begin, end)
        for package_id, count in spent[day].items():
            gone[package_id] = min(gone[package_id] + count, wanted[package_id])
        kept = {each.id: each.credits - gone[each.id] for each in packages}
        points.append(_point(packages, kept, end))
        begin = end
    kept = {each.id: each.credits - gone[each.id] for each in packages}
    return points + _changes(packages, kept, begin, before)


def _without_repeats(points: Sequence[Point]) -> list[Point]:
    """Return the points without those that change nothing; the last one stays."""
    found: list[Point] = []
    for place, point in enumerate(points):
        is_last = place == len(points) - 1
        if found and found[-1].at == point.at:
            found[-1] = point
        elif not found or is_last or point.balance != found[-1].balance:
            found.append(point)
    return found
