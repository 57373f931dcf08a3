"""What the rehearsal of a receiver came to."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.receivers.order import ReceiverOrder
from mock_server.rehearsal.report import safe


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverReport(Report):
    """The results of the deliveries to a receiver."""

    title: ClassVar[str] = "artqr-mock rehearse --receiver"
    drills: ClassVar[str] = "deliveries"
    has_bill: ClassVar[bool] = False

    order: ReceiverOrder

    @property
    def hint(self) -> str | None:
        """Return what would make the verdicts say more."""
        if self.order.oracle is not None or not self.results:
            return None
        return "only answers and downloads were seen: --oracle tells what the receiver did"

    @property
    def called_nothing(self) -> bool:
        """Whether nothing can be said: never, because a receiver need not call anybody."""
        return False

    @property
    def more(self) -> dict[str, Any]:
        """Return what report.json has beside the members of every report.

        Of the receiver's address only the place is shown: its path may be what makes it secret.
        """
        address = self.order.address
        return {
            "receiver": f"{address.scheme}://{safe(address.authority)}",
            "oracle": None if self.order.oracle is None else safe(self.order.oracle),
        }
