"""What an account has spent, and what can be asserted of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NoReturn

from mock_server.audit.charge import WASTED, Charge
from mock_server.audit.history import History
from mock_server.audit.retry_bill import RetryBill, bill_of, sentence_of
from mock_server.domain.suggestions import unknown
from mock_server.formatting import counted, parse_yuan, yuan
from mock_server.testing.admin_records import PackageRecord
from mock_server.testing.calls import Calls

MOST_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBill:
    """The bill as of the moment it was asked for. `raw` is all that the server says of it."""

    raw: Mapping[str, Any]
    calls: Calls = field(repr=False)
    history: History | None = field(default=None, repr=False)

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
    def kept_after(self) -> int | None:
        """The instant (ms) after which every task and charge is kept one by one; None: all are. A
        server with `--keep` trims older ones; `charges`, `fen` and `yuan` count them."""
        trimmed = self.raw["trimmed"]
        return None if trimmed is None else int(trimmed["before"])

    @property
    def packages(self) -> list[PackageRecord]:
        """The packages that were bought."""
        return [*map(PackageRecord.of, self.raw["packages"])]

    def explained(self, copies: int | None = None) -> RetryBill:
        """Return every charge with its class, its intent and the reason. `copies`: how many of each
        text the test wants. By default the same submit is wanted again once the client knew that
        its task had ended.
        """
        if copies is not None and copies < 1:
            raise ValueError(f"copies={copies!r}: at least one of each text is wanted")
        history = self.history or History.of_account(self.calls, ())
        return bill_of(replace(history, copies=copies or 1, repeats=copies is None))

    def assert_no_waste(self, *classes: str, copies: int | None = None) -> None:
        """Fail if a credit was wasted: `duplicate-submit`, `poll-before-the-end`,
        `poll-after-the-end`, `refusal-in-200` or `orphan`. With classes, only these count.

        `copies` as for `explained`. Raises ValueError for a class that does not exist.
        """
        __tracebackhide__ = True
        for each in classes:
            if each not in WASTED:
                raise ValueError(unknown("class", each, WASTED))
        bill = self.explained(copies)
        lost = bill.of(*(classes or WASTED))
        if lost:
            lines = "\n".join(map(_charge_line, lost[:MOST_LINES]))
            more = f"\n  and {len(lost) - MOST_LINES} more" if len(lost) > MOST_LINES else ""
            self._fail(f"{counted(len(lost), 'charge')} wasted. {sentence_of(bill, lost)}\n"
                       f"{lines}{more}")  # fmt: skip

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


def _charge_line(charge: Charge) -> str:
    return f"  call {charge.id} ({charge.call.operation}) {charge.kind}: {charge.why}"
