"""The deliveries of contracts/deliveries.toml, checked and in the order of the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mock_server import contract
from mock_server.domain.durations import parse_duration
from mock_server.domain.suggestions import unlisted
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.rows import RowForm

ACCEPTED = "2xx"
ANSWERS = (ACCEPTED, "2xx or 4xx", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverDrill(Drill):
    """One delivery: callbacks of `tasks` finished tasks, as its faults change them.

    `answers`: what a receiver may answer to a callback that a fault changed; `none`: the sender
    does not wait for it. `must_know`: it has been told the truth. `wait`: how far the account's
    clock goes. `sent_on_submit`: the callback comes before the submit is answered.
    """

    answers: str = ACCEPTED
    must_know: bool = False
    tasks: int = 1
    wait: str = "5m"
    sent_on_submit: bool = False
    needs: tuple[str, ...] = ()

    @property
    def lasts_ms(self) -> int:
        """How long the sender itself takes for a body, in real time."""
        return max((int(each.get("lasts_ms", 0)) for each in self.faults), default=0)


OWN = ("answers", "must_know", "tasks", "wait", "sent_on_submit")
FORM = RowForm(
    file="deliveries.toml", noun="delivery",
    members=("id", "says", "client", "account", "faults", *OWN),
    required=("id", "says", "client", "answers"), lists=("faults",),
)  # fmt: skip


@cache
def all_deliveries() -> tuple[ReceiverDrill, ...]:
    """Return every delivery, in the order of the file. Raises UsageError if the file is wrong."""
    return read_deliveries(contract.load_toml("deliveries.toml").get("delivery", ()))


def read_deliveries(rows: Sequence[Mapping[str, Any]]) -> tuple[ReceiverDrill, ...]:
    """Return the deliveries of the file's tables. Raises UsageError that says what to change."""
    found = tuple(_delivery(row, number) for number, row in enumerate(rows, start=1))
    FORM.check_ids(found)
    return found


def chosen_deliveries(only: Sequence[str], skip: Sequence[str]) -> list[ReceiverDrill]:
    """Return the deliveries to send. Raises UsageError for an unknown id, or if none is left."""
    found = FORM.chosen(all_deliveries(), only, skip)
    FORM.check_left(found)
    return found


def _delivery(row: Mapping[str, Any], number: int) -> ReceiverDrill:
    delivery = ReceiverDrill(**FORM.values(row, number))
    if delivery.answers not in ANSWERS:
        raise FORM.wrong(delivery.id, unlisted("answers", delivery.answers, ANSWERS))
    if isinstance(delivery.tasks, bool) or delivery.tasks not in (1, 2):
        raise FORM.wrong(delivery.id, "tasks is 1 or 2")
    parse_duration(delivery.wait)
    return delivery
