"""How fast callbacks follow each other, so that a storm of them does not hold up the API's calls.

Rule 1: the loop that posts callbacks also answers calls. How late it is shows how long a call has
to wait: from the moment that something is handed to the loop until the loop comes to it.
Rule 2: while it is late, each callback pauses before it is posted, longer and longer; once it is on
time, the pauses shrink until there are none. A callback that pauses keeps its place, so that fewer
are at work at once, and slow receivers, which cost the loop nothing, are not slowed down.
Rule 3: a loop that is a little late has no idle moment, so the pauses cost no throughput.
"""

LATE_S = 0.002
ON_TIME_S = 0.001
SHORTEST_S = 0.001
# With 25 places that is still 250 callbacks a second of one account.
LONGEST_S = 0.1
LONGER, SHORTER = 1.5, 0.8
# The weight of the last lateness in the mean of those so far.
WEIGHT = 0.2


class DeliveryPace:
    """The pause before each callback, by how late the loop is. `pause_s`: 0 for none."""

    def __init__(self) -> None:
        self.pause_s = 0.0
        self._late_s = 0.0

    def was_late(self, seconds: float) -> None:
        """Take in how late the loop was."""
        self._late_s += WEIGHT * (seconds - self._late_s)
        if self._late_s > LATE_S:
            self.pause_s = min(LONGEST_S, max(SHORTEST_S, self.pause_s * LONGER))
        elif self._late_s < ON_TIME_S:
            shorter = self.pause_s * SHORTER
            self.pause_s = shorter if shorter >= SHORTEST_S else 0.0
