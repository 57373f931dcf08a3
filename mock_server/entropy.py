"""Real entropy, a few hundred ids at a time: each draw from the system is a system call."""

import os

# The length of a request id, which is drawn in every call.
ID_BYTES = 16
_DRAWN = 256 * ID_BYTES


class Entropy:
    """Draws bytes from the system; safe for any thread. A process that forks would share ids."""

    def __init__(self) -> None:
        self._ids: list[bytes] = []

    def __call__(self, size: int) -> bytes:
        """Return so many random bytes; those of an id may have been drawn with others."""
        if size != ID_BYTES:
            return os.urandom(size)
        try:
            return self._ids.pop()
        except IndexError:
            drawn = os.urandom(_DRAWN)
            pieces = [drawn[at : at + ID_BYTES] for at in range(0, _DRAWN, ID_BYTES)]
            self._ids += pieces[1:]
            return pieces[0]
