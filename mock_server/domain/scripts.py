"""What goes over the wire instead of an answer, step by step.

Rule 1: a script is data; only a server that has its connections in hand can play it.
Rule 2: its instants are real time: the wire knows nothing of an account's clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class End(StrEnum):
    """What becomes of the connection afterwards."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


class What(StrEnum):
    """What a client can have seen of an answer."""

    WHOLE = "whole"
    CUT = "cut"
    GARBAGE = "garbage"
    ALTERED = "altered"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes, written this long after the part before."""

    after_ms: int = 0
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The parts, and how the connection ends. `body_bytes` of the answer's body are in them."""

    parts: tuple[Part, ...] = ()
    end: End
    what: What
    body_bytes: int = 0


# Makes the script of an answer, whose head and body are given as they would be written.
Damage = Callable[[bytes, bytes], Script]
