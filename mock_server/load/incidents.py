"""The events of a timeline happen to the account of a load, and are taken back at their ends.

Rule 1: what an event orders is tried on the account before the load, so that none fails in it.
Rule 2: instants are those of this machine's clock, as the journal's are of the server's: on one
machine they are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mock_server.admin_client import AccountClient, RefusedError
from mock_server.domain.usage_errors import UsageError
from mock_server.load.timeline import TimelineEvent
from mock_server.real_clock import wall_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An event that has begun. Instants are real ms; `ended_at` None: it had not ended when the
    load did, or nobody said when it ended."""

    event: TimelineEvent
    began_at: int
    ended_at: int | None = None


@dataclass(slots=True)
class _Under:
    """An event that is under way: the faults to take back."""

    incident: Incident
    fault_ids: list[int]


class Incidents:
    """The timeline of one account. `advance` makes happen what is due."""

    def __init__(self, account: AccountClient, events: Sequence[TimelineEvent]) -> None:
        self._account = account
        self._ahead = list(events)
        self._under: list[_Under] = []
        self._over: list[Incident] = []
        self._throttle = account.get()["throttle"] if events else None

    @property
    def all(self) -> list[Incident]:
        """Every event that has begun, in the order in which they began."""
        found = [*self._over, *(each.incident for each in self._under)]
        return sorted(found, key=lambda each: each.began_at)

    def check(self) -> None:
        """Order everything once, and take it back. Raises UsageError for what cannot be."""
        for event in self._ahead:
            try:
                under = self._begin(event)
                self._take_back(under)
            except RefusedError as error:
                raise UsageError(f"{event.says!r}: {error}") from None

    def advance(self, passed_ms: float) -> None:
        """Begin and end what is due, so many ms after the start of the load."""
        for under in list(self._under):
            lasts_ms = under.incident.event.lasts_ms
            if lasts_ms is not None and passed_ms >= under.incident.event.at_ms + lasts_ms:
                self._end(under)
        while self._ahead and passed_ms >= self._ahead[0].at_ms:
            self._under.append(self._begin(self._ahead.pop(0)))

    def end(self) -> None:
        """End everything that is under way; what is ahead never comes."""
        self._ahead.clear()
        for under in list(self._under):
            self._end(under)

    def _begin(self, event: TimelineEvent) -> _Under:
        ids = [self._account.post("/faults", dict(order))["id"] for order in event.faults]
        if event.throttle is not None:
            self._account.patch({"throttle": dict(event.throttle)})
        return _Under(Incident(event=event, began_at=wall_clock()), ids)

    def _end(self, under: _Under) -> None:
        self._take_back(under)
        self._under.remove(under)
        self._over.append(replace(under.incident, ended_at=wall_clock()))

    def _take_back(self, under: _Under) -> None:
        for fault_id in under.fault_ids:
            self._account.delete(f"/faults/{fault_id}")
        if under.incident.event.throttle is not None:
            self._account.patch({"throttle": self._throttle})
