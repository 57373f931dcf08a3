"""What a drill has shown: the calls of the client, what they were about, and how it ended.

Rule 1: everything is read from the admin API after the client has ended, as anybody could.
Rule 2: instants and pauses are real time; no drill moves the clock while the client runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mock_server.audit.history import History
from mock_server.rehearsal.client_process import Ended
from mock_server.rehearsal.drill import RATE, Drill


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(History):
    """All that a rule may look at. `faults` are the armed ones with their hits. `printed`: the JSON
    objects that the client printed; `files`: what is in the files that it named there; `pictures`:
    the true ones of the tasks that it named, or may have stored; `stored`: what is in its folder.
    `secrets` are the credentials of the account, which no
    report shows.

    `ended` is how the last run ended. In a drill that started the client again, `earlier` is how
    the runs before it ended.
    """

    # How a report introduces the output, and whether the calls are worth a bill.
    output_title: ClassVar[str] = "score.output"
    has_bill: ClassVar[bool] = True

    drill: Drill
    faults: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, Any]]
    ended: Ended
    earlier: tuple[Ended, ...] = ()
    base_url: str = ""
    printed: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    pictures: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    stored: Mapping[str, bytes] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def more(self) -> dict[str, Any]:
        """Return what a report has beside the members of every drill."""
        return {}

    def runs(self) -> list[tuple[int, int]]:
        """Return the real instants (ms) at which each run began and ended, so far as known."""
        return [
            (each.began_at, each.ended_at) for each in (*self.earlier, self.ended) if each.ended_at
        ]

    def real_time(self, at: int) -> float:
        """Return the real instant (ms) of an instant on the account's clock, which runs evenly."""
        if not self.calls:
            return 0
        first = self.calls[0].call
        real_at: int = first.raw["real_at"]
        return real_at + (at - first.at) / RATE
