"""A bill: the sums of the ledger, and the cost of the same calls under every rule of charging.

Rule 1: the amount paid is never computed again; it is the sum of the ledger (`charged`).
Rule 2: every call that the service answered is assigned to the package that would have paid for it,
so the same traffic can be valued under another rule (claims billing-polls, refusal-450). Calls that
a package cannot hold go to the next package.
Rule 3: days are days in the vendor's time zone (claim package-expiry-zone).
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from typing import TypeVar

from mock_server.domain.billing.charges import Package, price_fen
from mock_server.domain.call.calls import Operation
from mock_server.domain.durations import DAY_MS
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass

SHANGHAI_MS = 8 * 3_600_000
_EPOCH = date(1970, 1, 1).toordinal()
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The calls of one day, package and operation that the service served or refused.

    `calls` counts all of them, `charged` those that were paid, `charged_fen` their price.
    `package_id` 0: no package could have paid.
    """

    day: int
    package_id: int
    operation: str
    refused: bool
    calls: int
    charged: int
    charged_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """The number of charged calls and their price in fen."""

    charges: int = 0
    fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingRule:
    """One interpretation of the vendor's sentence on which calls are charged."""

    polls: str
    refusal: str

    @property
    def title(self) -> str:
        """The rule in a few words."""
        what = "every HTTP 200" if self.polls == "every-200" else "submits only"
        return what + (", refusals too" if self.refusal == "200" else "")

    def covers(self, total: Total) -> bool:
        """Whether these calls cost a credit under this rule."""
        if total.refused and self.refusal != "200":
            return False
        return self.polls == "every-200" or total.operation == Operation.SUBMIT_TASK


RULES = tuple(
    ChargingRule(polls=polls, refusal=refusal)
    for refusal in ("450", "200")
    for polls in ("every-200", "submit-only")
)


def rule_of(readings: Readings) -> ChargingRule:
    """Return the charging rule of an account's readings."""
    return ChargingRule(polls=readings.charge_polls, refusal=readings.refusal_status)


def day_of(at: int) -> int:
    """Return the day of an instant: days since 1970 in the vendor's time zone."""
    return (at + SHANGHAI_MS) // DAY_MS


def day_name(day: int) -> str:
    """Return a day as `2026-11-22`."""
    return date.fromordinal(_EPOCH + day).isoformat()


def paid(totals: Iterable[Total]) -> Sum:
    """Return the charged calls and their price."""
    totals = list(totals)
    return Sum(
        charges=sum(total.charged for total in totals),
        fen=sum(total.charged_fen for total in totals),
    )


def paid_by(totals: Iterable[Total], key: Callable[[Total], Key]) -> dict[Key, Sum]:
    """Return the charged calls and their price by key, without keys that have none."""
    groups: dict[Key, list[Total]] = {}
    for total in totals:
        if total.charged:
            groups.setdefault(key(total), []).append(total)
    return {name: paid(group) for name, group in groups.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The cost of traffic under a rule, in fen.

    `beyond` counts the calls that would have found no credit; each costs a credit of the last
    package.
    """

    charges: int
    fen: int
    beyond: int


def valued(totals: Iterable[Total], rule: ChargingRule, packages: Sequence[Package]) -> Value:
    """Return the cost of the same traffic under a rule; `packages` are in the order they pay."""
    calls: dict[int, int] = {}
    for total in totals:
        if rule.covers(total):
            calls[total.package_id] = calls.get(total.package_id, 0) + total.calls
    fen, over = 0, 0
    for package in packages:
        wanted = calls.get(package.id, 0) + over
        taken = min(wanted, package.credits)
        fen, over = fen + taken * package.fen // package.credits, wanted - taken
    beyond = over + calls.get(0, 0)
    last = max(packages, key=lambda package: (package.bought_at, package.id), default=None)
    return Value(charges=sum(calls.values()), fen=fen + beyond * price_fen(last), beyond=beyond)


def is_without_task(total: Total) -> bool:
    """Whether these calls concern no task of the account: lists and refusals."""
    return total.refused or total.operation == Operation.LIST_TASKS
