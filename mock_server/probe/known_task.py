"""A task that a probe submitted, and how old it certainly is."""

from dataclasses import dataclass

from mock_server.probe.model import HOUR_MS

DAY, THREE_DAYS = 25, 80  # hours after which a task is a day old, or three days
AGES = ((0, 20), (DAY, 71), (THREE_DAYS, None))


@dataclass(slots=True)
class KnownTask:
    """A task of the probe. `ended_at`: when it was first seen to have ended. `picture`: the address
    of its first picture, once it was seen.
    """

    move: str
    id: str
    submitted_at: int
    ended_at: int | None = None
    picture: str = ""

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
