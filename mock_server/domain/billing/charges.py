"""Which calls are charged, and the price of a credit.

Rule 1: only an HTTP 200 of the three operations is charged (claim billing-only-200); a reading says
whether the two queries are charged (claim billing-polls).
Rule 2: money is whole fen; together the credits of a package cost exactly its price.
Rule 3: the package that expires first pays, then the one bought first; a reading reverses this
order (claim packages-order). PAYING_ORDER is that order: `store/billing.py` chooses by it the
package that pays, `paying_order` sorts the packages of a report by it.
Rule 4: the price of a purchase decides which invoices it earns (claims invoice-ordinary,
invoice-special).
"""

from collections.abc import Iterable
from enum import StrEnum

from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.clock import LATEST_AT
from mock_server.domain.durations import DAY_MS
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass

VALIDITY_MS = 365 * DAY_MS  # claim package-validity
UNLIMITED = "unlimited"  # the offer of a package from which no credit is ever taken
WITHOUT_END = 10**12  # the credits that it shows
LOOSE_CREDIT_FEN = 28  # for credits outside the offers: as in the offer of 1000 for 280 yuan


class Charge(StrEnum):
    """Why an answer did or did not cost a credit."""

    CHARGED = "charged"
    NOT_200 = "not_200"
    NOT_METERED = "not_metered"
    NEVER = "never"


CHARGE_TEXT = {
    Charge.CHARGED: "HTTP 200 costs one credit",
    Charge.NOT_200: "anything but HTTP 200 is free",
    Charge.NOT_METERED: "free: charge.polls = submit-only",
    Charge.NEVER: "not an API operation, never charged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A package of the price list, identified by its number of calls."""

    credits: int
    fen: int
    trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A prepaid package. `offer`: the number of calls of its offer as text, `custom`, or UNLIMITED.

    `notice_at` is when its expiry notice is due (ms); None: no such notice is due any more.
    """

    id: int
    account: str
    offer: str
    credits: int
    remaining: int
    fen: int
    bought_at: int
    expires_at: int
    notice_at: int | None = None

    @property
    def is_unlimited(self) -> bool:
        """Whether it never ends."""
        return self.offer == UNLIMITED


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One charged call."""

    account: str
    call_id: int
    package_id: int
    operation: str
    task_id: str | None
    task_number: int | None
    fen: int
    at: int


def charge_for(operation: Operation | None, status: int, readings: Readings) -> Charge:
    """Return whether a call is charged, and why."""
    if operation not in VENDOR_OPERATIONS:
        return Charge.NEVER
    if status != 200:
        return Charge.NOT_200
    return Charge.CHARGED if is_metered(operation, readings) else Charge.NOT_METERED


def is_metered(operation: Operation, readings: Readings) -> bool:
    """Whether an HTTP 200 of this operation costs a credit."""
    return operation is Operation.SUBMIT_TASK or readings.charge_polls == "every-200"


def expiry(bought_at: int, days: int | None) -> int:
    """Return when a package expires (ms), at the end of the calendar at the latest.

    `days` None: after a year.
    """
    validity_ms = VALIDITY_MS if days is None else days * DAY_MS
    return min(bought_at + validity_ms, LATEST_AT)


# The fields of Package that decide which one pays, by the reading packages.order.
PAYING_ORDER = {
    "earliest-expiry": ("expires_at", "bought_at", "id"),
    "oldest-purchase": ("bought_at", "id"),
}


def paying_order(packages: Iterable[Package], readings: Readings) -> list[Package]:
    """Return the packages in the order they pay, expired ones too (claim packages-order)."""
    names = PAYING_ORDER[readings.packages_order]
    return sorted(packages, key=lambda each: [getattr(each, name) for name in names])


def credit_fen(package: Package) -> int:
    """Return the price of a package's next credit, in fen."""
    number = package.credits - package.remaining + 1
    return number * package.fen // package.credits - (number - 1) * package.fen // package.credits


def no_credit(packages: list[Package], now: int) -> GatewayError:
    """Return the gateway's error for a buyer without a credit (claim quota-refusals)."""
    if not packages:
        return GatewayError("B403MI", rule=AnswerRule.CREDIT_NONE)
    if any(now < package.expires_at for package in packages):
        return GatewayError("B403MQ", rule=AnswerRule.CREDIT_NONE)
    return GatewayError("B403ME", rule=AnswerRule.CREDIT_NONE)


def price_fen(package: Package | None) -> int:
    """Return the price (fen) of a call that no package pays for: a credit of the last package."""
    return package.fen // package.credits if package else LOOSE_CREDIT_FEN


class InvoiceKind(StrEnum):
    """The kinds of invoice that a purchase can earn."""

    ORDINARY = "ordinary"
    SPECIAL = "special"


def invoices_for(fen: int) -> list[InvoiceKind]:
    """Return the invoices that a purchase of this price (fen) earns."""
    least = {
        InvoiceKind.ORDINARY: 5_000,  # claim invoice-ordinary
        InvoiceKind.SPECIAL: 20_000,  # claim invoice-special
    }
    return [kind for kind in InvoiceKind if fen >= least[kind]]
