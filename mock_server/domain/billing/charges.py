"""What a call costs.

Rule 1: only an HTTP 200 of the three operations is charged (claim billing-only-200); whether the
two queries count is a reading (claim billing-polls).
Rule 2: money is whole fen; the credits of a package cost exactly its price together.
Rule 3: the package that expires first pays, then the one bought first; a reading turns it round
(claim packages-order).
Rule 4: invoices are earned by the price of a purchase (claims invoice-ordinary, invoice-special).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.clock import LATEST_AT
from mock_server.domain.durations import DAY_MS
from mock_server.domain.readings import Readings

VALIDITY_MS = 365 * DAY_MS  # claim package-validity
LOOSE_CREDIT_FEN = 28  # a number of credits that is no offer costs as much each as 1000/280


class Charge(StrEnum):
    """Why a call did or did not cost a credit."""

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
    """A package of the price list. An offer is named by its number of calls."""

    credits: int
    fen: int
    trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A prepaid package. `offer` is its number of credits as a word, or `custom`.

    `notice_at` is when the notice on its expiry is due, None once that is behind it.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One charged call."""

    account: str
    call_id: int
    package_id: int
    operation: str
    task_id: str | None
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
    """Whether a 200 of this operation takes a credit."""
    return operation is Operation.SUBMIT_TASK or readings.charge_polls == "every-200"


def expiry(bought_at: int, days: int | None) -> int:
    """Return when a package expires, at the end of the calendar at the latest; None: in a year."""
    validity_ms = VALIDITY_MS if days is None else days * DAY_MS
    return min(bought_at + validity_ms, LATEST_AT)


def paying_order(packages: Iterable[Package], readings: Readings) -> list[Package]:
    """Return packages in the order they pay, valid or not (claim packages-order)."""
    if readings.packages_order == "oldest-purchase":
        return sorted(packages, key=lambda each: (each.bought_at, each.id))
    return sorted(packages, key=lambda each: (each.expires_at, each.bought_at, each.id))


def credit_fen(package: Package) -> int:
    """Return what the next credit of a package costs, in fen."""
    number = package.credits - package.remaining + 1
    return number * package.fen // package.credits - (number - 1) * package.fen // package.credits


def no_credit(packages: list[Package], now: int) -> GatewayError:
    """Return the gateway's refusal of a buyer without a credit (claim quota-refusals)."""
    if not packages:
        return GatewayError("B403MI")
    if any(now < package.expires_at for package in packages):
        return GatewayError("B403MQ")
    return GatewayError("B403ME")


def price_fen(package: Package | None) -> int:
    """Return what a call is worth when nothing pays for it: a credit of the last package."""
    return package.fen // package.credits if package else LOOSE_CREDIT_FEN


class InvoiceKind(StrEnum):
    """The invoices that a purchase can earn."""

    ORDINARY = "ordinary"
    SPECIAL = "special"


def invoices_for(fen: int) -> list[InvoiceKind]:
    """Return which invoices a purchase of this price earns."""
    least = {
        InvoiceKind.ORDINARY: 5_000,  # claim invoice-ordinary
        InvoiceKind.SPECIAL: 20_000,  # claim invoice-special
    }
    return [kind for kind in InvoiceKind if fen >= least[kind]]
