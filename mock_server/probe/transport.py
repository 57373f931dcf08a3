"""How the calls of a probe get to a server: over HTTP, bounded, and never past that server.

Rule 1: a redirect is never followed: what is asked is this server.
Rule 2: a call whose answer is lost may have been carried out, unless no connection came about.
"""

from typing import Protocol

from mock_server.probe.callbacks import Heard
from mock_server.probe.request import ProbeRequest
from mock_server.probe.shape import SeenAnswer


class LostError(Exception):
    """No answer came; the message says why. `was_sent`: the call may have been carried out."""

    def __init__(self, why: str, *, was_sent: bool = True) -> None:
        super().__init__(why)
        self.was_sent = was_sent


class Transport(Protocol):
    """The way to one server."""

    def send(self, request: ProbeRequest) -> SeenAnswer:
        """Make a call. Raises LostError."""

    def fetch(self, url: str) -> SeenAnswer:
        """Fetch a picture, without credentials. Raises LostError."""


class Listener(Protocol):
    """What the service calls: it keeps the callbacks that come, and has the source image."""

    url: str  # the address of it that the service is given

    def hear(self, until: int) -> Heard | None:
        """Return the next attempt of a callback; None if none comes by then (ms)."""


class ProbeClock(Protocol):
    """The time of a probe."""

    def now(self) -> int:
        """Return ms since 1970."""

    def wait(self, ms: int) -> None:
        """Let time pass."""
