"""What the rehearsal of a receiver came to."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.receivers.order import ReceiverOrder
from mock_server.rehearsal.report import safe
from mock_server.rehearsal.verdicts import Verdict
from mock_server.rehearsal.words import RECEIVER, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverReport(Report):
    """The results of the deliveries to a receiver."""

    title: ClassVar[str] = "artqr-mock rehearse --receiver"
    words: ClassVar[Words] = RECEIVER

    order: ReceiverOrder

    @property
    def hint(self) -> str | None:
        """Return the key of the words on what would make the verdicts say more."""
        if self.order.oracle is not None or not self.results:
            return None
        return "score.no_oracle"

    @property
    def called_nothing(self) -> bool:
        """Whether nothing can be said: never, because a receiver need not call anybody."""
        return False

    @property
    def problem(self) -> str | None:
        """Return why nothing can be said of the receiver, and what to do; None if something can.

        One that answers 200 to everything breaks no rule that can be seen without an oracle.
        """
        found = super(ReceiverReport, self).problem
        if found is not None or self.interrupted or not self.results or not self._says_nothing:
            return found
        reasons = dict.fromkeys(each for result in self.results for each in result.reasons)
        return f"no delivery says anything of the receiver: {next(iter(reasons))}"

    @property
    def _says_nothing(self) -> bool:
        """Whether nothing was seen of what the receiver did, in any delivery."""
        if any(each.verdict is not Verdict.INCONCLUSIVE for each in self.results):
            return False
        if any(judged.waived is not None for each in self.results for judged in each.broken):
            return False
        told = [each for each in self.results if each.evidence.more["beliefs"]]
        return self.order.oracle is None or not told

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
