"""Notices: the vendor warns a buyer that credits run low or expire soon.

Rule 1: an order fixes the base of the warning: the credits left in earlier packages plus the new
package. The vendor warns the buyer below a fifth of the base (claim notice-low-balance).
Rule 2: the first warning comes with the charged call that brings the balance below that line. It
repeats every three days while a package is valid (claim notice-repeats). A package that expires
causes no warning by itself (claim notice-at-a-call).
Rule 3: at zero there is one more warning; a reading says whether the repetitions continue after it
(claim notice-at-zero). A new order starts everything again (claim notice-reset).
Rule 4: seven days before a package expires there is one notice, if it has credits left then. A
package bought with less than six days of validity gets none (claim notice-expiry).
Rule 5: packages and watch alone decide which notices are due, so after a jump of the clock exactly
the notices on the way are sent.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from mock_server.domain.billing.charges import Package
from mock_server.domain.clock import LATEST_AT
from mock_server.domain.durations import DAY_MS
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass

REPEAT_MS = 3 * DAY_MS
EXPIRY_EARLIEST_MS = 7 * DAY_MS
EXPIRY_LATEST_MS = 6 * DAY_MS
LINE = 5  # a fifth: in whole numbers, 5 x balance < base


class NoticeKind(StrEnum):
    """The subject of a notice."""

    LOW_BALANCE = "low_balance"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The state that an account's notices depend on, besides its packages.

    `base` is fixed by the last order, 0 before the first. `repeat_at` is the next repetition of the
    warning, `due_at` the next notice of any kind (ms); None: no notice is scheduled.
    """

    base: int = 0
    warned: bool = False
    repeat_at: int | None = None
    due_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice. `package` is the last one ordered, or the one that expires."""

    kind: NoticeKind
    at: int
    package: int
    remaining: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNotices:
    """The notices that came due, in order; the watch after them; the packages they mark as
    notified.
    """

    notices: tuple[Notice, ...]
    watch: Watch
    notified: tuple[int, ...]


def expiry_notice_at(bought_at: int, expires_at: int) -> int | None:
    """Return when the expiry notice of a package is due (ms); None: its validity is too short."""
    if expires_at - EXPIRY_LATEST_MS < bought_at:
        return None
    return max(bought_at, expires_at - EXPIRY_EARLIEST_MS)


def order_placed(packages: Sequence[Package], now: int) -> Watch:
    """Return the watch after an order; `packages` include the ordered one."""
    watch = Watch(base=valid_credits(packages, now))
    return _timed(watch, packages)


def call_charged(
    watch: Watch, packages: Sequence[Package], now: int, readings: Readings
) -> tuple[Watch, Notice | None]:
    """Return the watch after a charged call and the notice that the call causes, if any.

    `packages` are those after the call.
    """
    balance = valid_credits(packages, now)
    crossed = not watch.warned and LINE * balance < watch.base
    if not crossed and not (watch.warned and balance == 0):
        return watch, None
    if crossed:
        watch = replace(watch, warned=True, repeat_at=now + REPEAT_MS)
    if balance == 0 and readings.notices_at_zero == "once":
        watch = replace(watch, repeat_at=None)
    return _timed(watch, packages), _low_balance(watch, packages, now, balance)


def came_due(watch: Watch, packages: Sequence[Package], now: int, readings: Readings) -> DueNotices:
    """Return every notice due by `now`, in the order of their instants."""
    ahead = sorted(
        (package for package in packages if package.notice_at is not None),
        key=lambda package: (package.notice_at, package.bought_at, package.id),
        reverse=True,
    )
    notices: list[Notice] = []
    notified: list[int] = []
    while watch.due_at is not None and watch.due_at <= now:
        at = watch.due_at
        if watch.repeat_at == at:
            watch, notice = _repeated(watch, packages, at, readings)
            notices += [notice] if notice else []
        while ahead and ahead[-1].notice_at == at:
            package = ahead.pop()
            notified.append(package.id)
            notices += [_expiry(package, at)] if package.remaining else []
        watch = _timed(watch, ahead[-1:])
    return DueNotices(notices=tuple(notices), watch=watch, notified=tuple(notified))


def valid_credits(packages: Sequence[Package], at: int) -> int:
    """Return the number of credits that can be spent at an instant."""
    return sum(package.remaining for package in packages if at < package.expires_at)


def _repeated(
    watch: Watch, packages: Sequence[Package], at: int, readings: Readings
) -> tuple[Watch, Notice | None]:
    if all(package.expires_at <= at for package in packages):
        return replace(watch, repeat_at=None), None
    balance = valid_credits(packages, at)
    goes_on = balance > 0 or readings.notices_at_zero == "repeated"
    watch = replace(watch, repeat_at=at + REPEAT_MS if goes_on else None)
    return watch, _low_balance(watch, packages, at, balance)


def _timed(watch: Watch, packages: Sequence[Package]) -> Watch:
    """Return the watch with the instant of its next notice; None if that is past the calendar."""
    instants = [watch.repeat_at, *(package.notice_at for package in packages)]
    ahead = [at for at in instants if at is not None and at <= LATEST_AT]
    return replace(watch, due_at=min(ahead, default=None))


def _low_balance(watch: Watch, packages: Sequence[Package], at: int, balance: int) -> Notice:
    last = max(packages, key=lambda package: (package.bought_at, package.id))
    left = f"{balance} of {watch.base} credits are left"
    text = f"{left}, less than 20 %: order a package before they run out"
    if balance == 0:
        text = f"{left}: every further call is refused until a package is ordered"
    return Notice(kind=NoticeKind.LOW_BALANCE, at=at, package=last.id, remaining=balance, text=text)


def _expiry(package: Package, at: int) -> Notice:
    days = -(-(package.expires_at - at) // DAY_MS)
    text = (
        f"{package.remaining} of {package.credits} credits expire in {days} days: credits left "
        "then are lost"
    )
    return Notice(
        kind=NoticeKind.EXPIRY, at=at, package=package.id, remaining=package.remaining, text=text
    )
