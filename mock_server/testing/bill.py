"""What an account has spent, and what can be asserted of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from mock_server.formatting import parse_yuan, yuan
from mock_server.testing.admin_records import PackageRecord
from mock_server.testing.calls import Calls


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBill:
    """The bill as of the moment it was asked for. `raw` is all that the server says of it."""

    raw: Mapping[str, Any]
    calls: Calls = field(repr=False)

    @property
    def charges(self) -> int:
        """How many credits were spent."""
        return int(self.raw["charges"])

    @property
    def fen(self) -> int:
        """What they cost, in 1/100 yuan."""
        return int(self.raw["fen"])

    @property
    def yuan(self) -> Decimal:
        """What they cost."""
        return Decimal(self.fen) / 100

    @property
    def balance(self) -> int:
        """How many credits are left."""
        return int(self.raw["balance"])

    @property
    def packages(self) -> list[PackageRecord]:
        """The packages that were bought."""
        return [*map(PackageRecord.of, self.raw["packages"])]

    def assert_charges(self, expected: int) -> None:
        """Fail unless that many credits were spent."""
        __tracebackhide__ = True
        if self.charges != expected:
            self._fail(f"expected {expected} charged, found {self.charges}")

    def assert_yuan(self, expected: str | float | Decimal) -> None:
        """Fail unless the calls cost that much, such as `0.84`."""
        __tracebackhide__ = True
        if self.fen != (fen := parse_yuan(expected)):
            self._fail(f"expected {yuan(fen)} yuan, found {yuan(self.fen)}")

    def assert_at_most_yuan(self, most: str | float | Decimal) -> None:
        """Fail if the calls cost more."""
        __tracebackhide__ = True
        if self.fen > (fen := parse_yuan(most)):
            self._fail(f"expected at most {yuan(fen)} yuan, found {yuan(self.fen)}")

    def _fail(self, message: str) -> NoReturn:
        __tracebackhide__ = True
        raise AssertionError(f"{message}\n\n{self.calls!r}")
