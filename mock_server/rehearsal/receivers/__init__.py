"""Receivers of callbacks alone: deliveries are sent to one that runs, and its answers are judged.

`rehearse_receiver` sends them and returns a Report: a verdict for each delivery, by the status, the
time and the effects. `delivery_ids` names them, for a test of its own for each.
"""

from dataclasses import fields
from typing import Any

from mock_server.domain.suggestions import unknown
from mock_server.rehearsal.receivers.delivery import all_deliveries
from mock_server.rehearsal.receivers.order import ReceiverOrder
from mock_server.rehearsal.receivers.outcome import ReceiverReport
from mock_server.rehearsal.receivers.runner import rehearse_receiver_order

__all__ = ["ReceiverOrder", "ReceiverReport", "delivery_ids", "rehearse_receiver"]


def rehearse_receiver(receiver: str, **options: Any) -> ReceiverReport:
    """Send the deliveries to a receiver; `options` are the fields of ReceiverOrder.

    Raises TypeError for an option that it does not know, UsageError for a value that cannot be. A
    receiver that cannot be reached is in `problem` of the report.
    """
    known = [each.name for each in fields(ReceiverOrder) if each.name != "receiver"]
    for name in options:
        if name not in known:
            raise TypeError(f"rehearse_receiver(): {unknown('option', name, known)}")
    return rehearse_receiver_order(ReceiverOrder(receiver=receiver, **options))


def delivery_ids() -> list[str]:
    """Return the ids of the deliveries."""
    return [each.id for each in all_deliveries()]
