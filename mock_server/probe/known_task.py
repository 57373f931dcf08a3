"""A task that a probe submitted, and how old it certainly is."""

from dataclasses import dataclass, field

from mock_server.probe.callbacks import Heard
from mock_server.probe.model import HOUR_MS

DAY, THREE_DAYS = 25, 80  # hours after which a task is a day old, or three days
JUST_MS = 1000  # a query so soon after a callback shows what is true at that moment
AGES = ((0, 20), (DAY, 71), (THREE_DAYS, None))


@dataclass(slots=True)
class KnownTask:
    """A task of the probe. `ended_at`: when it was first seen to have ended. `picture`: the address
    of its first picture, once it was seen. `states`: what it may have become, once it has ended.
    `heard`: the attempts of its callback. `listened`: the phases of hearing that are over.
    """

    move: str
    id: str
    submitted_at: int
    ended_at: int | None = None
    picture: str = ""
    states: frozenset[str] = frozenset()
    heard: list[Heard] = field(default_factory=list)
    listened: set[str] = field(default_factory=set)

    @property
    def heard_phase(self) -> str:
        """What is listened for: whether a callback comes, whether one still does after the task's
        end, or whether one comes again."""
        if self.heard:
            return "again"
        return "at all" if self.ended_at is None else "after the end"

    def listen_until(self, listen_ms: int) -> int:
        """Return until when (ms) to listen in this phase."""
        since = self.heard[-1].at if self.heard else self.ended_at or self.submitted_at
        return since + listen_ms

    def is_just_called(self, now: int) -> bool:
        """Whether its callback has come just now."""
        return bool(self.heard) and 0 <= now - self.heard[0].at <= JUST_MS

    def age(self, now: int) -> int | None:
        """Return the age in hours that the model knows, 0, DAY or THREE_DAYS; None: in between.

        A task that was not seen to end is taken to end within an hour.
        """
        oldest = (now - self.submitted_at) / HOUR_MS
        ended = self.ended_at or self.submitted_at + HOUR_MS
        youngest = (now - ended) / HOUR_MS
        for hours, until in AGES:
            if (not hours or youngest >= hours) and (until is None or oldest <= until):
                return hours
        return None
