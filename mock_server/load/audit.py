"""The audit of a load: what its account's journal, bill and callbacks say, and what clients saw.

Rule 1: money is the journal's: each charge has one class, as in the retry bill.
Rule 2: latencies are those that the clients measured. Without Locust nobody did, nor do users who
call past Locust's client: then they are how long the simulator held answers back, and the audit
says so.
Rule 3: what is missing makes an audit INCONCLUSIVE: calls that the journal let go, calls beyond
MOST_EXPLAINED, a load that ended in trouble, a gate whose value is not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from mock_server.audit.history import PICTURE, Intent
from mock_server.audit.retry_bill import RetryBill, bill_of
from mock_server.formatting import counted, instant
from mock_server.load.client_log import NO_ANSWER, ClientView, Latencies, Seen
from mock_server.load.evidence import MOST_BETWEEN, MOST_EXPLAINED, OPERATIONS, Evidence
from mock_server.load.gates import Gate, Gates, Measured, held
from mock_server.load.runner import Ran
from mock_server.load.storms import Storm, storms

# Nothing of ours takes so long on a machine that has time for it.
SLOW_MS = 1_000


class LoadVerdict(StrEnum):
    """What an audit comes to."""

    PASS = "PASS"  # noqa: S105 - a word
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Audit:
    """An audit. `ran` None: of calls that another tool made. `users`: how the load is named."""

    evidence: Evidence
    gates: Gates
    ran: Ran | None = None
    users: str = ""

    @cached_property
    def intents(self) -> list[Intent]:
        """What the clients wanted."""
        return self.evidence.history.intents()

    @cached_property
    def bill(self) -> RetryBill:
        """Every charge with its class."""
        return bill_of(self.evidence.history)

    @cached_property
    def storms(self) -> list[Storm]:
        """What came of each incident."""
        if self.ran is None:
            return []
        calls = self.evidence.history.calls
        end_at = calls[-1].began_at if calls else self.end_at  # what is not explained tells nothing
        return storms(self.ran.incidents, calls, self.intents, end_at)

    @property
    def seen(self) -> ClientView | None:
        """What the clients saw, if Locust was there to see it, and was told of a call."""
        if self.ran is None or (self._journalled and not _calls_of(self.ran.seen)):
            return None
        return self.ran.seen

    @property
    def _journalled(self) -> int:
        """How many calls of the three operations the journal has."""
        return sum(s.calls for n, s in self.evidence.operations.items() if n in OPERATIONS[:-1])

    @property
    def begin_at(self) -> int:
        """The instant of the first call, real ms."""
        first_at = self.evidence.first_at
        return first_at if first_at is not None else (self.ran.began_at if self.ran else 0)

    @property
    def end_at(self) -> int:
        """The instant of the end: of the last call."""
        last_at = self.evidence.last_at
        return self.begin_at if last_at is None else last_at

    @property
    def seconds(self) -> float:
        """How long there were calls."""
        return max(1.0, (self.end_at - self.begin_at) / 1000)

    @cached_property
    def latencies(self) -> Latencies:
        """The times of all calls of the three operations."""
        whole = Latencies()
        for name in OPERATIONS[:-1]:
            whole.buckets.update(self.latencies_of(name).buckets)
        return whole

    def latencies_of(self, operation: str) -> Latencies:
        """Return the times of the calls of an operation."""
        if self.seen is not None:
            known = self.seen.by_operation.get(operation)
            return known.latencies if known else Latencies()
        sums = self.evidence.operations.get(operation)
        return sums.held if sums else Latencies()

    def seen_200s(self, operation: str) -> int:
        """Return how many answers with 200 of an operation the clients saw, or, if nobody can say,
        how many were sent whole."""
        if self.seen is not None:
            known = self.seen.by_operation.get(operation)
            return known.statuses[200] if known else 0
        sums = self.evidence.operations.get(operation)
        return sums.whole_200s if sums else 0

    @cached_property
    def held(self) -> list[Gate]:
        """The gates, and how each was held."""
        factors = [each.factor for each in self.storms]
        known = [each for each in factors if each is not None]
        return list(
            held(self.gates, Measured(
                fen=self.evidence.spent["fen"],
                fen_wasted=self.bill.fen_wasted,
                p99_ms=self.latencies.quantile(0.99),
                storm=max(known, default=None),
                no_storm=self._no_storm,
                is_least=self.seen is None,
            ))
        )  # fmt: skip

    @property
    def _no_storm(self) -> str:
        if self.ran is None:
            return "an audit alone does not know when an incident was"
        if not self.storms:
            return "there was no incident: add one with --at"
        return "there was no whole intent before the first incident: let it happen later"

    @cached_property
    def missing(self) -> list[str]:
        """What keeps the audit from being complete."""
        return list(self._missing())

    @property
    def notes(self) -> list[str]:
        """What a reader has to know."""
        notes = list(self.ran.notes) if self.ran else []
        _, unheard = self._unrecorded
        if unheard:
            notes.append(
                f"{counted(unheard, 'call')} of clients never came in: the server was not there, "
                "or did not accept them."
            )
        told = _calls_of(self.seen) if self.seen is not None else self._journalled
        if told < self._journalled:
            notes.append(
                f"Locust was told of {told} of {counted(self._journalled, 'call')}: the times, and "
                "the 200s that were seen, are those of these calls only."
            )
        notes += self._slow()
        if not self.evidence.has_between:
            notes.append(
                "Findings between calls are left out: there are more than "
                f"{counted(MOST_BETWEEN, 'call')}."
            )
        return notes

    def _slow(self) -> Iterator[str]:
        """Say what this machine was too slow for: what clients gave up then is not their fault."""
        for name, sums in self.evidence.operations.items() if self.seen is not None else ():
            took = self.latencies_of(name).quantile(0.5) or 0
            if took - (sums.held.quantile(0.5) or 0) > SLOW_MS:
                yield (
                    f"Half of the calls of {name} took longer than {took / 1000:.1f} s, and no "
                    "fault held them back: this machine is too slow for so many users, and what "
                    "they gave up meanwhile is not their fault."
                )

    @property
    def verdict(self) -> LoadVerdict:
        """The verdict."""
        if any(each.is_exceeded for each in self.held):
            return LoadVerdict.FAIL
        return LoadVerdict.INCONCLUSIVE if self.missing else LoadVerdict.PASS

    @cached_property
    def _unrecorded(self) -> tuple[int, int]:
        """How many calls of the API clients made beyond those that the journal ever had: those that
        were answered, and those that nobody answered."""
        if self.seen is None:
            return 0, 0
        known = [self.seen.by_operation.get(name, Seen()) for name in OPERATIONS[:-1]]
        answered = sum(each.calls - each.statuses[NO_ANSWER] for each in known)
        recorded = sum(s.calls for name, s in self.evidence.operations.items() if name != PICTURE)
        recorded += self.evidence.dropped
        unrecorded = max(0, answered - recorded)
        return unrecorded, max(0, sum(each.calls for each in known) - recorded - unrecorded)

    @property
    def exceeded(self) -> Sequence[Gate]:
        """The gates that failed."""
        return [each for each in self.held if each.is_exceeded]

    def _missing(self) -> Iterator[str]:
        yield from self._missing_calls()
        if self.evidence.bugs:
            yield (
                f"artqr-mock itself failed on {counted(self.evidence.bugs, 'call')}: "
                "that is our bug, and no answer of the vendor."
            )
        if self.ran is not None and self.ran.trouble:
            yield f"The load ended in trouble: {_ends_of(self.ran.trouble)}"
        if self.ran is not None and self.ran.stopped:
            yield "You ended the load before its time."
        if not self.evidence.calls:
            yield "No call came in."
        for gate in self.held:
            if gate.found is None:
                yield f"{gate.option} cannot be held: {gate.why}."

    def _missing_calls(self) -> Iterator[str]:
        if self.evidence.dropped:
            yield (
                f"The journal let {counted(self.evidence.dropped, 'call')} go: sums and intents "
                "lack them. Create the account with --keep-calls all."
            )
        if self.evidence.unread:
            yield (
                f"Intents and classes are those of the first {MOST_EXPLAINED} calls; "
                f"{counted(self.evidence.unread, 'call')} came after them."
            )
        history = self.evidence.history
        if history.unexplained and history.kept_after is not None:
            yield (
                f"{counted(history.unexplained, 'call')} up to {instant(history.kept_after)} "
                "cannot be explained: the server no longer keeps their tasks."
            )
        answers, _ = self._unrecorded
        if answers:
            yield (
                f"Clients saw {counted(answers, 'answer')} that the journal of this "
                "account has not: they called with other credentials, or the server could not "
                "write."
            )


def _calls_of(seen: ClientView) -> int:
    """Return how many calls of the three operations clients told of."""
    return sum(each.calls for n, each in seen.by_operation.items() if n in OPERATIONS[:-1])


def _ends_of(text: str) -> str:
    """Return the first and the last line of a text: of a traceback, what it is about."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return " ".join(dict.fromkeys((lines[0], lines[-1])))
