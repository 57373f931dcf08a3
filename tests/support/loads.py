"""Loads made by hand: calls as the journal has them, read as an audit reads them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from mock_server.admin_client import AccountClient
from mock_server.load.audit import Audit
from mock_server.load.client_log import ClientView, Latencies, Seen
from mock_server.load.evidence import read_evidence
from mock_server.load.gates import Gates
from mock_server.load.incidents import Incident
from mock_server.load.runner import Ran
from mock_server.load.timeline import timeline_of
from tests.support.rehearsals import BEGIN, Journal

SECRETS = {"app_code": "very-secret-code", "app_secret": "very-secret-secret"}


class FakeAccount:
    """What the admin API would say of an account with these calls."""

    def __init__(
        self, journal: Journal, *, callbacks: Sequence[Mapping[str, Any]] = (), dropped: int = 0,
        between: Mapping[str, int] | None = None, fen: int | None = None, rate: float = 1.0,
        now: int = BEGIN, trimmed: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._callbacks = callbacks
        self._dropped = dropped
        self._between = dict(between or {})
        self._fen = fen
        self._rate = rate
        self._now = now
        self._trimmed = trimmed
        self.asked: list[str] = []

    def pages(self, what: str, _: str) -> Iterator[Sequence[Any]]:
        """Yield a listing, two rows a page."""
        rows: Sequence[Any] = {
            "/calls": [_whole(each.call.raw) for each in self._journal.calls],
            "/tasks": [*self._journal.tasks.values()],
            "/callbacks": self._callbacks,
        }[what]
        for begin in range(0, len(rows), 2):
            yield rows[begin : begin + 2]

    def get(self, what: str = "", **_: Any) -> Any:
        """Return the account, its bill, or its findings."""
        self.asked.append(what)
        paid = [each.call.fen for each in self._journal.calls if each.call.charged]
        return {
            "": {
                "id": "abc",
                "name": "load",
                "clock": {"rate": self._rate, "now": self._now},
                **SECRETS,
            },
            "/bill": {
                "charges": len(paid),
                "fen": sum(paid) if self._fen is None else self._fen,
                "trimmed": self._trimmed,
            },
            "/findings": {"counts": self._between},
        }[what]

    def dropped_calls(self) -> int:
        """How many calls are gone."""
        return self._dropped


def _whole(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call with what the journal says of every answer."""
    answer = {"length": len(raw["answer"]["body"]), "sha256": "-", **raw["answer"]}
    return {"jumped_ms": 0, **raw, "answer": answer}


def incident(text: str, began_ms: int, ended_ms: int | None = None) -> Incident:
    """Return an event that has happened, in ms since BEGIN."""
    (event,) = timeline_of([text])
    ended_at = None if ended_ms is None else BEGIN + ended_ms
    return Incident(event=event, began_at=BEGIN + began_ms, ended_at=ended_at)


def view(journal: Journal, ms: float = 10.0) -> ClientView:
    """Return what clients saw who heard every answer, each after so many ms."""
    found = ClientView()
    for each in journal.calls:
        second = found.by_second.setdefault(each.began_at // 1000, {})
        for group in (found.by_operation, second):
            seen = group.setdefault(each.operation, Seen(Counter(), Latencies()))
            seen.statuses[each.status] += 1
            seen.latencies.add(ms)
    return found


def ran(journal: Journal, *incidents: Incident, **more: Any) -> Ran:
    """Return a load with these calls."""
    values: dict[str, Any] = {
        "account_id": "abc", "began_at": BEGIN, "ended_at": BEGIN + 60_000, "incidents": incidents,
        "seen": view(journal), **more,
    }  # fmt: skip
    return Ran(**values)


def audit(
    journal: Journal, load: Ran | None = None, *, gates: Gates | None = None, most: int = 10_000,
    **account: Any,
) -> Audit:  # fmt: skip
    """Return the audit of a load, or, without one, of the calls of another tool."""
    fake = cast("AccountClient", FakeAccount(journal, **account))
    evidence = read_evidence(fake, 1, most)
    return Audit(evidence=evidence, gates=gates or Gates(), ran=load, users="3 users")
